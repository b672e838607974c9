//! Checks OSS's rules that do not depend on what is stored.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Method, StatusCode};
use md5::{Digest as _, Md5};
use sluice_s3_protocol::{Failure, Operation};

use crate::chunked::{self, Seed};
use crate::failure;
use crate::request::Request;
use crate::sigv4::sha256_hex;
use crate::verify::Verified;

/// Supported `x-amz-` headers. Those that end in a hyphen are prefixes.
const KNOWN_HEADERS: [&str; 15] = [
    "x-amz-acl",
    "x-amz-checksum-",
    "x-amz-content-sha256",
    "x-amz-copy-source",
    "x-amz-copy-source-if-",
    "x-amz-copy-source-range",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-expected-bucket-owner",
    "x-amz-meta-",
    "x-amz-metadata-directive",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-storage-class",
    "x-amz-user-agent",
    "x-oss-forbid-overwrite",
];

/// Refuses trailers under any name, because OSS does not support them.
pub(crate) fn check_trailers(request: &Request) -> Result<(), Failure> {
    let payload = request.header("x-amz-content-sha256").unwrap_or("");
    if payload.ends_with("-TRAILER") || request.headers.contains_key("x-amz-trailer") {
        let message =
            "aws-chunked with trailers is not supported; send checksums only when they are required";
        return Err(failure::invalid_argument(message));
    }
    Ok(())
}

/// Returns the signed body without its framing. Fails with 400 `XAmzContentSHA256Mismatch` if its SHA-256 is
/// not the signed one, and as [`chunked::decode`] does.
pub(crate) fn check_payload(request: &Request, body: Bytes, verified: &Verified) -> Result<Bytes, Failure> {
    match verified.payload.as_str() {
        "UNSIGNED-PAYLOAD" => Ok(body),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => {
            let Verified { key, signing_time, signature, .. } = verified;
            let body = chunked::decode(body, &Seed { key, signing_time, signature })?;
            let declared =
                request.header("x-amz-decoded-content-length").and_then(|length| length.parse().ok());
            if declared == Some(body.len()) {
                return Ok(body);
            }
            Err(Failure::bad("IncompleteBody", "x-amz-decoded-content-length is not the body's length"))
        }
        digest if digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            if digest == sha256_hex(&body) {
                return Ok(body);
            }
            let message = "x-amz-content-sha256 is not the SHA-256 of the body";
            Err(Failure::bad("XAmzContentSHA256Mismatch", message))
        }
        _ => Err(failure::invalid_argument("the value of x-amz-content-sha256 is not supported")),
    }
}

/// Checks the rest of the rules, after the body.
pub(crate) fn check(request: &Request, operation: Operation) -> Result<(), Failure> {
    check_headers(request)?;
    check_body(request, operation)?;
    let _ = storage_class(request)?;
    if matches!(operation, Operation::UploadPart | Operation::UploadPartCopy) {
        part_number(request)?;
    }
    Ok(())
}

/// Returns the requested storage class. Fails with 400 `InvalidStorageClass` if OSS has no such class under
/// an S3 name.
pub(crate) fn storage_class(request: &Request) -> Result<Option<String>, Failure> {
    match request.header("x-amz-storage-class") {
        None => Ok(None),
        Some(class @ ("STANDARD" | "STANDARD_IA" | "GLACIER")) => Ok(Some(class.to_owned())),
        Some(_) => Err(Failure::bad(
            "InvalidStorageClass",
            "a storage class must be STANDARD, STANDARD_IA or GLACIER",
        )),
    }
}

/// Returns the number of a part. Fails with 400 `InvalidArgument` unless it is 1 to 10000.
pub(crate) fn part_number(request: &Request) -> Result<u16, Failure> {
    let number = request.query.get("partNumber").and_then(|number| number.parse().ok());
    let out_of_range = || failure::invalid_argument("partNumber must be 1 to 10000");
    number.filter(|number| (1..=10_000).contains(number)).ok_or_else(out_of_range)
}

fn check_headers(request: &Request) -> Result<(), Failure> {
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    for name in request.headers.keys().map(http::HeaderName::as_str) {
        if !reads && (name == "if-match" || name == "if-none-match") {
            return Err(failure::not_implemented(&format!("{name} on {}", request.method)));
        }
        let is_known = |known: &str| name == known || known.ends_with('-') && name.starts_with(known);
        let is_order = name.starts_with("x-amz-") || name.starts_with("x-oss-");
        if is_order && !KNOWN_HEADERS.into_iter().any(is_known) {
            return Err(failure::not_implemented(name));
        }
    }
    Ok(())
}

fn check_body(request: &Request, operation: Operation) -> Result<(), Failure> {
    let carries_object = matches!(operation, Operation::PutObject | Operation::UploadPart);
    let has = |name: &str| request.headers.contains_key(name);
    if carries_object && !has("content-length") && !has("transfer-encoding") {
        let message = "Content-Length or Transfer-Encoding is missing";
        return Err(Failure::new(StatusCode::LENGTH_REQUIRED, "MissingContentLength", message));
    }
    match request.header("content-md5") {
        Some(md5) if md5 != BASE64_STANDARD.encode(Md5::digest(&request.body)) => {
            Err(Failure::bad("InvalidDigest", "Content-MD5 is not the MD5 of the body"))
        }
        None if operation == Operation::DeleteObjects => {
            Err(Failure::bad("MissingArgument", "DeleteObjects needs Content-MD5"))
        }
        _ => Ok(()),
    }
}
