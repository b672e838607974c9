//! Processes delta uploads: a client that cuts chunks itself sends packs of missing chunks and a manifest.
//!
//! Nothing that the client says is trusted. The id of every chunk is computed here; then the blob is read
//! from the vault as a reader would read it, and the version becomes available only if the whole has the
//! declared SHA-256.

mod publish_delta;
mod receive_packs;
mod resolve;
mod verify;

use sluice_contracts::packs::PackManifest;
use sluice_domain::upload::DeclaredPack;
use sluice_domain::version::RejectReason;

use crate::error::DedupError;
use crate::work::UploadWork;
use crate::{allowance, cleanup};
use publish_delta::DeltaUpload;
use receive_packs::ReceiveResult;
use sluice_storage::tables::Counted;
use sluice_storage::{GetOptions, Object, found};

/// The largest manifest that is read. An API call cannot carry one that large.
const MANIFEST_MAX_BYTES: u64 = 2 << 20;

/// Processes a delta upload if its manifest has landed.
pub async fn process(work: &UploadWork<'_>, declared: &[DeclaredPack]) -> Result<(), DedupError> {
    let UploadWork { app, upload, .. } = *work;
    let start = app.landing.get(&upload.delivered_key(), GetOptions::start(MANIFEST_MAX_BYTES)).await;
    let Some(Object { head, bytes, .. }) = found(start)? else {
        return cleanup::clean_up_if_finished(app, upload).await;
    };
    let manifest = serde_json::from_slice::<PackManifest>(&bytes).ok();
    let manifest = manifest.filter(|manifest| manifest.check(declared, upload.size).is_ok());
    let delta = DeltaUpload { work, head: &head };
    let Some(manifest) = manifest else { return delta.reject(RejectReason::InvalidManifest, &[]).await };
    if allowance::count(work, manifest.work_bytes()).await? == Counted::UsedUp {
        return Ok(());
    }
    match receive_packs::receive_packs(app, upload, declared, &manifest).await? {
        ReceiveResult::Received(packs) => delta.verify_and_publish(&manifest, &packs).await,
        ReceiveResult::Missing => cleanup::clean_up_if_finished(app, upload).await,
        ReceiveResult::Mismatch { received } => delta.reject(RejectReason::PackMismatch, &received).await,
    }
}
