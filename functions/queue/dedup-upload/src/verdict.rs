//! Decides what becomes of bytes that were read.

use sluice_domain::blob::Life;
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::upload::Upload;
use sluice_domain::version::RejectReason;

use crate::app::App;
use crate::error::DedupError;

#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The bytes are not what was declared.
    Reject(RejectReason),
    /// The account has the blob already.
    Link,
    /// The blob is new to the account.
    Store,
}

/// Decides by the digest that this worker has computed, and by the account's blobs as they are now.
pub async fn decide(app: &App, upload: &Upload, digest: &ContentDigest) -> Result<Verdict, DedupError> {
    if let Some(reason) = mismatch(upload, digest) {
        return Ok(Verdict::Reject(reason));
    }
    match app.tables.blob(upload.account_id, &digest.sha256).await? {
        Some(blob) if blob.life == Life::Live => Ok(Verdict::Link),
        Some(_) => Err(DedupError::BlobCondemned(digest.sha256)),
        None => Ok(Verdict::Store),
    }
}

fn mismatch(upload: &Upload, digest: &ContentDigest) -> Option<RejectReason> {
    if upload.sha256.is_some_and(|declared| declared != digest.sha256) {
        Some(RejectReason::Sha256Mismatch)
    } else if upload.sha1.is_some_and(|declared| declared != digest.sha1) {
        Some(RejectReason::Sha1Mismatch)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use sluice_domain::hash::{Sha1, Sha256};

    #[test]
    fn only_declared_digests_are_compared() {
        let digest = ContentDigest { size_bytes: 1, sha1: Sha1::of(b"a"), sha256: Sha256::of(b"a") };
        let declared = |sha256, sha1| mismatch(&Upload { sha256, sha1, ..sample::upload() }, &digest);
        let right = Some(Sha256::of(b"a"));
        let wrong = Some(Sha256::of(b"b"));
        assert_eq!(declared(None, None), None);
        assert_eq!(declared(right, Some(Sha1::of(b"a"))), None);
        assert_eq!(declared(wrong, None), Some(RejectReason::Sha256Mismatch));
        assert_eq!(declared(right, Some(Sha1::of(b"b"))), Some(RejectReason::Sha1Mismatch));
        assert_eq!(declared(wrong, Some(Sha1::of(b"b"))), Some(RejectReason::Sha256Mismatch));
    }
}
