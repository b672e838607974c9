//! `GET` and `HEAD /files/{file_id}/content`: a redirect to the bytes, once they lie in one object.

use http::{Method, StatusCode, header};
use sluice_contracts::event::BlobEvent;
use sluice_contracts::files::Rebuilding;
use sluice_contracts::problem::Code;
use sluice_domain::blob::Blob;
use sluice_domain::id::VersionId;
use sluice_domain::key::ObjectKey;
use sluice_lambda::{Call, Failure, Reply};
use sluice_storage::Bucket;
use std::time::Duration;

use crate::disposition::Kind;
use crate::{App, Asked};

/// The longest that a call waits for the bytes. API Gateway gives up after 30 seconds.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// The pause before it is looked for the bytes; twice as long each time, up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(50);

/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How many bytes a second are assumed to be rebuilt when a reader is told how long to wait.
const REBUILT_PER_SECOND: u64 = 64 << 20;

pub async fn redirect(app: &App, call: &Call, id: &str) -> Result<Reply, Failure> {
    call.only_parameters(&["version", "disposition", "rebuilding"])?;
    let version_id = call.parameter::<VersionId>("version")?;
    let kind = call.parameter::<Kind>("disposition")?.unwrap_or_default();
    let fails = match call.parameter::<u16>("rebuilding")? {
        None | Some(202) => false,
        Some(503) => true,
        Some(_) => return Err(Failure::invalid("rebuilding is the status of that answer: 202 or 503")),
    };
    let Asked { file, version, blob, .. } = crate::asked_for(app, call, id, version_id).await?;
    let Some((bucket, key)) = lies_at(app, call, &blob).await? else { return rebuilding(&blob, fails) };
    let disposition = kind.of(file.path.file_name(), &version.content_type);
    let end = app.url_life.end(call.now, None).await?;
    let url = match call.method {
        // A presigned URL is good for one method.
        Method::HEAD => bucket.presign_head(&key, &disposition, call.now, end).await?,
        _ => bucket.presign_get(&key, &disposition, call.now, end).await?,
    };
    let digest = format!("sha-256=:{}:", blob.sha256.to_base64());
    Ok(Reply::empty(StatusCode::FOUND)
        .header(header::LOCATION, url.url)
        .header(header::ETAG, format!("\"{}\"", version.version_id))
        .header(header::HeaderName::from_static("repr-digest"), digest))
}

/// The object that holds the blob as it is. If there is none yet, one is asked for and waited for.
async fn lies_at<'a>(
    app: &'a App,
    call: &Call,
    blob: &Blob,
) -> Result<Option<(&'a Bucket, ObjectKey)>, Failure> {
    if let Some(key) = &blob.object_key {
        return Ok(Some((app.packs.vault(), ObjectKey::from_stored(key))));
    }
    let key = ObjectKey::rebuilt(blob.account_id, &blob.sha256);
    if is_fresh(app, call, &key).await? {
        return Ok(Some((&app.cache, key)));
    }
    let (account_id, sha256) = (blob.account_id, blob.sha256);
    app.requests.send(&BlobEvent::BlobRequested { account_id, sha256 }.to_json()).await?;
    let (mut left, mut pause) = (patience(call), PAUSE_FIRST);
    while !left.is_zero() {
        tokio::time::sleep(pause.min(left)).await;
        if is_fresh(app, call, &key).await? {
            return Ok(Some((&app.cache, key)));
        }
        left = left.saturating_sub(pause);
        pause = PAUSE_MAX.min(pause * 2);
    }
    Ok(None)
}

/// Whether the blob lies in the cache and will for as long as a URL lives.
async fn is_fresh(app: &App, call: &Call, key: &ObjectKey) -> Result<bool, Failure> {
    let made_at = app.cache.modified_at(key).await?;
    Ok(made_at.is_some_and(|made_at| made_at.after(app.cache_life) > call.now))
}

/// How long the reader is willing to wait: `Prefer: wait=` (RFC 7240), in seconds.
fn patience(call: &Call) -> Duration {
    let preferences = call.headers.get("prefer").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let wait = preferences.split(',').find_map(|preference| preference.trim().strip_prefix("wait="));
    wait.and_then(|seconds| seconds.parse().ok())
        .map_or(WAIT_MAX, |seconds| WAIT_MAX.min(Duration::from_secs(seconds)))
}

/// The answer while the bytes are being rebuilt.
fn rebuilding(blob: &Blob, fails: bool) -> Result<Reply, Failure> {
    let seconds = (blob.size / REBUILT_PER_SECOND).clamp(1, 30);
    if fails {
        let detail = format!("the bytes are being put together; ask again in {seconds} seconds");
        return Err(Failure::new(Code::ContentMaterializing, detail).retry_after(seconds));
    }
    let reply = Reply::json(StatusCode::ACCEPTED, &Rebuilding { retry_after_seconds: seconds })?;
    Ok(reply.header(header::RETRY_AFTER, seconds.to_string()))
}
