//! What is to be done with bytes that have been read.

use sluice_domain::blob::Life;
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::upload::Upload;
use sluice_domain::version::RejectReason;

use crate::App;
use crate::error::DedupError;

/// The decision.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are not what was declared.
    Reject(RejectReason),
    /// The account holds them already.
    Link,
    /// They are new to the account.
    Store,
}

/// Decides by what this system has computed itself.
pub async fn verdict(app: &App, upload: &Upload, digest: &ContentDigest) -> Result<Verdict, DedupError> {
    if upload.sha256.is_some_and(|declared| declared != digest.sha256) {
        return Ok(Verdict::Reject(RejectReason::Sha256Mismatch));
    }
    if upload.sha1.is_some_and(|declared| declared != digest.sha1) {
        return Ok(Verdict::Reject(RejectReason::Sha1Mismatch));
    }
    Ok(match app.tables.blob(upload.account_id, &digest.sha256).await? {
        Some(known) if known.life == Life::Live => Verdict::Link,
        Some(_) => return Err(DedupError::BlobCondemned(digest.sha256)),
        None => Verdict::Store,
    })
}
