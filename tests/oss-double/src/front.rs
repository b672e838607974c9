//! Handles one request from reading it to its answer.

use axum::body::Body;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};
use sluice_s3_protocol::{Failure, Operation};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::answer::{Answer, spoil_crc, xml};
use crate::backing::Backing;
use crate::clock::{Clock, to_http_date};
use crate::compatible;
use crate::faults::{Faults, InjectedFailure};
use crate::memory::Memory;
use crate::request::Request;
use crate::rules;
use crate::settings::Settings;
use crate::verify::verify;

/// The largest body of a request, in bytes. Bodies are kept in memory until they are checked.
const LARGEST_BODY_BYTES: usize = 128 << 20;

/// The state that all requests share.
pub(crate) struct Front {
    pub settings: Settings,
    pub clock: Clock,
    pub backing: Backing,
    pub memory: Memory,
    pub faults: Faults,
    pub requests: Mutex<BTreeMap<Operation, u64>>,
    pub refusals: Mutex<BTreeMap<String, u64>>,
    pub next_request: AtomicU64,
}

impl Front {
    /// `None` if the endpoint of the store is invalid.
    pub(crate) fn new(settings: Settings) -> Option<Self> {
        Some(Self {
            clock: Clock::new(settings.clock_skew_seconds),
            backing: Backing::new(&settings.backing_endpoint, settings.backing_account.clone())?,
            memory: Memory::new(),
            faults: Faults::new(),
            requests: Mutex::default(),
            refusals: Mutex::default(),
            next_request: 1.into(),
            settings,
        })
    }

    /// Answers any request.
    pub(crate) async fn answer(&self, request: http::Request<Body>) -> Answer {
        let request_id = format!("{:024X}", self.next_request.fetch_add(1, Ordering::Relaxed));
        let is_head = request.method() == Method::HEAD;
        let mut answer = self.admit(request).await.unwrap_or_else(|failure| {
            xml(failure.status, failure.to_xml(&request_id, &self.settings.host_suffix))
        });
        if is_head && !answer.status().is_success() {
            *answer.body_mut() = Body::empty();
            answer.headers_mut().remove(CONTENT_LENGTH);
        }
        let own_headers = [
            ("date", to_http_date(self.clock.now())),
            ("server", "AliyunOSS".to_owned()),
            ("x-amz-request-id", request_id.clone()),
            ("x-oss-request-id", request_id),
        ];
        (own_headers, answer).into_response()
    }

    /// Checks and dispatches a request. It reads the body before refusing anything, because a client that is
    /// still sending would not see the answer.
    async fn admit(&self, request: http::Request<Body>) -> Result<Answer, Failure> {
        let (parts, body) = request.into_parts();
        let body = read_body(body).await?;
        let (request, operation) =
            self.check(parts, body).inspect_err(|failure| self.count_refusal(failure))?;
        let planned = self.faults.take(operation);
        if let Some(held) = planned.held {
            held.until_released().await;
        }
        if let Some(failure) = planned.fail {
            return Err(injected(failure));
        }
        let answer = self.dispatch(operation, &request).await;
        if let Some(failure) = planned.fail_afterwards {
            return Err(injected(failure));
        }
        let mut answer = answer.inspect_err(|failure| self.count_refusal(failure))?;
        if planned.wrong_crc {
            spoil_crc(answer.headers_mut());
        }
        Ok(answer)
    }

    fn check(&self, parts: http::request::Parts, body: Bytes) -> Result<(Request, Operation), Failure> {
        let mut request = Request::parse(parts, &self.settings.host_suffix)?;
        let operation = compatible::operation(&request);
        if let Ok(operation) = operation {
            *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default() += 1;
        }
        rules::check_trailers(&request)?;
        let verified = verify(&request, &self.settings.account, self.clock.now())?;
        request.body = rules::check_payload(&request, body, &verified)?;
        let operation = operation?;
        rules::check(&request, operation)?;
        Ok((request, operation))
    }

    async fn dispatch(&self, operation: Operation, request: &Request) -> Result<Answer, Failure> {
        match operation {
            Operation::PutObject => self.put_object(request).await,
            Operation::GetObject | Operation::HeadObject => self.read_object(request).await,
            Operation::DeleteObject => self.delete_object(request).await,
            Operation::CopyObject => self.copy_object(request).await,
            Operation::UploadPartCopy => self.copy_part(request).await,
            Operation::CreateMultipartUpload => self.create_upload(request).await,
            Operation::UploadPart => self.upload_part(request).await,
            Operation::CompleteMultipartUpload => self.complete_upload(request).await,
            Operation::AbortMultipartUpload => self.abort_upload(request).await,
            Operation::ListParts | Operation::ListObjects => self.list(request).await,
            Operation::DeleteObjects => self.delete_objects(request).await,
            Operation::HeadBucket
            | Operation::CreateBucket
            | Operation::DeleteBucket
            | Operation::Settings => self.forward(request).await,
        }
    }

    fn count_refusal(&self, failure: &Failure) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        *refusals.entry(failure.code.clone()).or_default() += 1;
    }
}

async fn read_body(body: Body) -> Result<Bytes, Failure> {
    let collected = Limited::new(body, LARGEST_BODY_BYTES).collect().await;
    collected.map(Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            return Failure::bad("EntityTooLarge", "the double accepts bodies of up to 128 MiB");
        }
        Failure::bad("IncompleteBody", "the body ended before its length")
    })
}

fn injected(failure: InjectedFailure) -> Failure {
    let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Failure { status, code: failure.code, message: "an injected fault".to_owned() }
}
