//! Sends requests to the emulator: clients' as they came, and the front's own as administrator.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{Request, StatusCode, Uri};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::error::Error;
use std::time::SystemTime;

use crate::settings::Settings;

type BoxError = Box<dyn Error + Send + Sync>;

/// The emulator that requests are forwarded to.
#[derive(Debug, Clone)]
pub(crate) struct Backing {
    client: Client<HttpConnector, Body>,
    /// `http://127.0.0.1:4566`.
    endpoint: Uri,
    administrator: Credentials,
}

/// A call of a service with a JSON protocol, by the front itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// The signing name.
    pub service: &'a str,
    pub region: &'a str,
    /// The value of `X-Amz-Target`.
    pub target: &'a str,
    pub document: &'a Value,
}

/// An answer with a JSON document.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub status: StatusCode,
    pub document: Value,
}

impl Backing {
    /// `None` if it is not an endpoint such as `http://host:port`.
    pub(crate) fn new(settings: &Settings) -> Option<Self> {
        let endpoint: Uri = settings.backing.parse().ok()?;
        endpoint.authority()?;
        let (access_key, secret_key) = (settings.access_key.clone(), settings.secret_key.clone());
        let administrator = Credentials::new(access_key, secret_key, None, None, "administrator");
        Some(Self { client: Client::builder(TokioExecutor::new()).build_http(), endpoint, administrator })
    }

    /// Forwards a request as it came, with its `Host`, and streams both bodies.
    pub(crate) async fn forward(&self, mut request: Request<Body>) -> Response {
        let mut uri = self.endpoint.clone().into_parts();
        uri.path_and_query = request.uri().path_and_query().cloned();
        match Uri::from_parts(uri) {
            Ok(uri) => *request.uri_mut() = uri,
            Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
        }
        match self.client.request(request).await {
            Ok(response) => response.map(Body::new),
            Err(error) => {
                (StatusCode::BAD_GATEWAY, format!("the emulator did not answer: {error}")).into_response()
            }
        }
    }

    /// Asks the emulator with the keys of an administrator.
    pub(crate) async fn ask(&self, ask: Ask<'_>) -> Result<Told, BoxError> {
        let body = ask.document.to_string();
        let mut request = Request::post(self.endpoint.clone())
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", ask.target)
            .body(())?;
        let identity = self.administrator.clone().into();
        let signing = SigningParams::builder()
            .identity(&identity)
            .region(ask.region)
            .name(ask.service)
            .time(now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers = request.headers().iter().filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            Some((name.as_str(), value))
        });
        let uri = self.endpoint.to_string();
        let signable = SignableRequest::new("POST", uri, headers, SignableBody::Bytes(body.as_bytes()))?;
        let (instructions, _) = sign(signable, &signing)?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        let response = self.client.request(request.map(|()| Body::from(body))).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        Ok(Told { status, document: serde_json::from_slice(&bytes)? })
    }
}

#[expect(clippy::disallowed_methods, reason = "the front's only reading of the clock, for signatures")]
fn now() -> SystemTime {
    SystemTime::now()
}
