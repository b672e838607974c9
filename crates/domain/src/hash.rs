//! Defines the digests: SHA-256 identifies a blob, BLAKE3 a chunk; SHA-1 is only for search.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A text that is not a digest of the right length in lower-case hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {algorithm} digest is {digits} lower-case hex digits")]
pub struct InvalidDigest {
    algorithm: &'static str,
    digits: usize,
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $algorithm:literal, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// Length of the digest in bytes.
            pub const LENGTH: usize = $bytes;

            /// The digest in binary form.
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// The digest in base 64, as S3's checksum headers carry it.
            pub fn to_base64(&self) -> String {
                BASE64.encode(self.0)
            }
        }

        impl From<[u8; $bytes]> for $name {
            fn from(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = InvalidDigest;
            fn from_str(text: &str) -> Result<Self, InvalidDigest> {
                let invalid = InvalidDigest { algorithm: $algorithm, digits: 2 * $bytes };
                if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    return Err(invalid);
                }
                let mut bytes = [0; $bytes];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| invalid)?;
                Ok(Self(bytes))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidDigest;
            fn try_from(text: String) -> Result<Self, InvalidDigest> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(digest: $name) -> String {
                digest.to_string()
            }
        }
    };
}

digest!(
    /// SHA-256 (FIPS 180-4): identifies a blob, and is the only hash that proves what its bytes are.
    Sha256,
    "SHA-256",
    32
);
digest!(
    /// SHA-1 (FIPS 180-4): only for search. Collisions can be made at will, so nothing is decided by it.
    Sha1,
    "SHA-1",
    20
);
digest!(
    /// BLAKE3: identifies a chunk.
    ChunkId,
    "BLAKE3",
    32
);

impl Sha256 {
    /// Computes the SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl Sha1 {
    /// Computes the SHA-1 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        use sha1::Digest as _;
        Self(sha1::Sha1::digest(bytes).into())
    }
}

impl ChunkId {
    /// Computes the id of the chunk `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_bad_text_is_refused() {
        let empty = Sha256::of(b"");
        assert_eq!(empty.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(empty.to_string().parse(), Ok(empty));
        let upper = empty.to_string().to_uppercase();
        for bad in ["", "e3b0", &upper, &format!("{empty}00"), &"g".repeat(64)] {
            assert!(bad.parse::<Sha256>().is_err(), "{bad}");
        }
    }
}
