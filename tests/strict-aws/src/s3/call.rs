//! Reads what a request asks of S3.

use http::request::Parts;
use http::{HeaderMap, Method};
use sluice_s3_protocol::uri::{Query, decode};
use sluice_s3_protocol::{Head, Operation};

/// A request to S3 in path style, without its body.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub operation: Operation,
    pub method: Method,
    pub bucket: String,
    /// `None` for requests to the bucket itself.
    pub key: Option<String>,
    pub query: Query,
    pub headers: HeaderMap,
}

impl Call {
    /// `None` if no rule is about the operation.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        let path = decode(parts.uri.path())?;
        let (bucket, key) = path.strip_prefix('/')?.split_once('/').unwrap_or((path.get(1..)?, ""));
        let key = Some(key.to_owned()).filter(|key| !key.is_empty());
        let query = Query::parse(parts.uri.query().unwrap_or(""))?;
        let head =
            Head { method: &parts.method, key: key.as_deref(), query: &query, headers: &parts.headers };
        let operation = Operation::of(head)?;
        let (method, headers) = (parts.method.clone(), parts.headers.clone());
        Some(Self { operation, method, bucket: bucket.to_owned(), key, query, headers })
    }

    pub(crate) fn head(&self) -> Head<'_> {
        Head { method: &self.method, key: self.key.as_deref(), query: &self.query, headers: &self.headers }
    }

    /// The object's address: `bucket/key`.
    pub(crate) fn object(&self) -> String {
        format!("{}/{}", self.bucket, self.key.as_deref().unwrap_or(""))
    }

    /// What faults are counted by: operation, bucket and the first folder of the key. The rest of a key is
    /// random, and would make every run another one.
    pub(crate) fn resource(&self) -> String {
        let folder = self.key.as_deref().unwrap_or("").split('/').next().unwrap_or("");
        format!("{} {}/{folder}", self.operation, self.bucket)
    }

    /// A header with a number.
    pub(crate) fn number(&self, header: &str) -> Option<u64> {
        self.head().header(header)?.parse().ok()
    }
}
