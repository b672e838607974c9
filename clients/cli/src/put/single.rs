//! Uploading a small file in one PUT. The bucket's own event makes the version; there is nothing to complete, and
//! nothing worth remembering.

use sluice_contracts::uploads::UploadAnswer;
use sluice_domain::part_plan::{PartPlan, UploadMethod};

use super::item::Item;
use super::part::{Cut, Parts};
use super::stamp::Stamp;
use super::urls::Urls;
use super::{Arrived, Put, Stage};
use crate::digests::Digests;
use crate::error::{Error, Result};

/// Brings the file there; the bytes have arrived when this returns.
pub async fn send(put: &Put, item: &Item, stamp: &Stamp, plan: PartPlan, digests: &Digests) -> Result<Stage> {
    let request = put.request(item, plan.size, digests.whole);
    let upload = match item.api.begin_upload(&request, put.if_match).await? {
        UploadAnswer::Instant { version } => return Ok(Stage::Instant(Box::new(version))),
        UploadAnswer::Upload(upload) => upload,
    };
    let [first] = &*upload.parts else { return Err(unexpected()) };
    if upload.method != UploadMethod::Put {
        return Err(unexpected());
    }
    let number = first.number;
    let upload_id = upload.upload_id;
    let urls = Urls::new(&item.api, upload_id, digests, &[number], upload.parts);
    item.progress.begin_transfer(0);
    let parts = Parts { item, stamp, cut: Cut::Whole(plan), urls, bucket: &put.bucket };
    let sent = parts.send(number).await.and_then(|_| item.check_unchanged(stamp));
    if let Err(error) = sent {
        // The store may have part of another state of the file, or nothing: free its quota now. If this fails, the
        // upload expires.
        let _ = item.api.abort_upload(upload_id).await;
        return Err(error);
    }
    let version_id = Some(upload.version_id);
    Ok(Stage::Arrived(Arrived { upload_id, version_id, file_id: None, memory: None, delta_of: None }))
}

fn unexpected() -> Error {
    Error::UnexpectedAnswer("a small file is not to be sent in one PUT".to_owned())
}
