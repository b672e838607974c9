//! Builds requests to the store from clients' requests.

use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use sluice_s3_protocol::Failure;
use sluice_s3_protocol::uri::Query;

use crate::answer::etag_of;
use crate::backing::Call;
use crate::etag::condition_for_store;
use crate::failure;
use crate::front::Front;
use crate::request::Request;

/// Headers that describe an object and are stored with it.
const DESCRIPTION: [&str; 7] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
    "x-amz-acl",
];
/// Headers that select an object or a range, besides conditions on the `ETag`.
const SELECTION: [&str; 3] = ["if-modified-since", "if-unmodified-since", "range"];

impl Request {
    /// Returns the request to the store without headers. Checksums, names of trailers and the storage class
    /// are not forwarded.
    pub(crate) fn to_call(&self) -> Call {
        let query = self.query.for_store();
        let call = Call::new(self.method.clone(), &self.bucket, self.key.as_deref(), query);
        Call { body: self.body.clone(), ..call }
    }

    /// Returns the request to the store with the headers that describe the object.
    pub(crate) fn to_call_with_description(&self) -> Call {
        let is_kept = |name: &str| DESCRIPTION.contains(&name) || name.starts_with("x-amz-meta-");
        let mut call = self.to_call();
        for (name, value) in self.headers.iter().filter(|(name, _)| is_kept(name.as_str())) {
            let value = if name == "content-encoding" { without_framing(value) } else { Some(value.clone()) };
            if let Some(value) = value {
                call.headers.append(name.clone(), value);
            }
        }
        call
    }
}

impl Front {
    /// Returns a read request to the store. A condition on the `ETag` costs a HEAD, because the store's
    /// differs.
    pub(crate) async fn reading_call(&self, request: &Request) -> Result<Call, Failure> {
        let mut call = request.to_call();
        call.headers = pick(&request.headers, &SELECTION);
        for name in [IF_MATCH, IF_NONE_MATCH] {
            if let Some(condition) = request.header(name.as_str()) {
                let head = self.head(&request.bucket, request.key(), &request.query).await?;
                let condition = condition_for_store(condition, head.as_ref().and_then(etag_of));
                call.headers.insert(name, header_value(&condition)?);
            }
        }
        Ok(call)
    }

    /// Returns the store's head of an object; `None` if it does not exist. `query` may name a version.
    pub(crate) async fn head(
        &self,
        bucket: &str,
        key: &str,
        query: &Query,
    ) -> Result<Option<HeaderMap>, Failure> {
        let call = Call::new(Method::HEAD, bucket, Some(key), query.only("versionId"));
        match self.backing.send(call).await {
            Ok(response) => Ok(Some(response.headers().clone())),
            Err(failure) if failure.status == http::StatusCode::NOT_FOUND => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

/// The headers with these names.
pub(crate) fn pick(headers: &HeaderMap, names: &[&'static str]) -> HeaderMap {
    let header = |name: &&'static str| Some((HeaderName::from_static(name), headers.get(*name)?.clone()));
    names.iter().filter_map(header).collect()
}

pub(crate) fn header_value(text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text).map_err(|_| failure::invalid_argument("a value is not valid in a header"))
}

/// Removes aws-chunked from a `Content-Encoding`, because it describes only the transfer. `None` if nothing
/// is left.
fn without_framing(value: &HeaderValue) -> Option<HeaderValue> {
    let text = value.to_str().ok()?;
    let kept: Vec<_> = text.split(',').map(str::trim).filter(|coding| *coding != "aws-chunked").collect();
    HeaderValue::from_str(&kept.join(", ")).ok().filter(|value| !value.is_empty())
}
