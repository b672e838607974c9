//! Invocations, as the Runtime API hands them out.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// An event, with the headers that it came with.
#[derive(Debug, Clone)]
pub struct Invocation {
    headers: HeaderMap,
    event: Bytes,
}

impl Invocation {
    pub async fn receive(answer: reqwest::Response) -> Result<Self, reqwest::Error> {
        let mut headers = answer.headers().clone();
        // The answer to the function has a body of its own.
        headers.remove(CONTENT_LENGTH);
        headers.remove(TRANSFER_ENCODING);
        Ok(Self { headers, event: answer.bytes().await? })
    }

    /// Whether it is a batch of messages from SQS.
    pub fn is_from_queue(&self) -> bool {
        let event: Value = serde_json::from_slice(&self.event).unwrap_or_default();
        event["Records"][0]["eventSource"] == "aws:sqs"
    }
}

impl From<Invocation> for Response {
    fn from(Invocation { headers, event }: Invocation) -> Self {
        let mut response = Self::new(Body::from(event));
        *response.status_mut() = StatusCode::OK;
        *response.headers_mut() = headers;
        response
    }
}
