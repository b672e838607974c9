//! Copies and merges as S3 makes them: status 200 first, then silence, and perhaps an error at the end.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use sluice_s3_protocol::{Failure, Operation};
use std::convert::Infallible;
use tokio::time::sleep;

use super::call::Call;
use crate::front::Common;
use crate::tally::Rule;

/// More than any answer to a copy or merge.
const LARGEST_ANSWER_BYTES: usize = 1 << 20;

pub(super) const FAILED: Rule = Rule("S3: an error inside a 200");
const SILENT: Rule = Rule("S3: 200 first, then silence");

/// The answer to a copy or merge that S3 gave up after its status was sent.
pub(super) fn failure() -> Failure {
    let message = "We encountered an internal error. Please try again.";
    Failure::new(StatusCode::OK, "InternalError", message)
}

/// Holds back the end of a successful answer to a copy or merge now and then.
pub(super) async fn in_silence(common: &Common, call: &Call, answer: Response) -> Response {
    let is_chosen = is_copy(call)
        && answer.status().is_success()
        && common.strikes(SILENT, &call.resource(), common.settings.odds.silent_copy);
    if !is_chosen {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    // A body that cannot be read ends early for the client too.
    let text = to_bytes(body, LARGEST_ANSWER_BYTES).await.unwrap_or_default();
    let declaration = text.windows(2).position(|end| end == b"?>").map_or(0, |start| start + 2);
    let silence = common.settings.copy_silence;
    let first = stream::iter([Ok::<Bytes, Infallible>(text.slice(..declaration))]);
    let rest = stream::once(async move {
        sleep(silence).await;
        Ok(text.slice(declaration..))
    });
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from_stream(first.chain(rest)))
}

pub(super) fn is_copy(call: &Call) -> bool {
    use Operation as O;
    matches!(call.operation, O::CopyObject | O::UploadPartCopy | O::CompleteMultipartUpload)
}
