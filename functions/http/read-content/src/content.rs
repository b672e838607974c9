//! Answers `GET` and `HEAD /files/{file_id}/content`: redirects to the object that has the bytes.

use http::{Method, StatusCode, header};
use sluice_contracts::event::BlobEvent;
use sluice_contracts::files::Materializing;
use sluice_contracts::parameters::{ContentParameters, MaterializingStatus};
use sluice_contracts::problem::Code;
use sluice_domain::blob::Blob;
use sluice_domain::key::ObjectKey;
use sluice_domain::version::File;
use sluice_lambda::{Call, Failure, Reply};
use sluice_storage::presign::Validity;
use sluice_storage::tables::{Lease, Update};
use sluice_storage::{Bucket, Chain};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

use crate::app::App;
use crate::disposition::disposition;
use crate::requested::{Requested, requested};

/// A call waits this long for a blob to be materialized, if the client has no preference. A call that waits
/// holds an invocation.
const WAIT_DEFAULT: Duration = Duration::from_secs(2);

/// A call waits at most this long. API Gateway gives up after 30 seconds.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// The pause before the first check for the object. It doubles each time, up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(50);

const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The assumed speed of materialization, from which `Retry-After` is estimated.
const MATERIALIZED_BYTES_PER_SECOND: u64 = 64 << 20;

pub async fn redirect(
    app: &App,
    call: &Call,
    file: File,
    parameters: ContentParameters,
) -> Result<Reply, Failure> {
    let Requested { file, version, blob } = requested(app, call, file, parameters.version).await?;
    let Some((bucket, key)) = whole_object(app, call, &blob).await? else {
        return materializing(&blob, parameters.materializing.unwrap_or_default());
    };
    let disposition =
        disposition(parameters.disposition.unwrap_or_default(), file.path.file_name(), &version.content_type);
    let validity = Validity { from: call.now, until: app.url_life.end(call.now, None).await? };
    let url = match call.method {
        // A presigned URL is valid for one method.
        Method::HEAD => bucket.presign_head(&key, &disposition, validity).await?,
        _ => bucket.presign_get(&key, &disposition, validity).await?,
    };
    let digest = format!("sha-256=:{}:", blob.sha256.to_base64());
    Ok(Reply::empty(StatusCode::FOUND)
        .header(header::LOCATION, url.url)
        .header(header::ETAG, format!("\"{}\"", version.version_id))
        .header(header::HeaderName::from_static("repr-digest"), digest))
}

/// Finds an object that contains the whole blob. If there is none, requests that the blob is materialized,
/// and waits, unless another read of the account waits.
async fn whole_object<'a>(
    app: &'a App,
    call: &Call,
    blob: &Blob,
) -> Result<Option<(&'a Bucket, ObjectKey)>, Failure> {
    if let Some(key) = &blob.object_key {
        return Ok(Some((app.packs.vault(), ObjectKey::from_stored(key))));
    }
    // The requests to the cache and the queue take time too.
    let limit = wait_limit(call);
    let deadline = Instant::now() + limit;
    let key = ObjectKey::materialized(blob.account_id, &blob.sha256);
    if is_fresh(app, call, &key).await? {
        return Ok(Some((&app.cache, key)));
    }
    let event = BlobEvent::BlobRequested { account_id: blob.account_id, sha256: blob.sha256 };
    app.requests.send(&event.to_json()).await?;
    let lease = Lease { holder: &call.request_id, now: call.now, life: limit };
    if limit.is_zero() || app.tables.begin_waiting(blob.account_id, lease).await? == Update::Refused {
        return Ok(None);
    }
    let fresh = becomes_fresh(app, call, &key, deadline).await;
    if let Err(error) = app.tables.end_waiting(blob.account_id, lease.holder).await {
        tracing::warn!(error = %Chain(&error), account = %blob.account_id, "a wait counts until its lease ends");
    }
    Ok(fresh?.then_some((&app.cache, key)))
}

/// Waits until the cache has the blob. Returns false if it takes too long.
async fn becomes_fresh(app: &App, call: &Call, key: &ObjectKey, deadline: Instant) -> Result<bool, Failure> {
    let mut pause = PAUSE_FIRST;
    while Instant::now() < deadline {
        sleep_until(deadline.min(Instant::now() + pause)).await;
        if is_fresh(app, call, key).await? {
            return Ok(true);
        }
        pause = PAUSE_MAX.min(pause * 2);
    }
    Ok(false)
}

/// Whether the cache has the blob, and will have it as long as a presigned URL is valid.
async fn is_fresh(app: &App, call: &Call, key: &ObjectKey) -> Result<bool, Failure> {
    let made_at = app.cache.head(key).await?.and_then(|head| head.modified_at);
    Ok(made_at.is_some_and(|made_at| made_at.after(app.cache_life) > call.now))
}

/// How long the client is willing to wait: `Prefer: wait=` (RFC 7240), in seconds.
fn wait_limit(call: &Call) -> Duration {
    let preferences = call.headers.get("prefer").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let wait = preferences.split(',').find_map(|preference| preference.trim().strip_prefix("wait="));
    wait.and_then(|seconds| seconds.parse().ok())
        .map_or(WAIT_DEFAULT, |seconds| WAIT_MAX.min(Duration::from_secs(seconds)))
}

fn materializing(blob: &Blob, status: MaterializingStatus) -> Result<Reply, Failure> {
    let seconds = (blob.size / MATERIALIZED_BYTES_PER_SECOND).clamp(1, 30);
    match status {
        MaterializingStatus::Accepted => {
            let body = Materializing { retry_after_seconds: seconds };
            Ok(Reply::json(StatusCode::ACCEPTED, &body)?.header(header::RETRY_AFTER, seconds.to_string()))
        }
        MaterializingStatus::Unavailable => {
            let detail = format!("the bytes are being materialized; ask again in {seconds} seconds");
            Err(Failure::new(Code::ContentMaterializing, detail).retry_after(seconds))
        }
    }
}
