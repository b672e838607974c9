//! Targets for what is parsed from a text: ids, digests, paths, names and times.

use http::HeaderValue;
use percent_encoding::percent_decode_str;
use read_content::disposition::disposition;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sluice_contracts::parameters::Disposition as Kind;
use sluice_domain::account::Username;
use sluice_domain::hash::{ChunkId, Sha1, Sha256};
use sluice_domain::id::{AccountId, FileId, ObjectVersionId, PackId, UploadId, VersionId};
use sluice_domain::part_plan::PartNumber;
use sluice_domain::password::Password;
use sluice_domain::path::{FilePath, LAST, PATH_MAX_BYTES};
use sluice_domain::time::Timestamp;
use sluice_domain::version::content_type;
use std::fmt::{Debug, Display};
use std::str::FromStr;
use unicode_normalization::UnicodeNormalization as _;

use crate::seeds::texts;
use crate::target::{Form, Target, Verdict, refused, text};

pub const ID: Target = Target {
    name: "id",
    form: Form::Text,
    seeds: || {
        texts(&[
            "01a1ee565e7b70018c0ffee00c0ffee0",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            // Other spellings of the same.
            "01A1EE565E7B70018C0FFEE00C0FFEE0",
            "DA39a3ee5e6b4b0d3255bfef95601890afd80709",
            "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
            "01a1ee56-5e7b-7001-8c0f-fee00c0ffee0",
            "10000",
        ])
    },
    tokens: &["{", "urn:uuid:", "A", "\u{e9}", "-", "+1", " ", "0x"],
    cases: 1500,
    check: check_id,
};

/// A file's path, and its name in `Content-Disposition`.
pub const FILE_PATH: Target = Target {
    name: "file_path",
    form: Form::Text,
    seeds: || {
        texts(&[
            "photos/2026/r\u{e9}sum\u{e9} (1).jpg",
            "a/..hidden/...",
            "\u{65e5}\u{672c}\u{8a9e}/\u{1f600}.txt",
            "a \"quoted\" name\\with 100%.txt",
            &"segment/".repeat(123),
        ])
    },
    tokens: &[
        "/",
        "//",
        "/../",
        "/.",
        "\u{7f}",
        "\u{10ffff}",
        "\u{85}",
        "\"",
        "\\",
        "%",
        ";",
        "\r\n",
        "\u{202e}",
    ],
    cases: 2000,
    check: check_file_path,
};

pub const TIMESTAMP: Target = Target {
    name: "timestamp",
    form: Form::Text,
    seeds: || {
        texts(&[
            "2026-01-31T12:00:00Z",
            "2026-11-18T11:06:40.123+02:00",
            "1970-01-01T00:00:00.000000000Z",
            "9999-12-31T23:59:59.999999999Z",
            "9999-12-31T23:59:59-00:01",
            "0000-01-01T00:00:00+23:59",
            "2024-02-29T23:59:60Z",
        ])
    },
    tokens: &["-", "+", "9", ":60", "T", "t", "z", "Z", "."],
    cases: 2000,
    check: check_timestamp,
};

/// User names and passwords.
pub const LOGIN: Target = Target {
    name: "login",
    form: Form::Text,
    seeds: || {
        texts(&[
            "rene@example.com",
            // A capital with an accent that is one character in lower case only.
            "J\u{30c}H\u{331}@example",
            "Andre\u{301} D\u{fc}rer",
            "p\u{e4}ssword long enough",
            "\u{fdfa}\u{fdfa}abc",
        ])
    },
    tokens: &[
        "\u{301}", "\u{130}", "\u{3a3}", "\u{1e9e}", "\u{fb01}", "\u{ff21}", "\u{a0}", "\u{3000}", "\u{345}",
        "\u{1f88}",
    ],
    cases: 1500,
    check: check_login,
};

pub const CONTENT_TYPE: Target = Target {
    name: "content_type",
    form: Form::Text,
    seeds: || texts(&["text/plain; charset=utf-8", "image/svg+xml", "multipart/form-data; boundary=\"a b\""]),
    tokens: &["/", ";", "\r\n", "\0", "\u{e9}", " ", "\""],
    cases: 1000,
    check: check_content_type,
};

/// Whether `text` is a `T`. If so, it is the only text of this value.
fn is_one<T>(text: &str) -> bool
where
    T: FromStr<Err: Display> + Display + Debug + PartialEq + Serialize + DeserializeOwned,
{
    let json = serde_json::to_string(text).expect("serializable");
    match text.parse::<T>() {
        Ok(value) => {
            assert_eq!(value.to_string(), text);
            assert_eq!(serde_json::to_string(&value).expect("serializable"), json);
            assert_eq!(serde_json::from_str::<T>(&json).expect("just written"), value);
            true
        }
        Err(error) => {
            refused(error);
            assert!(serde_json::from_str::<T>(&json).is_err());
            false
        }
    }
}

