//! Builds answers: forwards the store's, and adds what only OSS has.

use axum::response::IntoResponse;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use sluice_s3_protocol::Failure;
use sluice_s3_protocol::xml::rewrite;

use crate::etag::to_oss;

/// The CRC-64/XZ of the whole object, in decimal.
const CRC_HEADER: HeaderName = HeaderName::from_static("x-oss-hash-crc64ecma");

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

pub(crate) type Answer = axum::response::Response;

pub(crate) fn xml(status: StatusCode, text: String) -> Answer {
    (status, [(CONTENT_TYPE, "application/xml")], text).into_response()
}

/// The answer to a write of bytes with this checksum, from the store's headers.
pub(crate) fn written(of_store: &HeaderMap, crc: u64) -> Answer {
    let mut headers = forwarded_headers(of_store);
    headers.remove(CONTENT_LENGTH);
    set_crc(&mut headers, crc);
    headers.into_response()
}

/// The store's answer, with its body streamed.
pub(crate) fn forwarded(response: Answer) -> Answer {
    let headers = forwarded_headers(response.headers());
    (response.status(), headers, response.into_body()).into_response()
}

/// The store's XML, with OSS's `ETag`s.
pub(crate) fn forwarded_xml(status: StatusCode, text: &str) -> Result<Answer, Failure> {
    Ok(xml(status, rewrite(text, "ETag", to_oss)?))
}

/// The store's headers as a client of OSS gets them: without checksums, and with OSS's `ETag`.
fn forwarded_headers(of_store: &HeaderMap) -> HeaderMap {
    let is_forwarded = |name: &str| FORWARDED.contains(&name) || name.starts_with("x-amz-meta-");
    let mut headers = HeaderMap::new();
    for (name, value) in of_store.iter().filter(|(name, _)| is_forwarded(name.as_str())) {
        headers.append(name.clone(), value.clone());
    }
    if let Some(etag) = etag_of(of_store) {
        headers.extend(HeaderValue::from_str(&to_oss(etag)).map(|etag| (ETAG, etag)));
    }
    headers
}

/// The store's `ETag`, unless it is empty.
pub(crate) fn etag_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(ETAG).and_then(|etag| etag.to_str().ok()).filter(|etag| !etag.is_empty())
}

pub(crate) fn set_crc(headers: &mut HeaderMap, crc: u64) {
    headers.insert(CRC_HEADER, HeaderValue::from(crc));
}

/// Replaces the checksum by a wrong one.
pub(crate) fn spoil_crc(headers: &mut HeaderMap) {
    let right = headers.get(CRC_HEADER).and_then(|crc| crc.to_str().ok()?.parse::<u64>().ok());
    if let Some(right) = right {
        set_crc(headers, right ^ 1);
    }
}
