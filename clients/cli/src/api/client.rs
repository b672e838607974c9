//! Sends calls to the HTTP API, repeats those that may be repeated, and counts what they cost.

use backon::{ExponentialBuilder, Retryable as _};
use bytes::Bytes;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, StatusCode, redirect};
use serde::de::DeserializeOwned;
use sluice_contracts::problem::{Code, Problem};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use super::call::{Call, headers_size_bytes};
use crate::backoff::{BRIEF, LONG, at_least};
use crate::error::{Error, Result};
use crate::meter::Meter;
use crate::session::ApiUrl;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// API Gateway gives up after 30 seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(40);
/// Lambda answers have at most 6 MiB.
const ANSWER_MAX_BYTES: usize = 16 << 20;

/// A client of one server, with or without a session.
#[derive(Clone)]
pub struct Api {
    http: Client,
    url: ApiUrl,
    token: Option<Arc<str>>,
    retries: ExponentialBuilder,
    meter: Arc<Meter>,
    /// Whether the server answered the last call. Without that, calls are given up soon.
    is_reachable: Arc<AtomicBool>,
}

/// An answer with any status.
pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// The code of the problem, if the answer is one.
    fn code(&self) -> Option<Code> {
        serde_json::from_slice::<Problem>(&self.body).ok().map(|problem| problem.code)
    }
}

/// Why a call may have to be repeated.
enum Failure {
    /// The server cannot do it now.
    Refused(Answer),
    /// The connection broke, or there was no answer in time.
    Unanswered(reqwest::Error),
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::Unanswered(error)
    }
}

impl Failure {
    fn is_worth_repeating(&self, call: &Call) -> bool {
        match self {
            // Its pause may be minutes, and nobody would see why.
            Self::Refused(answer) => answer.code() != Some(Code::TooManyAttempts),
            Self::Unanswered(error) => call.is_repeatable() || error.is_connect(),
        }
    }

    /// The delay that the server asks for.
    fn asked_delay(&self) -> Option<Duration> {
        match self {
            Self::Refused(answer) => retry_after(&answer.headers),
            Self::Unanswered(_) => None,
        }
    }
}

impl Api {
    /// A client that sends `token` with every call, if there is one.
    pub fn new(url: ApiUrl, token: Option<&str>) -> Result<Self> {
        let http = Client::builder()
            .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")))
            // Following a redirect could send the token to the bucket.
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .build()
            .map_err(|error| Error::UnexpectedAnswer(error.to_string()))?;
        Ok(Self {
            http,
            url,
            token: token.map(Arc::from),
            retries: BRIEF,
            meter: Arc::default(),
            is_reachable: Arc::default(),
        })
    }

    pub fn url(&self) -> &ApiUrl {
        &self.url
    }

    /// The same client with a new meter.
    #[must_use]
    pub fn metered(&self) -> Self {
        Self { meter: Arc::default(), ..self.clone() }
    }

    /// The same client, but it keeps retrying for longer once the server has answered.
    #[must_use]
    pub fn persistent(&self) -> Self {
        Self { retries: LONG, ..self.clone() }
    }

    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Sends the call and decodes the body of the answer.
    pub(super) async fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T> {
        let answer = self.success(call).await?;
        serde_json::from_slice(&answer.body).map_err(|error| Error::UnexpectedAnswer(error.to_string()))
    }

    /// Sends the call and returns a successful answer.
    pub(super) async fn success(&self, call: &Call) -> Result<Answer> {
        let answer = self.send(call).await?;
        if answer.status.is_client_error() || answer.status.is_server_error() {
            return Err(self.error_of(&answer));
        }
        Ok(answer)
    }

    /// Sends the call, and repeats it as long as a repeat may succeed.
    async fn send(&self, call: &Call) -> Result<Answer> {
        let retries = if self.is_reachable.load(Relaxed) { self.retries } else { BRIEF };
        let sent = (|| self.send_once(call))
            .retry(retries)
            .when(|failure| failure.is_worth_repeating(call))
            .adjust(|failure, drawn| at_least(failure.asked_delay(), drawn))
            .await;
        self.is_reachable.store(sent.is_ok(), Relaxed);
        match sent {
            Ok(answer) | Err(Failure::Refused(answer)) => Ok(answer),
            Err(Failure::Unanswered(error)) => Err(unreachable_peer(&error, self.url.as_url())),
        }
    }

    async fn send_once(&self, call: &Call) -> Result<Answer, Failure> {
        let request = call.build(&self.http, self.url.as_url(), self.token.as_deref())?;
        let sent_bytes = call.size_bytes(&request);
        self.meter.add_request();
        let mut response = self.http.execute(request).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > ANSWER_MAX_BYTES {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        let line = format!("HTTP/1.1 {}\r\n", response.status());
        let received_bytes = headers_size_bytes(response.headers()) + (line.len() + body.len()) as u64;
        self.meter.add_api_bytes(sent_bytes + received_bytes);
        let answer =
            Answer { status: response.status(), headers: response.headers().clone(), body: body.into() };
        if call.is_worth_repeating_after(answer.status) { Err(Failure::Refused(answer)) } else { Ok(answer) }
    }

    fn error_of(&self, answer: &Answer) -> Error {
        match serde_json::from_slice::<Problem>(&answer.body) {
            Ok(problem) if problem.code == Code::Unauthenticated => {
                Error::NotLoggedIn { api: self.url.to_string() }
            }
            Ok(problem) => Error::Problem(Box::new(problem)),
            // API Gateway answers without a problem document.
            Err(_) if answer.status == StatusCode::UNAUTHORIZED => {
                Error::NotLoggedIn { api: self.url.to_string() }
            }
            Err(_) if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS => {
                Error::Unreachable { peer: self.url.to_string(), reason: answer.status.to_string() }
            }
            Err(_) => Error::UnexpectedAnswer(format!("{} from {}", answer.status, self.url)),
        }
    }
}

/// The `Retry-After` of an answer, in seconds.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

/// The innermost cause of the failure. Leaves out the URL, because it may be presigned.
pub(crate) fn unreachable_peer(error: &reqwest::Error, url: &reqwest::Url) -> Error {
    let host = url.host_str().unwrap_or_default();
    let peer = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let reason = if error.is_timeout() { "no answer in time".to_owned() } else { innermost.to_string() };
    Error::Unreachable { peer, reason }
}