fn check_id(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let is_hex = |digits: usize| {
        text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let ids = [
        is_one::<AccountId>(text),
        is_one::<UploadId>(text),
        is_one::<FileId>(text),
        is_one::<VersionId>(text),
        is_one::<PackId>(text),
        is_one::<ObjectVersionId>(text),
    ];
    assert!(ids.iter().all(|is_id| *is_id == is_hex(32)), "{text:?}");
    assert_eq!(is_one::<Sha1>(text), is_hex(40), "{text:?}");
    let digests = [is_one::<Sha256>(text), is_one::<ChunkId>(text)];
    assert!(digests.iter().all(|is_digest| *is_digest == is_hex(64)), "{text:?}");
    let part = serde_json::from_str::<PartNumber>(text).ok();
    assert!(part.is_none_or(|number| (1..=10_000).contains(&number.get())), "{text:?}");
    let is_accepted = [32, 40, 64].into_iter().any(is_hex) || part.is_some();
    if is_accepted { Verdict::Accepted } else { Verdict::Refused }
}

fn check_file_path(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let path = match FilePath::parse(text) {
        Ok(path) => path,
        Err(error) => return refused(error),
    };
    assert_eq!(path.as_str(), text);
    assert!((1..=PATH_MAX_BYTES).contains(&text.len()));
    assert!(!text.contains(|c: char| c.is_control() || c == LAST), "{text:?}");
    assert!(text.split('/').all(|segment| !matches!(segment, "" | "." | "..")), "{text:?}");
    assert!(text.ends_with(path.file_name()) && !path.file_name().contains('/'));
    let json = serde_json::to_string(&path).expect("serializable");
    assert_eq!(serde_json::from_str::<FilePath>(&json).expect("just written"), path);
    for (kind, word) in [(Kind::Attachment, "attachment"), (Kind::Inline, "inline")] {
        check_disposition(
            &disposition(kind, path.file_name(), "text/plain").content_disposition,
            word,
            path.file_name(),
        );
    }
    Verdict::Accepted
}

/// The header has one quoted file name and, where that is not the name, the name itself as RFC 8187 writes
/// it.
fn check_disposition(header: &str, word: &str, name: &str) {
    assert!(HeaderValue::from_str(header).is_ok() && header.is_ascii(), "{header:?}");
    let rest = header.strip_prefix(word).and_then(|rest| rest.strip_prefix("; filename=\"")).expect(header);
    let (quoted, rest) = rest.split_once('"').expect(header);
    assert!(!quoted.contains(['\\', '%']), "{header}");
    assert_eq!(quoted.chars().count(), name.chars().count());
    if rest.is_empty() {
        assert_eq!(quoted, name);
        return;
    }
    let encoded = rest.strip_prefix("; filename*=UTF-8''").expect(header);
    assert!(
        !encoded.contains(|c: char| c.is_whitespace() || "\"\\;,'()<>@:/[]?={}*".contains(c)),
        "{header}"
    );
    assert_eq!(percent_decode_str(encoded).decode_utf8().expect(header), name);
}

fn check_timestamp(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let time = match text.parse::<Timestamp>() {
        Ok(time) => time,
        Err(error) => return refused(error),
    };
    let written = time.to_string();
    assert_eq!(written.parse(), Ok(time), "{text} is written as {written}");
    let json = serde_json::to_string(&time).expect("serializable");
    assert_eq!(serde_json::from_str::<Timestamp>(&json).expect("just written"), time);
    Verdict::Accepted
}

fn check_login(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let username = Username::parse(text);
    match &username {
        Ok(name) => {
            assert!((3..=64).contains(&name.as_str().chars().count()), "{name}");
            // Rows hold the stored form, and are read by the same parser.
            assert_eq!(Username::parse(name.as_str()).as_ref(), Ok(name), "{text:?}");
        }
        Err(error) => drop(refused(error)),
    }
    // Longer texts are refused before they are normalised.
    if text.len() < 300 {
        let lower: String = text.chars().flat_map(char::to_lowercase).collect();
        let decomposed: String = text.nfd().collect();
        assert_eq!(Username::parse(&lower), username, "{text:?} in lower case");
        assert_eq!(Username::parse(&decomposed), username, "{text:?} decomposed");
    }
    let password = Password::parse(text);
    match &password {
        Ok(password) => {
            let stored = password.reveal();
            assert!((12..=256).contains(&stored.chars().count()) && !stored.contains(char::is_control));
            let again = Password::parse(stored).expect("the form that is hashed is a password");
            assert_eq!(again.reveal(), password.reveal(), "{text:?}");
        }
        Err(error) => drop(refused(error)),
    }
    if username.is_ok() || password.is_ok() { Verdict::Accepted } else { Verdict::Refused }
}

fn check_content_type(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    match content_type(Some(text.to_owned())) {
        Ok(kept) => {
            assert_eq!(kept, text);
            assert!(kept.len() <= 255 && HeaderValue::from_str(&kept).is_ok(), "{kept:?}");
            assert!(kept.contains('/') && kept.is_ascii(), "{kept:?}");
            Verdict::Accepted
        }
        Err(error) => refused(error),
    }
}
