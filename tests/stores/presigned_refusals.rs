//! Observes misuses of presigned URLs: the status of the refusal, or "taken".

use reqwest::{Method, Response};
use sluice_domain::hash::Sha256;
use sluice_domain::part_plan::PartNumber;
use sluice_domain::time::Timestamp;
use sluice_storage::MultipartOptions;
use sluice_storage::presign::{PartAddress, PresignedUrl, PutOf, Validity};

use crate::presigned::{body, disposition, minutes, send};
use crate::test_store::{Observation, TestStore, test_key};

#[expect(clippy::unnecessary_wraps, reason = "most behaviours end with it")]
fn refused(answer: &Response) -> Observation {
    let status = answer.status();
    Ok(if status.is_success() { "taken".to_owned() } else { status.as_u16().to_string() })
}

/// Presigns a PUT of 5 bytes.
async fn url(
    store: &TestStore,
    name: &str,
    sha256: Option<&Sha256>,
) -> Result<PresignedUrl, sluice_storage::StorageError> {
    store.bucket.presign_put(&test_key(name), body(sha256), PutOf::AnyObject, minutes()).await
}

pub async fn shorter(store: &TestStore) -> Observation {
    let url = url(store, "shorter", None).await?;
    refused(&send(store, Method::PUT, &url, b"byte").await?)
}

pub async fn longer(store: &TestStore) -> Observation {
    let url = url(store, "longer", None).await?;
    refused(&send(store, Method::PUT, &url, b"bytes and more").await?)
}

pub async fn longer_part(store: &TestStore) -> Observation {
    let key = test_key("longer-part");
    let id = store.bucket.create_multipart(&key, MultipartOptions::default()).await?;
    let part = PartAddress { key: &key, multipart_id: &id, number: PartNumber::FIRST };
    let url = store.bucket.presign_part(part, body(None), minutes()).await?;
    let found = refused(&send(store, Method::PUT, &url, b"bytes and more").await?);
    store.bucket.abort_multipart(&key, &id).await?;
    found
}

pub async fn path(store: &TestStore) -> Observation {
    let mut url = url(store, "tampered-path", None).await?;
    url.url = url.url.replace("tampered-path", "tempered-path");
    refused(&send(store, Method::PUT, &url, b"bytes").await?)
}

pub async fn method(store: &TestStore) -> Observation {
    store.put(&test_key("tampered-method"), b"bytes").await?;
    let url = url(store, "tampered-method", None).await?;
    let got = send(store, Method::GET, &url, b"").await?;
    if got.status().is_success() {
        return refused(&got);
    }
    refused(&send(store, Method::DELETE, &url, b"").await?)
}

pub async fn header(store: &TestStore) -> Observation {
    let mut url = url(store, "tampered-header", Some(&Sha256::of(b"other"))).await?;
    let signed = url.headers.get_mut("x-amz-checksum-sha256").ok_or("it is not signed as a header")?;
    *signed = Sha256::of(b"bytes").to_base64();
    refused(&send(store, Method::PUT, &url, b"bytes").await?)
}

pub async fn header_left_out(store: &TestStore) -> Observation {
    let mut url = url(store, "header-left-out", Some(&Sha256::of(b"bytes"))).await?;
    url.headers.remove("x-amz-checksum-sha256").ok_or("it is not signed as a header")?;
    refused(&send(store, Method::PUT, &url, b"bytes").await?)
}

pub async fn header_added(store: &TestStore) -> Observation {
    let mut url = url(store, "header-added", None).await?;
    url.headers.insert("x-amz-meta-added".to_owned(), "1".to_owned());
    refused(&send(store, Method::PUT, &url, b"bytes").await?)
}

pub async fn query(store: &TestStore) -> Observation {
    let key = test_key("tampered-query");
    store.put(&key, b"bytes").await?;
    let mut url = store.bucket.presign_get(&key, &disposition(), minutes()).await?;
    if !url.url.contains("attachment") {
        return Err("the disposition is not in the URL".into());
    }
    url.url = url.url.replace("attachment", "inline");
    refused(&send(store, Method::GET, &url, b"").await?)
}

/// The times of a URL that expired a minute ago.
fn past() -> Validity {
    let now = minutes().from;
    let before = |seconds: u64| Timestamp::from_unix_milliseconds(now.unix_milliseconds() - 1000 * seconds);
    Validity { from: before(180), until: before(60) }
}

pub async fn expired_put(store: &TestStore) -> Observation {
    let key = test_key("expired");
    let url = store.bucket.presign_put(&key, body(None), PutOf::AnyObject, past()).await?;
    refused(&send(store, Method::PUT, &url, b"bytes").await?)
}

pub async fn expired_get(store: &TestStore) -> Observation {
    let key = test_key("expired-get");
    store.put(&key, b"bytes").await?;
    let url = store.bucket.presign_read(&key, past()).await?;
    refused(&send(store, Method::GET, &url, b"").await?)
}

/// A body of the right length with another SHA-256 than the signed one.
pub async fn wrong_body(store: &TestStore) -> Observation {
    let url = url(store, "wrong-body", Some(&Sha256::of(b"bytes"))).await?;
    let found = refused(&send(store, Method::PUT, &url, b"other").await?)?;
    Ok(if found == "taken" { "stored".to_owned() } else { found })
}
