//! Publishes the outcome of an upload in one transaction, then indexes its chunks, enqueues compression and
//! cleans up.

use sluice_deployment::clock;
use sluice_domain::publication::Outcome;
use sluice_storage::ObjectHead;
use sluice_storage::tables::Published;

use crate::dedup::chunk_index;
use crate::error::DedupError;
use crate::work::{StoredUpload, UploadWork};
use crate::{cleanup, compression, report};

/// How often an outcome is determined again after a [`PublishResult::Retry`].
pub const ATTEMPTS: usize = 4;

/// What came of publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishResult {
    /// The blob, or a pack that it refers to, was added or removed meanwhile. Determine the outcome again.
    Retry,
    /// The upload has finished, and its version has the blob that was stored for it.
    Stored,
    /// The upload has finished in another way.
    Ended,
}

#[derive(Clone, Copy)]
pub struct PublishRequest<'a> {
    /// The landed object that the outcome is about.
    pub head: &'a ObjectHead,
    pub outcome: &'a Outcome,
    /// What was stored, if the outcome is [`Outcome::Stored`].
    pub stored: Option<&'a StoredUpload>,
    /// Whether this or an earlier run may have written objects or rows in order to adopt the object. They are
    /// removed unless it is adopted.
    pub adoption_begun: bool,
}

pub async fn publish(
    work: &UploadWork<'_>,
    request: PublishRequest<'_>,
) -> Result<PublishResult, DedupError> {
    let UploadWork { app, upload, resumed, .. } = *work;
    let PublishRequest { head, outcome, stored, adoption_begun } = request;
    let published = app.tables.publish(upload, outcome, clock::now()).await?;
    tracing::info!(
        upload = %upload.upload_id, account = %upload.account_id, bytes = upload.size, ?published, "published"
    );
    report::count(upload, outcome, published);
    let stored = match published {
        Published::BlobExists | Published::BlobGone | Published::PackGone => return Ok(PublishResult::Retry),
        Published::Ended(_) => {
            cleanup::clean_up_if_finished(app, upload).await?;
            return Ok(PublishResult::Ended);
        }
        Published::Available => stored,
        Published::Rejected(_) => None,
    };
    if let Some(stored) = stored {
        chunk_index::add_hooks(app, upload.account_id, &stored.hooks).await?;
        if let Some(subject) = &stored.to_compress {
            compression::enqueue(app, upload.account_id, subject.clone()).await?;
        }
    }
    let adopted = stored.is_some_and(StoredUpload::is_adopted);
    if adoption_begun && !adopted {
        cleanup::remove_unadopted(app, upload, head).await?;
    }
    if resumed {
        cleanup::clean_up_resumed(app, upload, head, adopted).await?;
    }
    cleanup::remove_landed(app, upload).await?;
    Ok(if stored.is_some() { PublishResult::Stored } else { PublishResult::Ended })
}
