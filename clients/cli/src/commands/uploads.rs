//! Runs `uploads` and `uploads abort`.

use futures::TryStreamExt as _;
use serde::Serialize;
use sluice_domain::id::UploadId;

use crate::context::Context;
use crate::error::Result;
use crate::output::{Failure, minute, printable, size};
use crate::tally::Tally;

pub async fn list(context: &Context) -> Result<()> {
    let (api, _) = context.connect()?;
    let mut uploads = std::pin::pin!(api.all_open_uploads());
    while let Some(upload) = uploads.try_next().await? {
        context.output.result(&upload, || {
            let id = upload.upload_id;
            let state = upload.state.as_str();
            let size = size(upload.size);
            let until = minute(upload.expires_at);
            format!("{id}  {state:8}  {size:>11}  until {until}  {}", printable(upload.path.as_str()))
        })?;
    }
    Ok(())
}

/// One line of `uploads abort --json`.
#[derive(Serialize)]
struct AbortedUpload {
    upload_id: UploadId,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

/// Aborts uploads. One that fails does not stop the others.
pub async fn abort(ids: &[UploadId], context: &Context) -> Result<()> {
    let (api, _) = context.connect()?;
    let mut tally = Tally::default();
    for &upload_id in ids {
        let outcome = api.abort_upload(upload_id).await;
        tally.add(&outcome);
        let error = outcome.err().inspect(|error| context.output.failure(&format!("{upload_id}: "), error));
        let word = if error.is_some() { "failed" } else { "aborted" };
        let line = AbortedUpload { upload_id, outcome: word, error: error.as_ref().map(Failure::from) };
        context.output.result(&line, || format!("{word:8}  {upload_id}"))?;
    }
    tally.finish(&context.output, "aborted")
}
