//! Tests conditional requests and copies.

use sluice_domain::part_plan::PartNumber;
use sluice_storage::probe::NotOverwriting;
use sluice_storage::{Copy, CopySource, GetOptions, ObjectHead, StorageError};

use super::finding::TrialOutcome;
use super::trial::Trial;

/// An `ETag` that no object has.
const WRONG_ETAG: &str = "\"00000000000000000000000000000000\"";

/// Whether `If-Match` on GET is honoured.
pub(super) async fn conditional_read(trial: &Trial) -> TrialOutcome {
    let key = trial.object();
    let length = trial.body.len() as u64;
    let read = async |etag| trial.bucket.get(&key, GetOptions::range(0..length).if_match(etag)).await;
    let right = TrialOutcome::of_success(read(trial.etag()).await);
    let wrong = read(WRONG_ETAG).await;
    right.and(TrialOutcome::of_refusal(wrong, "If-Match with another ETag is ignored on GET"))
}

/// Whether a copy honours a condition on its source.
pub(super) async fn conditional_copy(trial: &Trial) -> TrialOutcome {
    let right = TrialOutcome::of_success(copy(trial, trial.etag()).await);
    let wrong = copy(trial, WRONG_ETAG).await;
    right.and(TrialOutcome::of_refusal(wrong, "x-amz-copy-source-if-match with another ETag is ignored"))
}

async fn copy(trial: &Trial, etag: &str) -> Result<(), StorageError> {
    let source_key = trial.object();
    let target_key = trial.key("copy");
    let head = ObjectHead { size: trial.body.len() as u64, etag: etag.to_owned(), ..ObjectHead::default() };
    let bucket = &trial.bucket;
    Copy { source: bucket, source_key: &source_key, head: &head, target: bucket, target_key: &target_key }
        .whole()
        .await
}

/// Whether `UploadPartCopy` copies the range that it names.
pub(super) async fn part_copy(trial: &mut Trial) -> TrialOutcome {
    match copy_in_parts(trial).await {
        Ok(bytes) if bytes == trial.body => TrialOutcome::Yes,
        Ok(_) => TrialOutcome::No("the copy has other bytes".to_owned()),
        failed => TrialOutcome::of_success(failed),
    }
}

async fn copy_in_parts(trial: &mut Trial) -> Result<bytes::Bytes, StorageError> {
    let key = trial.key("copy-in-parts");
    let source_key = trial.object();
    let multipart_id = trial.begin(&key).await?;
    let bucket = &trial.bucket;
    let range = 0..trial.body.len() as u64;
    let source = CopySource { bucket, key: &source_key, etag: None, range: range.clone() };
    bucket.copy_part(&key, &multipart_id, PartNumber::FIRST, &source).await?;
    let parts = bucket.list_parts(&key, &multipart_id).await?.unwrap_or_default();
    bucket.complete_multipart(&key, &multipart_id, &parts).await?;
    Ok(bucket.get(&key, GetOptions::range(range)).await?.bytes)
}

/// `If-None-Match: *` on PUT.
pub(super) async fn conditional_put(trial: &Trial) -> TrialOutcome {
    put_new(trial, "new-1", NotOverwriting::IfNoneMatch, "If-None-Match: * is ignored on PUT").await
}

/// `x-oss-forbid-overwrite: true` on PUT.
pub(super) async fn forbid_overwrite(trial: &Trial) -> TrialOutcome {
    put_new(trial, "new-2", NotOverwriting::ForbidOverwrite, "x-oss-forbid-overwrite is ignored on PUT").await
}

async fn put_new(trial: &Trial, name: &str, condition: NotOverwriting, ignored: &str) -> TrialOutcome {
    let key = trial.key(name);
    let first = TrialOutcome::of_success(trial.bucket.put_new(&key, trial.body.clone(), condition).await);
    let again = trial.bucket.put_new(&key, trial.other_body(), condition).await;
    first.and(TrialOutcome::of_refusal(again, ignored))
}
