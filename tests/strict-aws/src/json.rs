//! Calls and answers of services with a JSON protocol.

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{Request, StatusCode, request, response};
use serde_json::{Value, json};

use crate::backing::Ask;
use crate::front::Common;
use crate::scope::Scope;

/// Larger than what any of these services takes: DynamoDB reads 16 MB.
const BODY_MAX: usize = 64 << 20;

const CONTENT_TYPE_JSON: &str = "application/x-amz-json-1.0";

/// A client's call.
#[derive(Debug)]
pub(crate) struct Call {
    pub operation: String,
    pub document: Value,
    pub scope: Scope,
    target: String,
    parts: request::Parts,
    body: Bytes,
}

/// The emulator's answer to a call.
#[derive(Debug)]
pub(crate) struct Answer {
    pub document: Value,
    parts: response::Parts,
    /// What `document` was read from; `None` if it is the front's own.
    body: Option<Bytes>,
}

impl Call {
    /// Reads a whole request. Gives it back if it is not a signed call with a JSON document.
    pub(crate) async fn read(request: Request<Body>) -> Result<Self, Request<Body>> {
        let (parts, body) = request.into_parts();
        // A client that stops sending gets the emulator's answer to an empty body.
        let body = to_bytes(body, BODY_MAX).await.unwrap_or_default();
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let target = target.unwrap_or_default().to_owned();
        let (_, operation) = target.split_once('.').unwrap_or_default();
        match (serde_json::from_slice(&body), Scope::of(&parts)) {
            (Ok(document), Some(scope)) => {
                Ok(Self { operation: operation.to_owned(), document, scope, target, parts, body })
            }
            _ => Err(Request::from_parts(parts, Body::from(body))),
        }
    }

    fn to_request(&self) -> Request<Body> {
        Request::from_parts(self.parts.clone(), Body::from(self.body.clone()))
    }
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        match to_bytes(body, BODY_MAX).await {
            Ok(body) => {
                let document = serde_json::from_slice(&body).unwrap_or_default();
                Self { document, parts, body: Some(body) }
            }
            Err(error) => Self::error(StatusCode::BAD_GATEWAY, "InternalError", &error.to_string()),
        }
    }

    /// An answer of the front's own.
    pub(crate) fn new(status: StatusCode, document: Value) -> Self {
        let (parts, ()) =
            (status, [(CONTENT_TYPE, CONTENT_TYPE_JSON)]).into_response().map(drop).into_parts();
        Self { parts, body: None, document }
    }

    /// A refusal with a code of the service.
    pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Self {
        Self::new(status, json!({ "__type": code, "message": message }))
    }

    pub(crate) fn is_success(&self) -> bool {
        self.parts.status.is_success()
    }

    /// The answer with another document.
    pub(crate) fn with(self, document: Value) -> Self {
        Self { document, body: None, ..self }
    }

    /// Adds a header, as in `x-amzn-query-error`.
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = value.parse() {
            self.parts.headers.insert(name, value);
        }
        self
    }

    /// The answer as it came, byte for byte, unless it has another document now.
    pub(crate) fn into_response(mut self) -> Response {
        let body = self.body.unwrap_or_else(|| {
            self.parts.headers.remove(CONTENT_LENGTH);
            self.parts.headers.remove("x-amz-crc32");
            Bytes::from(self.document.to_string())
        });
        Response::from_parts(self.parts, Body::from(body))
    }
}

impl Common {
    /// Forwards a call as it came.
    pub(crate) async fn forward(&self, call: &Call) -> Answer {
        Answer::read(self.backing.forward(call.to_request()).await).await
    }

    /// Makes the call with another document, as administrator, because the client's signature covers its own.
    pub(crate) async fn instead(&self, call: &Call, document: &Value) -> Answer {
        let Scope { region, service, .. } = &call.scope;
        let ask = Ask { service, region, target: &call.target, document };
        match self.backing.ask(ask).await {
            Ok(told) => Answer::new(told.status, told.document),
            Err(error) => Answer::error(StatusCode::BAD_GATEWAY, "InternalError", &error.to_string()),
        }
    }
}
