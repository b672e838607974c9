//! The Runtime API that the function talks to, in front of the emulator's.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::json;
use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;

use crate::fate::{Fate, Fates};
use crate::invocation::Invocation;
use crate::limits::ANSWER_MAX_BYTES;
use crate::sandbox::Sandbox;

type BoxError = Box<dyn Error + Send + Sync>;

pub struct Proxy {
    runtime_api: String,
    client: reqwest::Client,
    sandbox: Sandbox,
    fates: Fates,
    current: Mutex<Current>,
}

/// The invocation that the function has, and what is to happen at its end.
#[derive(Debug, Default)]
enum Current {
    #[default]
    Plain,
    /// The process dies with the answer.
    Last,
    /// The function has seen the event once, and is to see it again.
    FirstOfTwo(Invocation),
    /// The emulator has the answer to the first delivery; this one's is for nobody.
    Second,
}

/// Answers the function's requests.
pub async fn serve(listener: TcpListener, proxy: Proxy) -> io::Result<()> {
    let router = Router::new().fallback(answer).with_state(Arc::new(proxy));
    axum::serve(listener, router).await
}

async fn answer(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    proxy.handle(request).await.unwrap_or_else(|error| {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("strict-runtime: {error}")).into_response()
    })
}

impl Proxy {
    pub fn new(runtime_api: String, sandbox: Sandbox, fates: Fates) -> reqwest::Result<Self> {
        // The emulator is on this machine, which another one's proxy cannot reach.
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { runtime_api, client, sandbox, fates, current: Mutex::default() })
    }

    async fn handle(&self, request: Request) -> Result<Response, BoxError> {
        let path = request.uri().path().to_owned();
        let method = request.method().clone();
        let body = to_bytes(request.into_body(), usize::MAX).await?;
        if path.ends_with("/runtime/invocation/next") {
            return self.next(&path).await;
        }
        if !path.contains("/runtime/invocation/") {
            return self.forward(method, &path, body).await;
        }
        match self.replace_current(Current::Plain) {
            Current::Plain => self.deliver(&path, body).await,
            Current::Last => self.sandbox.kill(),
            Current::FirstOfTwo(invocation) => {
                let answer = self.deliver(&path, body).await;
                self.replace_current(Current::FirstOfTwo(invocation));
                answer
            }
            Current::Second => Ok(StatusCode::ACCEPTED.into_response()),
        }
    }

    fn replace_current(&self, current: Current) -> Current {
        std::mem::replace(&mut *self.current.lock().unwrap_or_else(PoisonError::into_inner), current)
    }

    /// Hands out an event. The function's process stands still until there is one.
    async fn next(&self, path: &str) -> Result<Response, BoxError> {
        if let Current::FirstOfTwo(invocation) = self.replace_current(Current::Plain) {
            self.replace_current(Current::Second);
            return Ok(invocation.into());
        }
        self.sandbox.freeze()?;
        let answer = self.client.get(format!("http://{}{path}", self.runtime_api)).send().await;
        self.sandbox.thaw()?;
        let invocation = Invocation::receive(answer?.error_for_status()?).await?;
        let fate = if invocation.is_from_queue() { self.fates.next()? } else { Fate::Lives };
        match fate {
            Fate::Lives => {}
            Fate::IsRepeated => drop(self.replace_current(Current::FirstOfTwo(invocation.clone()))),
            Fate::DiesBefore => self.sandbox.kill(),
            Fate::DiesWithin(life) => {
                let sandbox = self.sandbox;
                tokio::spawn(async move {
                    tokio::time::sleep(life).await;
                    sandbox.kill();
                });
            }
            Fate::DiesAfter => drop(self.replace_current(Current::Last)),
        }
        Ok(invocation.into())
    }

    /// Passes an answer or an error on, unless it is too large.
    async fn deliver(&self, path: &str, body: Bytes) -> Result<Response, BoxError> {
        if body.len() <= ANSWER_MAX_BYTES {
            return self.forward(Method::POST, path, body).await;
        }
        let error = json!({
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": format!("an answer has at most {ANSWER_MAX_BYTES} bytes, not {}", body.len()),
        });
        let path = path.replace("/response", "/error");
        self.forward(Method::POST, &path, error.to_string().into()).await?;
        Ok((StatusCode::PAYLOAD_TOO_LARGE, error.to_string()).into_response())
    }

    async fn forward(&self, method: Method, path: &str, body: Bytes) -> Result<Response, BoxError> {
        let request = self.client.request(method, format!("http://{}{path}", self.runtime_api));
        let answer = request.body(body).send().await?;
        Ok((answer.status(), answer.bytes().await?).into_response())
    }
}
