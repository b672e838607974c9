//! Finds facts about a store that are not capabilities: TLS, clock skew, multipart `ETag`s and small parts.

use bytes::Bytes;
use reqwest::Method;
use sluice_deployment::clock;
use sluice_domain::part_plan::PartNumber;
use sluice_storage::StorageError;
use sluice_storage::stores::StoreDefinition;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::finding::Finding;
use super::trial::Trial;

/// The store's clock decides when presigned URLs start and expire. Stores refuse signatures that are more
/// than 15 minutes in the future.
const SKEW_MAX_SECONDS: u64 = 60;

/// Too small for any part but the last on S3.
const SMALL_PART_BYTES: usize = 1024;

pub(super) async fn all(trial: &mut Trial, definition: &StoreDefinition) -> Vec<Finding> {
    let mut facts = vec![tls(definition), clock_skew(trial).await];
    facts.push(match multipart_etag(trial).await {
        Ok(etag) => Finding::fact("multipart ETag", etag, ""),
        Err(error) => Finding::fact("multipart ETag", "unknown", error.message),
    });
    facts.push(match refuses_small_parts(trial).await {
        Ok(true) => Finding::fact("small parts", "refused", ""),
        Ok(false) => Finding::fact("small parts", "accepted", "nothing: Sluice never sends parts that small"),
        Err(error) => Finding::fact("small parts", "unknown", error.message),
    });
    facts
}

fn tls(definition: &StoreDefinition) -> Finding {
    if definition.is_encrypted() {
        return Finding::fact("TLS", "yes", "");
    }
    Finding::fact("TLS", "no", "use an https:// endpoint: others on the network can read URLs and bytes")
}

async fn clock_skew(trial: &Trial) -> Finding {
    const NAME: &str = "clock skew";
    match skew_seconds(trial).await {
        Some(seconds) if seconds.unsigned_abs() > SKEW_MAX_SECONDS => Finding::fact(
            NAME,
            format!("{seconds} s"),
            "correct the clocks: they decide when signatures and URLs expire",
        ),
        Some(seconds) => Finding::fact(NAME, format!("{seconds} s"), ""),
        None => Finding::fact(NAME, "unknown", "the store's answers carry no Date"),
    }
}

/// How many seconds the store's clock is ahead of ours.
async fn skew_seconds(trial: &Trial) -> Option<i64> {
    let read = trial.bucket.presign_read(&trial.object(), Trial::validity()).await.ok()?;
    let answer = trial.send(Method::GET, &read, None, Bytes::new()).await.ok()?;
    let date = OffsetDateTime::parse(answer.headers.get("date")?.to_str().ok()?, &Rfc2822).ok()?;
    Some(date.unix_timestamp() - clock::now().unix_seconds().cast_signed())
}

/// The `ETag` of an object that was uploaded in parts.
async fn multipart_etag(trial: &mut Trial) -> Result<String, StorageError> {
    let key = trial.key("in-parts");
    let multipart_id = trial.begin(&key).await?;
    let bucket = &trial.bucket;
    bucket.upload_part(&key, &multipart_id, PartNumber::FIRST, trial.body.clone()).await?;
    let parts = bucket.list_parts(&key, &multipart_id).await?.unwrap_or_default();
    bucket.complete_multipart(&key, &multipart_id, &parts).await?;
    Ok(bucket.head(&key).await?.map(|head| head.etag).unwrap_or_default())
}

/// Whether the store refuses parts that are too small.
async fn refuses_small_parts(trial: &mut Trial) -> Result<bool, StorageError> {
    let key = trial.key("in-small-parts");
    let multipart_id = trial.begin(&key).await?;
    for number in [1, 2] {
        let number = PartNumber::try_from(number).unwrap_or(PartNumber::FIRST);
        let part = Bytes::from(vec![0; SMALL_PART_BYTES]);
        trial.bucket.upload_part(&key, &multipart_id, number, part).await?;
    }
    let parts = trial.bucket.list_parts(&key, &multipart_id).await?.unwrap_or_default();
    match trial.bucket.complete_multipart(&key, &multipart_id, &parts).await {
        Ok(()) => Ok(false),
        Err(error) if error.message.contains("EntityTooSmall") => Ok(true),
        Err(error) => Err(error),
    }
}
