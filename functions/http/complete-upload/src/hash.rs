//! A hash that the client learnt while it was sending.

use sluice_contracts::problem::Code;
use sluice_domain::hash::Sha256;
use sluice_domain::part_plan::UploadMethod;
use sluice_domain::upload::{Upload, UploadState};
use sluice_lambda::Failure;

use crate::App;

/// Notes the completion's hash in the upload, unless it has it already. This comes before the merge, whose event has the worker
/// read the upload.
pub async fn declare(app: &App, upload: Upload, sha256: Option<Sha256>) -> Result<Upload, Failure> {
    match (upload.sha256, sha256) {
        (_, None) => Ok(upload),
        (Some(declared), Some(sha256)) if declared == sha256 => Ok(upload),
        (Some(declared), Some(_)) => {
            Err(Failure::invalid(format_args!("sha256: it was declared as {declared}")))
        }
        // The worker may have met the object already.
        (None, Some(_)) if upload.method() == UploadMethod::Put => {
            Err(Failure::invalid("sha256: declare that of a single PUT when the upload begins"))
        }
        (None, Some(_)) if upload.state != UploadState::Open => {
            Err(Failure::invalid("sha256: the upload has been completed without one"))
        }
        (None, Some(sha256)) if app.tables.declare_sha256(&upload, &sha256).await? => {
            Ok(Upload { sha256: Some(sha256), ..upload })
        }
        // Another call completes it at this moment: the same one, repeated, or one that says otherwise.
        (None, Some(_)) => {
            let now = app.tables.upload(upload.upload_id).await?.filter(|now| now.sha256 == sha256);
            now.ok_or_else(|| {
                Failure::new(Code::Conflict, "another call has completed the upload; read it again")
            })
        }
    }
}
