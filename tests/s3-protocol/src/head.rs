//! What of a request tells its operation and its signature.

use http::{HeaderMap, Method};

use crate::uri::Query;

/// A request without its body.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    pub method: &'a Method,
    /// `None` for requests to the bucket itself.
    pub key: Option<&'a str>,
    pub query: &'a Query,
    pub headers: &'a HeaderMap,
}

impl<'a> Head<'a> {
    /// The value of a header, if it exists and is text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
