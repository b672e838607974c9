//! Represents an HTTP request to a handler, and parses its parts.

use http::{HeaderMap, Method};
use serde::de::DeserializeOwned;
use sluice_contracts::problem::Code;
use sluice_contracts::route::{Calls, Refusal, Request};
use sluice_domain::id::VersionId;
use sluice_domain::time::Timestamp;
use sluice_storage::Chain;
use std::fmt;
use std::net::IpAddr;

use crate::failure::Failure;

/// A request body has at most this many bytes: 1 MiB.
pub const BODY_MAX_BYTES: usize = 1 << 20;

/// An idempotency key has at most this many bytes.
const IDEMPOTENCY_KEY_MAX_BYTES: usize = 255;

#[derive(Clone)]
pub struct Call {
    pub method: Method,
    /// The path as it was sent, not URL-decoded.
    pub path: String,
    /// The parameters of the query, URL-decoded, in order.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Identifies the request in answers and logs.
    pub request_id: String,
    /// When the request arrived.
    pub now: Timestamp,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers, query and body may have tokens and passwords, which must not appear in logs.
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("request_id", &self.request_id)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

impl Call {
    /// Finds which of a function's calls this is, and parses its ids and parameters.
    ///
    /// # Errors
    /// `not_found` if it is none of them or an id is malformed, `invalid_request` for a wrong parameter.
    pub fn route<C: Calls>(&self) -> Result<C, Failure> {
        let request = Request { method: self.method.as_str(), path: &self.path, query: &self.query };
        C::parse(request).map_err(|refusal| match refusal {
            Refusal::NoRoute => {
                Failure::new(Code::NotFound, format!("there is no {} {}", self.method, self.path))
            }
            Refusal::NoSuch(what) => Failure::not_found(what),
            Refusal::Parameter(reason) => Failure::invalid(reason),
        })
    }

    /// Parses the JSON body.
    ///
    /// # Errors
    /// `body_too_large`, `malformed_json`, or `invalid_request` with the name of the field.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        if self.body.len() > BODY_MAX_BYTES {
            let detail = format!("a body has at most {BODY_MAX_BYTES} bytes");
            return Err(Failure::new(Code::BodyTooLarge, detail));
        }
        // Serde would also read an object's fields from a list, by position.
        if self.body.trim_ascii_start().starts_with(b"[") {
            return Err(Failure::invalid("the body is a list where an object is expected"));
        }
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let field = error.path().to_string();
            let inner = error.into_inner();
            if !inner.is_data() {
                return Failure::new(Code::MalformedJson, inner.to_string());
            }
            if field == "." {
                return Failure::invalid(inner);
            }
            Failure::invalid(format_args!("{field}: {inner}")).about(field)
        })?;
        json.end().map_err(|error| Failure::new(Code::MalformedJson, error.to_string()))?;
        Ok(value)
    }

    pub fn if_match(&self) -> Result<Option<VersionId>, Failure> {
        let Some(value) = self.header("if-match")? else { return Ok(None) };
        let id = value.trim_matches('"').parse();
        id.map(Some).map_err(|_| Failure::invalid("If-Match takes one version id in double quotes"))
    }

    pub fn idempotency_key(&self) -> Result<Option<&str>, Failure> {
        match self.header("idempotency-key")? {
            Some(key) if key.is_empty() || key.len() > IDEMPOTENCY_KEY_MAX_BYTES => Err(Failure::invalid(
                format_args!("an idempotency key has 1 to {IDEMPOTENCY_KEY_MAX_BYTES} characters"),
            )),
            key => Ok(key),
        }
    }

    pub fn header(&self, name: &str) -> Result<Option<&str>, Failure> {
        let Some(value) = self.headers.get(name) else { return Ok(None) };
        value.to_str().map(Some).map_err(|_| Failure::invalid(format_args!("the header {name} is not ASCII")))
    }

    /// The address that the call came from, before this many proxies in front of the API. None where no proxy
    /// wrote it.
    pub fn forwarded_for(&self, proxies: usize) -> Option<IpAddr> {
        let chain = self.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let chain: Vec<&str> = chain.flat_map(|value| value.split(',')).collect();
        chain.iter().rev().nth(proxies)?.trim().parse().ok()
    }

    pub fn random<const N: usize>(&self) -> Result<[u8; N], Failure> {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes).map_err(|error| {
            tracing::error!(error = %Chain(&error), "no random bytes");
            Failure::new(Code::Internal, "the system returned no random bytes")
        })?;
        Ok(bytes)
    }
}
