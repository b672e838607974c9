//! Defines the identifiers: 128 bits, written as 32 lower-case hex digits, safe in keys, paths and URLs.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use uuid::Uuid;

use crate::time::Timestamp;

/// A text that is not 32 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 32 lower-case hex digits")]
pub struct InvalidId;

fn parse(text: &str) -> Result<Uuid, InvalidId> {
    let well_formed = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !well_formed {
        return Err(InvalidId);
    }
    Uuid::try_parse(text).map_err(|_| InvalidId)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// A new id that sorts after every id made at an earlier millisecond (UUID version 7, RFC 9562).
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(now.unix_milliseconds(), &random).into_uuid())
            }

            /// An id that depends on `now` and `seed` alone: a pack that is cut again after a crash gets the
            /// same one. Sorts by `now`.
            pub fn derived(now: Timestamp, seed: &[u8]) -> Self {
                let digest = blake3::hash(seed);
                let mut random = [0; 10];
                random.copy_from_slice(&digest.as_bytes()[..10]);
                Self::new(now, random)
            }

            /// The 16 bytes that the binary formats store.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id with these 16 bytes; any bytes are valid.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The time in the id, to the millisecond.
            pub fn created_at(self) -> Timestamp {
                let time = &self.0.as_bytes()[..6];
                Timestamp::from_unix_milliseconds(time.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.simple(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

id!(
    /// An account: the owner of files, blobs and packs.
    AccountId
);
id!(
    /// An upload, from `POST /uploads` until its version is available or rejected.
    UploadId
);
id!(
    /// A file of an account; a rename keeps it.
    FileId
);
id!(
    /// A version of a file, also used as the file's `ETag`. Later versions sort after earlier ones.
    VersionId
);
id!(
    /// A pack: up to 64 MiB of consecutive chunks.
    PackId
);
id!(
    /// A session of an account, as its user sees it: the first half of its token's SHA-256.
    SessionId
);
id!(
    /// One body that was sent for an upload. A presigned URL that is used twice makes two object versions.
    ObjectVersionId
);

impl VersionId {
    /// A new id that sorts after `current`, even if clocks disagree or both ids fall on one millisecond.
    pub fn following(current: Option<Self>, now: Timestamp, random: [u8; 10]) -> Self {
        let id = Self::new(now, random);
        match current {
            Some(current) if current >= id => {
                Self::new(current.created_at().after(Duration::from_millis(1)), random)
            }
            _ => id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_survive_text() {
        let early = VersionId::new(Timestamp::from_unix_milliseconds(1_000), [0xff; 10]);
        let late = VersionId::new(Timestamp::from_unix_milliseconds(1_001), [0; 10]);
        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse(), Ok(early));
    }

    #[test]
    fn a_following_id_is_later_whatever_the_clock_says() {
        let time = Timestamp::from_unix_milliseconds;
        let current = VersionId::new(time(1_000), [7; 10]);
        for now in [0, 999, 1_000, 1_001] {
            let next = VersionId::following(Some(current), time(now), [0; 10]);
            assert!(next > current, "{now}");
        }
        assert_eq!(VersionId::following(None, time(5), [1; 10]), VersionId::new(time(5), [1; 10]));
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["", "0123", "0123456789ABCDEF0123456789ABCDEF", "01234567-89ab-cdef-0123-456789abcdef"] {
            assert_eq!(text.parse::<FileId>(), Err(InvalidId), "{text}");
        }
    }

    #[test]
    fn a_derived_id_is_the_same_every_time() {
        let now = Timestamp::from_unix_milliseconds(5);
        assert_eq!(PackId::derived(now, b"upload/0"), PackId::derived(now, b"upload/0"));
        assert_ne!(PackId::derived(now, b"upload/0"), PackId::derived(now, b"upload/1"));
    }
}
