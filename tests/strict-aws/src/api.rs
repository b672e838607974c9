//! The limits of an HTTP API of API Gateway.

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use tokio::time::timeout;

use crate::front::Common;
use crate::tally::Rule;

/// 10 MB.
const LARGEST_BODY_BYTES: usize = 10 << 20;

const TOO_LARGE: Rule = Rule("HTTP API: bodies of 10 MB at most");
const TOO_LATE: Rule = Rule("HTTP API: answers after 29 s are 503");

pub(crate) async fn answer(common: &Common, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    // A client that is still sending a longer one may not see the answer, as on AWS.
    let Ok(body) = to_bytes(body, LARGEST_BODY_BYTES).await else {
        common.tally.count(TOO_LARGE);
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let forwarded = common.backing.forward(Request::from_parts(parts, Body::from(body)));
    if let Ok(answer) = timeout(common.settings.api_timeout, forwarded).await {
        return answer;
    }
    common.tally.count(TOO_LATE);
    refused(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
}

fn refused(status: StatusCode, message: &str) -> Response {
    let body = serde_json::json!({ "message": message }).to_string();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
