//! Signs and checks receipts.

use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use sluice_domain::pack_move::Receipt;

/// Signs receipts (Ed25519, RFC 8032).
#[derive(Debug, Clone)]
pub struct Signer(SigningKey);

impl Signer {
    /// Derives the key from a seed.
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public key that checks the signatures, in hex.
    pub fn public_key(&self) -> String {
        hex::encode(self.0.verifying_key().as_bytes())
    }

    #[must_use]
    pub fn sign(&self, receipt: Receipt) -> Receipt {
        let signature = self.0.sign(receipt.statement().as_bytes());
        Receipt { public_key: self.public_key(), signature: hex::encode(signature.to_bytes()), ..receipt }
    }
}

/// Whether the holder of `public_key` signed the receipt as it is.
pub fn is_genuine(receipt: &Receipt, public_key: &str) -> bool {
    let check = || {
        let key: [u8; 32] = hex::decode(public_key).ok()?.try_into().ok()?;
        let signature: [u8; 64] = hex::decode(&receipt.signature).ok()?.try_into().ok()?;
        let key = VerifyingKey::from_bytes(&key).ok()?;
        key.verify(receipt.statement().as_bytes(), &Signature::from_bytes(&signature)).ok()
    };
    check().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::hash::Sha256;
    use sluice_domain::pack_move::{ReceiptObject, Verification};
    use sluice_domain::time::Timestamp;

    #[test]
    fn a_receipt_that_was_changed_is_not_genuine() {
        let object = |store: &str| ReceiptObject {
            store: store.to_owned(),
            bucket: "b".to_owned(),
            key: "k".to_owned(),
            offset: 0,
            etag: "e".to_owned(),
        };
        let signer = Signer::new(&[7; 32]);
        let receipt = signer.sign(Receipt {
            scope: "a".to_owned(),
            receipt_id: "1".to_owned(),
            pack_id: None,
            source: object("vault"),
            target: object("oss"),
            size: 1,
            sha256: Sha256::of(b"x"),
            crc64: None,
            verified_by: Verification::ReadBack,
            moved_at: Timestamp::from_unix_milliseconds(1),
            public_key: String::new(),
            signature: String::new(),
        });
        assert!(is_genuine(&receipt, &signer.public_key()));
        assert!(!is_genuine(&receipt, &Signer::new(&[8; 32]).public_key()));
        assert!(!is_genuine(&Receipt { size: 2, ..receipt.clone() }, &signer.public_key()));
        assert!(!is_genuine(&Receipt { signature: "00".to_owned(), ..receipt }, &signer.public_key()));
    }
}
