//! A front, the server behind it, and requests whose signatures nobody verifies.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use sluice_strict_aws::{Odds, Settings, StrictAws};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The answer of the server behind the front.
pub const ANSWER: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Answer/>";

pub struct Setup {
    pub strict: StrictAws,
    /// The number of requests that the front let pass.
    pub forwarded: Arc<AtomicU64>,
}

/// A request to the front.
pub struct Ask {
    pub method: Method,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

impl Setup {
    /// A front where no fault strikes, except by these settings.
    pub async fn start(change: impl FnOnce(Settings) -> Settings) -> Self {
        let forwarded = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&forwarded);
        let answer = move |body: Bytes| async move {
            drop(body);
            counter.fetch_add(1, Ordering::Relaxed);
            (StatusCode::OK, ANSWER)
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let backing = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(
            axum::serve(listener, Router::new().fallback(answer).layer(DefaultBodyLimit::disable()))
                .into_future(),
        );
        let settings =
            Settings { odds: Odds::NEVER, ..Settings::in_front_of(&backing, "administrator", "secret") };
        Self { strict: StrictAws::start(change(settings)).unwrap(), forwarded }
    }

    pub async fn send(&self, ask: Ask) -> Reply {
        let response = self.begin(ask).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Reply { status, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// Sends a request and waits for the head of the answer only.
    pub async fn begin(&self, ask: Ask) -> http::Response<Incoming> {
        let uri = format!("{}{}", self.strict.endpoint(), ask.path);
        let mut request = http::Request::builder().method(ask.method).uri(uri);
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let client = Client::builder(TokioExecutor::new()).build_http();
        client.request(request.body(Full::<Bytes>::from(ask.body)).unwrap()).await.unwrap()
    }

    pub fn forwarded(&self) -> u64 {
        self.forwarded.load(Ordering::Relaxed)
    }
}

impl Ask {
    /// A request that claims a signature of all its later headers.
    pub fn new(method: Method, path: &str) -> Self {
        let headers = vec![
            ("x-amz-date".to_owned(), "20260101T000000Z".to_owned()),
            ("x-amz-content-sha256".to_owned(), "UNSIGNED-PAYLOAD".to_owned()),
        ];
        Self { method, path: path.to_owned(), headers, body: Vec::new() }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Claims a signature of all headers so far.
    pub fn sign(self) -> Self {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let claim = format!(
            "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/s3/aws4_request, SignedHeaders=host;{}, Signature=0",
            names.join(";")
        );
        self.header("authorization", claim)
    }
}

impl Reply {
    /// The status and S3 code.
    pub fn refusal(&self) -> (u16, &str) {
        let code = self.body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        (self.status, code.map_or("", |(code, _)| code))
    }
}
