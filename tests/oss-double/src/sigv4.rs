//! Computes AWS Signature Version 4, to check clients' requests and to sign requests to the store.
//!
//! The SDK's signer is not used: it would approve its own mistakes. The same code signs requests to real
//! stores, which check it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The signed parts of a request.
#[derive(Debug)]
pub(crate) struct Canonical<'a> {
    pub method: &'a str,
    /// The path, percent-encoded once, with a leading slash.
    pub path: &'a str,
    /// The query, encoded and sorted.
    pub query: &'a str,
    /// Headers with names in lower case, sorted, and trimmed values.
    pub headers: &'a [(String, String)],
    /// The value of `x-amz-content-sha256`, or its substitute in a presigned request.
    pub payload: &'a str,
}

/// A signing key with its day, region and service.
#[derive(Clone)]
pub(crate) struct SigningKey {
    /// The scope, as `20130524/us-east-1/s3/aws4_request`.
    pub scope: String,
    key: [u8; 32],
}

impl Canonical<'_> {
    /// The names of the signed headers, joined by semicolons.
    pub(crate) fn signed_headers(&self) -> String {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.join(";")
    }

    fn hash(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.method, self.path, self.query);
        for (name, value) in self.headers {
            let _ = writeln!(text, "{name}:{value}");
        }
        let _ = write!(text, "\n{}\n{}", self.signed_headers(), self.payload);
        sha256_hex(text.as_bytes())
    }
}

impl SigningKey {
    /// Derives the key of a secret for S3 on a day (`20130524`) in a region.
    pub(crate) fn new(secret_key: &str, day: &str, region: &str) -> Self {
        let mut key = hmac(format!("AWS4{secret_key}").as_bytes(), day);
        for part in [region, "s3", "aws4_request"] {
            key = hmac(&key, part);
        }
        Self { scope: format!("{day}/{region}/s3/aws4_request"), key }
    }

    /// Returns the signature of a request at `signing_time` (`20130524T000000Z`), in hex.
    pub(crate) fn sign(&self, signing_time: &str, request: &Canonical<'_>) -> String {
        let hash = request.hash();
        self.sign_text(&format!("AWS4-HMAC-SHA256\n{signing_time}\n{}\n{hash}", self.scope))
    }

    /// Returns the signature of a chunk that follows the signature `previous`.
    pub(crate) fn sign_chunk(&self, signing_time: &str, previous: &str, chunk: &[u8]) -> String {
        let scope = &self.scope;
        let nothing = sha256_hex(b"");
        let hash = sha256_hex(chunk);
        self.sign_text(&format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{signing_time}\n{scope}\n{previous}\n{nothing}\n{hash}"
        ))
    }

    fn sign_text(&self, text: &str) -> String {
        hex::encode(hmac(&self.key, text))
    }
}

/// The signed form of a header's value: trimmed, with runs of blanks collapsed.
pub(crate) fn canonical_value(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The SHA-256 in lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "GET Object" of the S3 documentation's examples of signature calculations.
    #[test]
    fn a_request_has_the_published_signature() {
        let key = SigningKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1");
        let nothing = sha256_hex(b"");
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", &nothing),
            ("x-amz-date", "20130524T000000Z"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request =
            Canonical { method: "GET", path: "/test.txt", query: "", headers: &headers, payload: &nothing };
        let signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
        assert_eq!(key.sign("20130524T000000Z", &request), signature);
    }

    #[test]
    fn blanks_in_values_are_collapsed() {
        assert_eq!(canonical_value(b"  a \t b  "), "a b");
    }
}
