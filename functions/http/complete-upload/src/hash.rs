//! Records a SHA-256 that the client computed while it was sending.

use sluice_contracts::problem::Code;
use sluice_domain::hash::Sha256;
use sluice_domain::part_plan::UploadMethod;
use sluice_domain::upload::{Upload, UploadState};
use sluice_lambda::Failure;
use sluice_storage::tables::Update;

use crate::app::App;

/// Writes the completion's hash to the upload, unless it is there. This happens before the merge, because the
/// merge's notification makes the worker read the upload.
pub async fn declare(app: &App, upload: Upload, sha256: Option<Sha256>) -> Result<Upload, Failure> {
    match (upload.sha256, sha256) {
        (_, None) => Ok(upload),
        (Some(declared), Some(sha256)) if declared == sha256 => Ok(upload),
        (Some(declared), Some(_)) => {
            Err(Failure::invalid(format_args!("sha256: it was declared as {declared}")))
        }
        // The worker may already be processing the object.
        (None, Some(_)) if upload.method() == UploadMethod::Put => {
            Err(Failure::invalid("sha256: declare that of a single PUT when the upload begins"))
        }
        (None, Some(_)) if upload.state != UploadState::Open => {
            Err(Failure::invalid("sha256: the upload has been completed without one"))
        }
        (None, Some(sha256)) if app.tables.declare_sha256(&upload, &sha256).await? == Update::Done => {
            Ok(Upload { sha256: Some(sha256), ..upload })
        }
        // Another call is completing the upload: a retry of this one, or one with another hash.
        (None, Some(_)) => {
            let reread = app.tables.upload(upload.upload_id).await?;
            reread.filter(|upload| upload.sha256 == sha256).ok_or_else(|| {
                Failure::new(Code::Conflict, "another call has completed the upload; read it again")
            })
        }
    }
}
