//! Sends requests to the store behind the double, in path style and signed with the store's credentials.

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use sluice_s3_protocol::uri::{Query, encode_path};
use sluice_s3_protocol::{Failure, xml};

use crate::answer::Answer;
use crate::clock::{real_now, to_signing_time};
use crate::failure;
use crate::settings::Account;
use crate::sigv4::{Canonical, SigningKey, canonical_value};

const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// The store that requests are forwarded to.
pub(crate) struct Backing {
    client: Client<HttpConnector, Body>,
    /// `http://127.0.0.1:8333`.
    endpoint: String,
    host: HeaderValue,
    account: Account,
}

/// A request to the store.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub method: Method,
    pub bucket: String,
    /// `None` for a request to the bucket itself.
    pub key: Option<String>,
    pub query: Query,
    /// Headers without those of the signature.
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Call {
    /// A request without headers and body.
    pub(crate) fn new(method: Method, bucket: &str, key: Option<&str>, query: Query) -> Self {
        Self {
            method,
            bucket: bucket.to_owned(),
            key: key.map(str::to_owned),
            query,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }
}

impl Backing {
    /// The store at an endpoint such as `http://host:port`; `None` if it is not one.
    pub(crate) fn new(endpoint: &str, account: Account) -> Option<Self> {
        let uri: Uri = endpoint.parse().ok()?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http") && uri.path() == "/")?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Some(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            host: HeaderValue::from_str(authority.as_str()).ok()?,
            account,
        })
    }

    /// Sends a request to the store. Any status of 300 and above except 304 is an error with the store's code
    /// and status. A missing answer is an error with status 500.
    pub(crate) async fn send(&self, call: Call) -> Result<Answer, Failure> {
        let is_head = call.method == Method::HEAD;
        let of_object = call.key.is_some();
        let request = self.sign(call).map_err(|error| failure::backing(&error))?;
        let response = self.client.request(request).await.map_err(|error| failure::backing(&error))?;
        let response = response.map(Body::new);
        let status = response.status();
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        let fallback = failure::from_status(status, of_object);
        let body = if is_head { String::new() } else { read_text(response).await? };
        let text = |name: &str| xml::text(&body, name).ok().flatten();
        Err(Failure {
            code: text("Code").unwrap_or(fallback.code),
            message: text("Message").unwrap_or(fallback.message),
            status,
        })
    }

    fn sign(&self, call: Call) -> http::Result<http::Request<Body>> {
        let key = call.key.as_deref().map_or(String::new(), |key| format!("/{key}"));
        let path = encode_path(&format!("/{}{key}", call.bucket));
        let query = call.query.to_canonical();
        let signing_time = to_signing_time(real_now());
        let signing_key = SigningKey::new(&self.account.secret_key, &signing_time[..8], &self.account.region);
        let mut headers = call.headers;
        headers.insert(HOST, self.host.clone());
        headers.insert("x-amz-content-sha256", HeaderValue::from_static(UNSIGNED));
        headers.insert("x-amz-date", HeaderValue::from_str(&signing_time)?);
        let signed = headers_to_sign(&headers);
        let method = call.method.as_str();
        let canonical = Canonical { method, path: &path, query: &query, headers: &signed, payload: UNSIGNED };
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
            self.account.access_key,
            signing_key.scope,
            canonical.signed_headers(),
            signing_key.sign(&signing_time, &canonical),
        );
        headers.insert("authorization", HeaderValue::from_str(&authorization)?);
        if matches!(call.method, Method::PUT | Method::POST) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(call.body.len()));
        }
        let separator = if query.is_empty() { "" } else { "?" };
        let uri = format!("{}{path}{separator}{query}", self.endpoint);
        let mut request = http::Request::builder().method(&call.method).uri(uri).body(call.body.into())?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

fn headers_to_sign(headers: &HeaderMap) -> Vec<(String, String)> {
    let matters =
        |name: &HeaderName| name == HOST || name == "content-md5" || name.as_str().starts_with("x-amz-");
    let chosen = headers.iter().filter(|(name, _)| matters(name));
    let mut chosen: Vec<_> =
        chosen.map(|(name, value)| (name.to_string(), canonical_value(value.as_bytes()))).collect();
    chosen.sort();
    chosen
}

/// Reads the answer to a copy or merge. It may fail after its status 200 was sent: its body is then an error.
pub(crate) async fn read_result(response: Answer) -> Result<String, Failure> {
    let text = read_text(response).await?;
    match xml::text(&text, "Code")? {
        Some(code) => {
            let message = xml::text(&text, "Message")?.unwrap_or_default();
            Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, &code, message))
        }
        None => Ok(text),
    }
}

/// Reads the whole body of an answer as text.
pub(crate) async fn read_text(response: Answer) -> Result<String, Failure> {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.map_err(|error| failure::backing(&error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
