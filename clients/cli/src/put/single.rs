//! Sends a small file in one PUT.
//!
//! The bucket's event makes the version, so there is nothing to complete, and nothing to remember for a later
//! run.

use sluice_domain::part_plan::UploadMethod;

use super::context::PutContext;
use super::interrupt::Begun;
use super::item::Item;
use super::part::{PartSource, Parts};
use super::prepare::SinglePut;
use super::stage::{Arrived, Stage};
use super::urls::Urls;
use crate::error::{Error, Result};

/// Returns when the bytes are in the bucket.
pub async fn send(put: &PutContext, item: &Item, file: &SinglePut) -> Result<Stage> {
    let SinglePut { stamp, plan, digests } = file;
    let request = put.request(item, plan.size, digests.whole);
    let (upload, _open) = match put.open_uploads.begin(&item.api, request, put.if_match).await? {
        Begun::Instant(version) => return Ok(Stage::Instant(version)),
        Begun::Upload(upload, open) => (upload, open),
    };
    let [first] = &*upload.parts else { return Err(unexpected()) };
    if upload.method != UploadMethod::Put {
        return Err(unexpected());
    }
    let number = first.number;
    let upload_id = upload.upload_id;
    let urls = Urls::new(&item.api, upload_id, digests, &[number], upload.parts);
    item.progress.begin_transfer(0);
    let parts = Parts { item, stamp, source: PartSource::Plan(*plan), urls, bucket: &put.bucket };
    let sent = parts.send(number).await.and_then(|_| item.check_unchanged(stamp));
    if let Err(error) = sent {
        // The store may hold nothing, or a mix of two states of the file. Release the quota now; if this
        // fails, the upload expires.
        let _ = item.api.abort_upload(upload_id).await;
        return Err(error);
    }
    Ok(Stage::Arrived(Arrived {
        upload_id,
        version_id: Some(upload.version_id),
        file_id: None,
        memory: None,
        delta_of: None,
    }))
}

fn unexpected() -> Error {
    Error::UnexpectedAnswer("the server does not take a small file in one PUT".to_owned())
}
