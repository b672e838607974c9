//! Observes presigned URLs that are used as they were signed.

use reqwest::{Method, Response};
use sluice_deployment::clock;
use sluice_domain::hash::Sha256;
use sluice_storage::MultipartOptions;
use sluice_storage::presign::{Disposition, PartAddress, PresignedUrl, PutOf, SignedBody, Validity};
use std::time::Duration;

use crate::test_store::{Observation, TestStore, part_number, test_key, yes_if};

/// A body of 5 bytes.
pub fn body(sha256: Option<&Sha256>) -> SignedBody<'_> {
    SignedBody { size_bytes: 5, sha256 }
}

/// The validity of a URL that is used at once.
pub fn minutes() -> Validity {
    let now = clock::now();
    Validity { from: now, until: now.after(Duration::from_mins(5)) }
}

/// The response headers that a URL for readers asks for.
pub fn disposition() -> Disposition {
    Disposition {
        content_disposition: "attachment; filename=\"a b.txt\"".to_owned(),
        content_type: "text/x-sluice".to_owned(),
    }
}

/// Sends a presigned request with its signed headers. The content length is that of the body.
pub async fn send(
    store: &TestStore,
    method: Method,
    presigned: &PresignedUrl,
    body: &[u8],
) -> Result<Response, reqwest::Error> {
    let mut request = store.http.request(method.clone(), &presigned.url);
    for (name, value) in &presigned.headers {
        if name != "content-length" && name != "host" {
            request = request.header(name, value);
        }
    }
    if method == Method::PUT {
        request = request.body(body.to_vec());
    }
    request.send().await
}

/// "yes", or the status of the refusal.
fn word(answer: &Response) -> String {
    let status = answer.status();
    if status.is_success() { "yes".to_owned() } else { status.as_u16().to_string() }
}

async fn put(store: &TestStore, name: &str, put_of: PutOf, sha256: Option<&Sha256>) -> Observation {
    let key = test_key(name);
    let url = store.bucket.presign_put(&key, body(sha256), put_of, minutes()).await?;
    let word = word(&send(store, Method::PUT, &url, b"bytes").await?);
    if word != "yes" {
        return Ok(word);
    }
    yes_if(store.bytes(&key).await?.as_deref() == Some(b"bytes"), "other bytes")
}

pub async fn put_any(store: &TestStore) -> Observation {
    put(store, "presigned", PutOf::AnyObject, None).await
}

pub async fn put_with_sha256(store: &TestStore) -> Observation {
    put(store, "presigned-sha256", PutOf::AnyObject, Some(&Sha256::of(b"bytes"))).await
}

pub async fn put_new(store: &TestStore) -> Observation {
    put(store, "presigned-new", PutOf::NewObject, None).await
}

pub async fn put_existing(store: &TestStore) -> Observation {
    let name = "presigned-existing";
    store.put(&test_key(name), b"other").await?;
    put(store, name, PutOf::NewObject, None).await.map(crate::test_store::or_ignored)
}

pub async fn part(store: &TestStore) -> Observation {
    let key = test_key("presigned-part");
    let id = store.bucket.create_multipart(&key, MultipartOptions::default()).await?;
    let part = PartAddress { key: &key, multipart_id: &id, number: part_number(1) };
    let url = store.bucket.presign_part(part, body(None), minutes()).await?;
    let answer = send(store, Method::PUT, &url, b"bytes").await?;
    let etag = answer.headers().contains_key("etag");
    let word = word(&answer);
    let parts = store.bucket.list_parts(&key, &id).await?.ok_or("no upload")?;
    store.bucket.abort_multipart(&key, &id).await?;
    yes_if(word == "yes" && etag && parts.len() == 1, word)
}

pub async fn get(store: &TestStore) -> Observation {
    let key = test_key("presigned-get");
    store.put(&key, b"bytes").await?;
    let url = store.bucket.presign_read(&key, minutes()).await?;
    let answer = send(store, Method::GET, &url, b"").await?;
    let word = word(&answer);
    yes_if(word == "yes" && answer.bytes().await? == "bytes", word)
}

pub async fn get_range(store: &TestStore) -> Observation {
    let key = test_key("presigned-range");
    store.put(&key, b"0123456789").await?;
    let url = store.bucket.presign_read(&key, minutes()).await?.url;
    let answer = store.http.get(url).header("range", "bytes=3-6").send().await?;
    let status = answer.status().as_u16();
    yes_if(status == 206 && answer.bytes().await? == "3456", status.to_string())
}

pub async fn head(store: &TestStore) -> Observation {
    let key = test_key("presigned-head");
    store.put(&key, b"bytes").await?;
    let url = store.bucket.presign_head(&key, &disposition(), minutes()).await?;
    let answer = send(store, Method::HEAD, &url, b"").await?;
    let word = word(&answer);
    let length = answer.headers().get("content-length").is_some_and(|length| length == "5");
    yes_if(word == "yes" && length, word)
}

async fn response_header(store: &TestStore, method: Method, header: &str, expected: &str) -> Observation {
    let key = test_key("response-header");
    store.put(&key, b"bytes").await?;
    let disposition = disposition();
    let url = match method {
        Method::HEAD => store.bucket.presign_head(&key, &disposition, minutes()).await?,
        _ => store.bucket.presign_get(&key, &disposition, minutes()).await?,
    };
    let answer = send(store, method, &url, b"").await?;
    if !answer.status().is_success() {
        return Ok(word(&answer));
    }
    yes_if(answer.headers().get(header).is_some_and(|value| value == expected), "ignored")
}

pub async fn content_disposition(store: &TestStore) -> Observation {
    response_header(store, Method::GET, "content-disposition", &disposition().content_disposition).await
}

pub async fn content_type(store: &TestStore) -> Observation {
    response_header(store, Method::GET, "content-type", &disposition().content_type).await
}

pub async fn head_disposition(store: &TestStore) -> Observation {
    response_header(store, Method::HEAD, "content-disposition", &disposition().content_disposition).await
}
