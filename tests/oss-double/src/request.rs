//! Parses a request: bucket and key from host and path, everything decoded once.

use bytes::Bytes;
use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, Method};
use sluice_s3_protocol::uri::{Query, decode};
use sluice_s3_protocol::{Failure, Head};

use crate::failure;

/// The maximum length of a key, in bytes.
const LONGEST_KEY_BYTES: usize = 1023;

#[derive(Debug)]
pub(crate) struct Request {
    pub method: Method,
    pub bucket: String,
    /// `None` for requests to the bucket itself.
    pub key: Option<String>,
    pub query: Query,
    pub headers: HeaderMap,
    /// The body without aws-chunked framing; empty until the signature has been checked.
    pub body: Bytes,
}

impl Request {
    /// Parses the head of a request to a virtual host `{bucket}.{host_suffix}`.
    pub(crate) fn parse(parts: Parts, host_suffix: &str) -> Result<Self, Failure> {
        let not_utf8 = || Failure::bad("InvalidURI", "the URI is not percent-encoded UTF-8");
        let bucket = bucket_of_host(&parts, host_suffix)?;
        let path = decode(parts.uri.path()).ok_or_else(not_utf8)?;
        let key = path.strip_prefix('/').ok_or_else(not_utf8)?;
        check_bucket(&bucket)?;
        let key = if key.is_empty() { None } else { Some(check_key(key)?.to_owned()) };
        let query = Query::parse(parts.uri.query().unwrap_or("")).ok_or_else(not_utf8)?;
        Ok(Self { method: parts.method, bucket, key, query, headers: parts.headers, body: Bytes::new() })
    }

    /// The value of a header, if it exists and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What tells the operation and the signature.
    pub(crate) fn head(&self) -> Head<'_> {
        Head { method: &self.method, key: self.key.as_deref(), query: &self.query, headers: &self.headers }
    }

    /// The key of a request to an object; empty for a request to the bucket.
    pub(crate) fn key(&self) -> &str {
        self.key.as_deref().unwrap_or("")
    }
}

fn bucket_of_host(parts: &Parts, host_suffix: &str) -> Result<String, Failure> {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    let host = host.split_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    if host == host_suffix && parts.uri.path() == "/" {
        return Err(failure::not_implemented("listing buckets"));
    }
    let bucket = host.strip_suffix(host_suffix).and_then(|bucket| bucket.strip_suffix('.'));
    bucket.map(str::to_owned).ok_or_else(|| {
        let message =
            "The bucket you are attempting to access must be addressed using OSS third level domain.";
        Failure::forbidden("SecondLevelDomainForbidden", message)
    })
}

fn check_bucket(bucket: &str) -> Result<(), Failure> {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let ends_well = !bucket.starts_with('-') && !bucket.ends_with('-');
    if (3..=63).contains(&bucket.len()) && ends_well && bucket.bytes().all(inner) {
        return Ok(());
    }
    Err(Failure::bad(
        "InvalidBucketName",
        "a bucket's name must have 3 to 63 characters: a-z, 0-9 and inner hyphens",
    ))
}

fn check_key(key: &str) -> Result<&str, Failure> {
    if key.starts_with(['/', '\\']) || key.len() > LONGEST_KEY_BYTES {
        let message = "a key must have 1 to 1023 bytes and not begin with a slash or backslash";
        return Err(Failure::bad("InvalidObjectName", message));
    }
    Ok(key)
}

/// The object to copy.
#[derive(Debug)]
pub(crate) struct CopySource {
    pub bucket: String,
    pub key: String,
    /// It may name a version.
    pub query: Query,
}

/// Parses `x-amz-copy-source`. Fails with 400 `InvalidArgument` if it is not `bucket/key`.
pub(crate) fn parse_copy_source(header: &str) -> Result<CopySource, Failure> {
    let malformed = || failure::invalid_argument("x-amz-copy-source must be bucket/key, percent-encoded");
    let (path, query) = header.split_once('?').unwrap_or((header, ""));
    let path = decode(path).ok_or_else(malformed)?;
    let (bucket, key) = path.trim_start_matches('/').split_once('/').ok_or_else(malformed)?;
    check_bucket(bucket)?;
    let query = Query::parse(query).ok_or_else(malformed)?;
    if key.is_empty() {
        return Err(malformed());
    }
    Ok(CopySource { bucket: bucket.to_owned(), key: check_key(key)?.to_owned(), query })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(host: &str, uri: &str) -> Result<Request, String> {
        let request = http::Request::get(uri).header(HOST, host).body(()).unwrap();
        Request::parse(request.into_parts().0, "s3.oss.localhost").map_err(|failure| failure.code)
    }

    #[test]
    fn the_bucket_is_in_the_host() {
        let request = parse("my-bucket.S3.oss.localhost:8333", "/a/%C3%A9?partNumber=1").unwrap();
        assert_eq!((request.bucket.as_str(), request.key()), ("my-bucket", "a/é"));
        assert_eq!(request.query.get("partNumber"), Some("1"));
        assert_eq!(parse("my-bucket.s3.oss.localhost", "/").unwrap().key, None);
    }

    #[test]
    fn any_other_host_is_forbidden() {
        for host in ["s3.oss.localhost", "127.0.0.1:8333", "bucket.example.org", "buckets3.oss.localhost", ""]
        {
            assert_eq!(parse(host, "/bucket/key").unwrap_err(), "SecondLevelDomainForbidden", "{host}");
        }
    }

    #[test]
    fn names_have_limits() {
        for bucket in ["ab", "-ab", "ab-", "a_b", "a.b", &"a".repeat(64)] {
            let host = format!("{bucket}.s3.oss.localhost");
            assert_eq!(parse(&host, "/key").unwrap_err(), "InvalidBucketName", "{bucket}");
        }
        let host = "bucket.s3.oss.localhost";
        for key in ["/slash", "%2Fslash", "%5Cbackslash", &"k".repeat(1024)] {
            assert_eq!(parse(host, &format!("/{key}")).unwrap_err(), "InvalidObjectName", "{key}");
        }
        assert!(parse(host, &format!("/{}", "k".repeat(1023))).is_ok());
        assert_eq!(parse(host, "/%FF").unwrap_err(), "InvalidURI");
    }

    #[test]
    fn a_copy_source_is_decoded() {
        let source = parse_copy_source("/bucket/a%20b?versionId=1").unwrap();
        assert_eq!((source.bucket.as_str(), source.key.as_str()), ("bucket", "a b"));
        assert_eq!(source.query.get("versionId"), Some("1"));
        assert!(parse_copy_source("bucket").is_err());
    }
}
