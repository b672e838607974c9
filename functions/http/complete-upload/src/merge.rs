//! Merges the parts into one object, by one call at a time.
//!
//! S3 allows concurrent merges of one upload. Other stores may not: the gateway of `JuiceFS` writes them into
//! one file, and the object may lack parts.

use sluice_contracts::problem::Code;
use sluice_contracts::uploads::Completion;
use sluice_domain::upload::{Upload, UploadState};
use sluice_lambda::{Call, Failure};
use sluice_storage::tables::{Lease, Update};
use sluice_storage::{Chain, ErrorKind};
use std::time::{Duration, Instant};

use crate::app::App;
use crate::parts;

/// How long a call may keep others from merging. The function times out earlier.
const LEASE: Duration = Duration::from_secs(30);

/// How long a call waits for another's merge before it answers `unavailable`.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause between two attempts to take the lease.
const PAUSE: Duration = Duration::from_millis(100);

/// Ensures that the whole object is in the landing bucket, or that the upload is no longer open.
pub async fn gather(app: &App, upload: &Upload, completion: &Completion, call: &Call) -> Result<(), Failure> {
    let Some(multipart_id) = &upload.multipart_id else {
        return landed(app, upload, completion).await;
    };
    let key = upload.landing_key().object_key();
    let Some(stored) = app.landing.list_every_part(&key, multipart_id).await? else {
        // An earlier or a concurrent call has merged the parts.
        return landed(app, upload, completion).await;
    };
    let named = match parts::check_stored(upload, completion, &stored) {
        Ok(named) => named,
        // During a concurrent merge, SeaweedFS may list an upload without its parts.
        Err(failure) => return landed(app, upload, completion).await.map_err(|_| failure),
    };
    if lease(app, upload, call).await? == Leased::UploadEnded {
        return Ok(());
    }
    let Err(error) = app.landing.complete_multipart(&key, multipart_id, &named).await else {
        return Ok(());
    };
    // Without an answer, the store may still be merging. Then the lease has to expire.
    if error.kind != ErrorKind::Unavailable
        && let Err(error) = app.tables.release_merge(upload, &call.request_id).await
    {
        tracing::warn!(error = %Chain(&error), "the lease on a merge stays until it expires");
    }
    // An earlier call may have merged the parts, whatever the store answered now.
    match landed(app, upload, completion).await {
        Err(_) if error.kind != ErrorKind::NotFound => Err(error.into()),
        landed => landed,
    }
}

/// Whether the parts may be merged.
#[derive(PartialEq, Eq)]
enum Leased {
    ToThisCall,
    /// The upload is no longer open.
    UploadEnded,
}

/// Takes the lease on the merge, and waits for it if necessary.
async fn lease(app: &App, upload: &Upload, call: &Call) -> Result<Leased, Failure> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let lease = Lease { holder: &call.request_id, now: call.now.after(begun.elapsed()), life: LEASE };
        if app.tables.lease_merge(upload, lease).await? == Update::Done {
            return Ok(Leased::ToThisCall);
        }
        if !is_open(app, upload).await? {
            return Ok(Leased::UploadEnded);
        }
        tokio::time::sleep(PAUSE).await;
    }
    let detail = "another call is merging the parts; repeat this one after a pause";
    Err(Failure::new(Code::Unavailable, detail).retry_after(1))
}

async fn landed(app: &App, upload: &Upload, completion: &Completion) -> Result<(), Failure> {
    match app.landing.head(&upload.landing_key().object_key()).await? {
        Some(object) if object.size == upload.size => parts::check_single(upload, completion, &object.etag),
        Some(object) => {
            let detail = format!("{} bytes arrived where {} were declared", object.size, upload.size);
            Err(Failure::new(Code::PartMismatch, detail))
        }
        // The worker may have moved the object already.
        None if !is_open(app, upload).await? => Ok(()),
        None => Err(Failure::new(Code::PartsMissing, "the bytes have not arrived; PUT them first")),
    }
}

/// Whether the upload is still open. Another call or the worker may have changed its state.
async fn is_open(app: &App, upload: &Upload) -> Result<bool, Failure> {
    let upload = app.tables.upload(upload.upload_id).await?;
    Ok(upload.is_none_or(|upload| upload.state == UploadState::Open))
}
