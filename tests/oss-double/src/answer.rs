//! Builds answers: forwards the store's, and adds what only OSS has.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;

use crate::etag::to_oss;

/// The CRC-64/XZ of the whole object, in decimal.
pub(crate) const CRC_HEADER: HeaderName = HeaderName::from_static("x-oss-hash-crc64ecma");

/// The store's headers that clients of OSS get, besides `x-amz-meta-`.
const FORWARDED: [&str; 15] = [
    "accept-ranges",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-type",
    "expires",
    "last-modified",
    "x-amz-copy-source-version-id",
    "x-amz-delete-marker",
    "x-amz-expiration",
    "x-amz-bucket-region",
    "x-amz-version-id",
];

/// A body that may fail while it is streamed.
pub(crate) type Body = UnsyncBoxBody<Bytes, hyper::Error>;
pub(crate) type Answer = Response<Body>;

/// A body of these bytes.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

pub(crate) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(full(""));
    *answer.status_mut() = status;
    answer
}

pub(crate) fn xml(status: StatusCode, text: String) -> Answer {
    let mut answer = Response::new(full(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    answer
}

/// The store's answer, with its body streamed.
pub(crate) fn forwarded(response: Response<Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let mut answer = Response::new(body.boxed_unsync());
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = forwarded_headers(&parts.headers);
    answer
}

/// The store's headers as a client of OSS gets them: without checksums, and with OSS's `ETag`.
pub(crate) fn forwarded_headers(of_store: &HeaderMap) -> HeaderMap {
    let is_forwarded = |name: &str| FORWARDED.contains(&name) || name.starts_with("x-amz-meta-");
    let mut headers = HeaderMap::new();
    for (name, value) in of_store.iter().filter(|(name, _)| is_forwarded(name.as_str())) {
        headers.append(name.clone(), value.clone());
    }
    if let Some(etag) = etag_of(of_store) {
        set_etag(&mut headers, &to_oss(etag));
    }
    headers
}

/// The store's `ETag`, unless it is empty.
pub(crate) fn etag_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(ETAG).and_then(|etag| etag.to_str().ok()).filter(|etag| !etag.is_empty())
}

/// Sets the `ETag`, which is already in quotes.
pub(crate) fn set_etag(headers: &mut HeaderMap, etag: &str) {
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(ETAG, etag);
    }
}

pub(crate) fn set_crc(headers: &mut HeaderMap, crc: u64) {
    headers.insert(CRC_HEADER, HeaderValue::from(crc));
}

/// Replaces the checksum by a wrong one.
pub(crate) fn spoil_crc(headers: &mut HeaderMap) {
    let right =
        headers.get(CRC_HEADER).and_then(|crc| crc.to_str().ok()).and_then(|crc| crc.parse::<u64>().ok());
    if let Some(right) = right {
        set_crc(headers, right ^ 1);
    }
}
