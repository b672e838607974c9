//! Sends presigned requests to the bucket. They never carry the session token.

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, ETAG, HeaderMap, RANGE};
use reqwest::{Body, Client, Response, StatusCode, Url, redirect};
use sluice_contracts::uploads::PartUrl;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use crate::api::{retry_after, unreachable_peer};
use crate::error::{Error, Result};
use crate::session::ApiUrl;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A transfer that moves no bytes for this long is retried.
const STALL_LIMIT: Duration = Duration::from_mins(1);
const ERROR_MAX_BYTES: usize = 64 << 10;
/// Larger than any pack index.
const SMALL_MAX_BYTES: usize = 1 << 20;

/// Why a presigned request failed.
#[derive(Debug)]
pub enum Failure {
    /// 403: the URL has most likely expired. A fresh one may work.
    Forbidden(Error),
    /// The bytes that arrived are not those that were sent.
    Damaged(Error),
    /// The connection or the store failed. The same request may work later; the store may have asked for a
    /// delay.
    Transient(Error, Option<Duration>),
    /// The store does not have the upload or object, or no longer has it.
    Gone(Error),
    /// A retry does not help.
    Final(Error),
}

impl Failure {
    pub fn into_error(self) -> Error {
        match self {
            Self::Forbidden(error)
            | Self::Damaged(error)
            | Self::Transient(error, _)
            | Self::Gone(error)
            | Self::Final(error) => error,
        }
    }
}

/// A client for the buckets that presigned URLs point to.
#[derive(Clone)]
pub struct Bucket {
    http: Client,
}

impl Bucket {
    /// A client for URLs from `api`. If the API uses HTTPS, the bucket must too.
    pub fn new(api: &ApiUrl) -> Result<Self> {
        let http = Client::builder()
            .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .https_only(api.as_url().scheme() == "https")
            // HTTP/2 would send concurrent parts over one connection.
            .http1_only()
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| Error::UnexpectedAnswer(error.to_string()))?;
        Ok(Self { http })
    }

    /// Sends a part and returns its `ETag` without quotes. `moved_bytes` tells how much of `body` was taken
    /// so far.
    pub async fn put(
        &self,
        part: &PartUrl,
        body: Body,
        moved_bytes: impl Fn() -> u64,
    ) -> Result<String, Failure> {
        let url = parse_url(&part.url)?;
        let mut request = self.http.put(url.clone());
        for (name, value) in &part.headers {
            request = request.header(name, value);
        }
        if !part.headers.keys().any(|name| name.eq_ignore_ascii_case("content-length")) {
            request = request.header(CONTENT_LENGTH, part.size);
        }
        let response = unless_stalled(request.body(body).send(), moved_bytes, &url).await?;
        // A URL signed with `If-None-Match: *` gives 412 if an earlier attempt succeeded and its answer was
        // lost.
        if response.status() == StatusCode::PRECONDITION_FAILED {
            return Ok(String::new());
        }
        let response = check(response).await?;
        Ok(etag(response.headers()).unwrap_or_default())
    }

    /// Requests the bytes `range` of the object, with these headers.
    pub async fn get(
        &self,
        url: &str,
        headers: &BTreeMap<String, String>,
        range: &Range<u64>,
    ) -> Result<Response, Failure> {
        let url = parse_url(url)?;
        let mut request = self.http.get(url.clone());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request = request.header(RANGE, format!("bytes={}-{}", range.start, range.end - 1));
        check(unless_stalled(request.send(), || 0, &url).await?).await
    }

    /// Reads a whole object. Fails if it has more than [`SMALL_MAX_BYTES`].
    pub async fn read_small(&self, url: &str) -> Result<Vec<u8>, Failure> {
        let url = parse_url(url)?;
        let mut response =
            check(unless_stalled(self.http.get(url.clone()).send(), || 0, &url).await?).await?;
        let mut body = Vec::new();
        while let Some(block) = next_block(&mut response).await? {
            body.extend_from_slice(&block);
            if body.len() > SMALL_MAX_BYTES {
                return Err(Failure::Final(Error::UnexpectedAnswer("a pack index is too large".to_owned())));
            }
        }
        Ok(body)
    }
}

fn parse_url(text: &str) -> Result<Url, Failure> {
    let unusable = |_| {
        Failure::Final(Error::UnexpectedAnswer("the server gave an invalid URL of the bucket".to_owned()))
    };
    Url::parse(text).map_err(unusable)
}

/// Waits for the answer as long as bytes move.
async fn unless_stalled(
    answer: impl Future<Output = reqwest::Result<Response>>,
    moved_bytes: impl Fn() -> u64,
    url: &Url,
) -> Result<Response, Failure> {
    let mut answer = std::pin::pin!(answer);
    let mut moved_before = moved_bytes();
    loop {
        match tokio::time::timeout(STALL_LIMIT, &mut answer).await {
            Ok(answer) => {
                return answer.map_err(|error| Failure::Transient(unreachable_peer(&error, url), None));
            }
            Err(_) if moved_bytes() == moved_before => return Err(stalled(url)),
            Err(_) => moved_before = moved_bytes(),
        }
    }
}

/// The next bytes of the body. Fails if the body breaks off or stalls.
pub async fn next_block(response: &mut Response) -> Result<Option<Bytes>, Failure> {
    match tokio::time::timeout(STALL_LIMIT, response.chunk()).await {
        Ok(Ok(block)) => Ok(block),
        Ok(Err(_)) => Err(cut_short(response.url())),
        Err(_) => Err(stalled(response.url())),
    }
}

/// The failure of a body that ends before it is complete.
pub fn cut_short(url: &Url) -> Failure {
    broken(url, "the answer ended early".to_owned())
}

fn stalled(url: &Url) -> Failure {
    broken(url, format!("nothing moved for {} seconds", STALL_LIMIT.as_secs()))
}

fn broken(url: &Url, reason: String) -> Failure {
    let peer = url.host_str().unwrap_or_default().to_owned();
    Failure::Transient(Error::Unreachable { peer, reason }, None)
}

/// Classifies refusals by what can be done about them.
async fn check(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let asked = retry_after(response.headers());
    let code = error_code(response).await;
    let error = Error::Bucket { status: status.as_u16(), code: code.clone() };
    Err(match (status.as_u16(), code.as_str()) {
        (403, _) => Failure::Forbidden(error),
        (404, _) => Failure::Gone(error),
        (
            400,
            "BadDigest" | "InvalidDigest" | "XAmzContentSHA256Mismatch" | "XAmzContentChecksumMismatch",
        ) => Failure::Damaged(Error::Damaged { code }),
        // The connection broke, timed out, or the store has a fault.
        (400, "RequestTimeout" | "IncompleteBody") | (408 | 409 | 425 | 429 | 500.., _) => {
            Failure::Transient(error, asked)
        }
        _ => Failure::Final(error),
    })
}

/// The `<Code>` in the S3 error document.
async fn error_code(mut response: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ERROR_MAX_BYTES {
            break;
        }
    }
    let text = String::from_utf8_lossy(&body);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map(|(code, _)| code.to_owned()).unwrap_or_default()
}

/// The `ETag` header without its quotes.
pub fn etag(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(ETAG)?.to_str().ok()?.trim_matches('"').to_owned())
}
