//! Describes a call to the API, so that it can be sent and repeated.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MATCH};
use reqwest::{Body, Client, Method, Request, StatusCode, Url};
use serde::Serialize;
use sluice_domain::id::VersionId;

/// The headers that the client adds to every request, besides host and length.
const CLIENT_HEADERS: &str = concat!("user-agent: sluice/", env!("CARGO_PKG_VERSION"), "\r\naccept: */*\r\n");

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

pub(super) struct Call {
    method: Method,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Call {
    pub(super) fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, segments)
    }

    pub(super) fn delete(segments: &[&str]) -> Self {
        Self::new(Method::DELETE, segments)
    }

    pub(super) fn patch<T: Serialize>(segments: &[&str], body: &T) -> Self {
        Self::new(Method::PATCH, segments).json(body)
    }

    pub(super) fn post<T: Serialize>(segments: &[&str], body: &T) -> Self {
        Self::new(Method::POST, segments).json(body)
    }

    /// Adds an idempotency key, so that a repeat after a lost answer gets the first answer.
    pub(super) fn idempotent(mut self) -> Self {
        let mut key = [0; 16];
        // Without random bytes there is no key, and a repeat is less safe.
        if getrandom::fill(&mut key).is_ok()
            && let Ok(value) = HeaderValue::from_str(&hex::encode(key))
        {
            self.headers.insert(IDEMPOTENCY_KEY, value);
        }
        self
    }

    fn new(method: Method, segments: &[&str]) -> Self {
        let segments = segments.iter().map(|&segment| segment.to_owned()).collect();
        Self { method, segments, query: Vec::new(), headers: HeaderMap::new(), body: Vec::new() }
    }

    fn json<T: Serialize>(mut self, body: &T) -> Self {
        self.body = serde_json::to_vec(body).expect("wire types have string keys and serialize");
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn query_if_some(self, name: &'static str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Makes the call fail unless the file still has this version.
    pub(super) fn if_match(mut self, version_id: Option<VersionId>) -> Self {
        let etag = version_id.and_then(|version_id| HeaderValue::from_str(&format!("\"{version_id}\"")).ok());
        if let Some(etag) = etag {
            self.headers.insert(IF_MATCH, etag);
        }
        self
    }

    /// Whether the call may be repeated even though the server may have executed it.
    pub(super) fn is_repeatable(&self) -> bool {
        self.method != Method::PATCH || self.headers.contains_key(IDEMPOTENCY_KEY)
    }

    /// Whether a repeat of the call may succeed later.
    pub(super) fn is_worth_repeating_after(&self, status: StatusCode) -> bool {
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => true,
            status => status.is_server_error() && self.is_repeatable(),
        }
    }

    pub(super) fn build(&self, http: &Client, base: &Url, token: Option<&str>) -> reqwest::Result<Request> {
        let mut url = base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(&self.segments);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let mut request = http.request(self.method.clone(), url).headers(self.headers.clone());
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if !self.body.is_empty() {
            request = request.body(Body::from(self.body.clone()));
        }
        request.build()
    }

    /// Size of the request in bytes, as HTTP/1.1 writes it.
    pub(super) fn size_bytes(&self, request: &Request) -> u64 {
        let url = request.url();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let line = format!("{} {}{query} HTTP/1.1\r\n", self.method, url.path());
        let host = format!("host: {}\r\n", url.authority());
        let length = match self.body.len() {
            0 => String::new(),
            length => format!("content-length: {length}\r\n"),
        };
        let added = [&*line, &host, CLIENT_HEADERS, &length].map(str::len).iter().sum::<usize>();
        (added + self.body.len()) as u64 + headers_size_bytes(request.headers())
    }
}

/// Size of headers and the empty line after them, as HTTP/1.1 writes them.
pub(super) fn headers_size_bytes(headers: &HeaderMap) -> u64 {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>() as u64 + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(call: &Call, base: &str) -> Request {
        call.build(&Client::new(), &base.parse().expect("a URL"), Some("t0ken")).expect("a request")
    }

    #[test]
    fn paths_and_queries_are_encoded_below_the_base() {
        let call = Call::get(&["files", "a/b"]).query("path", "x y+z/100%&é");
        let request = request(&call, "http://h/base");
        assert_eq!(request.url().as_str(), "http://h/base/files/a%2Fb?path=x+y%2Bz%2F100%25%26%C3%A9");
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer t0ken");
    }

    #[test]
    fn a_request_is_as_long_as_it_is_written() {
        let call = Call::post(&["files"], &"é").query("a", "b c");
        let written = [
            "POST /base/files?a=b+c HTTP/1.1\r\nhost: h:81\r\ncontent-type: application/json\r\n",
            CLIENT_HEADERS,
            "authorization: Bearer t0ken\r\ncontent-length: 4\r\n\r\n\"é\"",
        ];
        assert_eq!(call.size_bytes(&request(&call, "http://h:81/base")), written.concat().len() as u64);
    }

    #[test]
    fn a_repeat_carries_the_same_idempotency_key() {
        let call = Call::post(&["uploads"], &()).idempotent();
        let key = |request: &Request| request.headers()["idempotency-key"].clone();
        assert_eq!(key(&request(&call, "http://h")), key(&request(&call, "http://h")));
        assert_ne!(
            key(&request(&call, "http://h")),
            key(&request(&Call::post(&["uploads"], &()).idempotent(), "http://h"))
        );
    }

    #[test]
    fn a_rename_without_a_key_is_repeated_only_if_the_server_did_not_execute_it() {
        let rename = || Call::patch(&["files", "1"], &());
        assert!(rename().is_worth_repeating_after(StatusCode::SERVICE_UNAVAILABLE));
        assert!(!rename().is_worth_repeating_after(StatusCode::BAD_GATEWAY));
        assert!(rename().idempotent().is_worth_repeating_after(StatusCode::BAD_GATEWAY));
        assert!(Call::delete(&["files", "1"]).is_worth_repeating_after(StatusCode::BAD_GATEWAY));
    }
}
