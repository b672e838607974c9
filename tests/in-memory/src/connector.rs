//! The HTTP client of the SDKs that takes each request to the service it is for.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::json;
use sluice_deployment::clock;
use std::error::Error;

use crate::Services;
use crate::delivery::Delivery;
use crate::faults::Fault;
use crate::queues::Refusal;

type BoxError = Box<dyn Error + Send + Sync>;

#[derive(Debug, Clone)]
pub struct Connector(Services);

/// The operation that a request asks for.
#[derive(Debug)]
enum Operation {
    DynamoDb(String),
    Sqs(String),
    S3(&'static str),
}

impl Operation {
    fn of<Body>(request: &Request<Body>) -> Self {
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        match target.and_then(|target| target.split_once('.')) {
            Some(("AmazonSQS", operation)) => Self::Sqs(operation.to_owned()),
            Some((_, operation)) => Self::DynamoDb(operation.to_owned()),
            None => Self::S3(s3_operation(request)),
        }
    }

    /// The name in errors of `sluice-storage`.
    fn name(&self) -> String {
        match self {
            Self::DynamoDb(operation) => format!("dynamodb:{operation}"),
            Self::Sqs(operation) => format!("sqs:{operation}"),
            Self::S3(operation) => format!("s3:{operation}"),
        }
    }

    /// What the service answers if it refuses the request for this reason.
    fn refused(&self, status: StatusCode, code: &str) -> Response<Bytes> {
        let body = match self {
            Self::S3(_) => format!("<Error><Code>{code}</Code><Message>as the test wants</Message></Error>"),
            Self::DynamoDb(_) | Self::Sqs(_) => {
                json!({ "__type": code, "message": "as the test wants" }).to_string()
            }
        };
        response(status, body)
    }
}

fn s3_operation<Body>(request: &Request<Body>) -> &'static str {
    let query = request.uri().query().unwrap_or_default();
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let copies = request.headers().contains_key("x-amz-copy-source");
    match *request.method() {
        Method::HEAD => "HeadObject",
        Method::GET if has("list-type") => "ListObjectsV2",
        Method::GET if has("uploadId") => "ListParts",
        Method::GET => "GetObject",
        Method::PUT if has("partNumber") && copies => "UploadPartCopy",
        Method::PUT if has("partNumber") => "UploadPart",
        Method::PUT if copies => "CopyObject",
        Method::PUT => "PutObject",
        Method::POST if has("uploads") => "CreateMultipartUpload",
        Method::POST => "CompleteMultipartUpload",
        Method::DELETE if has("uploadId") => "AbortMultipartUpload",
        _ => "DeleteObject",
    }
}

fn response(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    response
}

impl Connector {
    pub fn new(services: Services) -> Self {
        Self(services)
    }

    pub fn into_client(self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self);
        http_client_fn(move |_, _| connector.clone())
    }

    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
        let request = Request::from_parts(parts, body);
        let operation = Operation::of(&request);
        let lost = || ConnectorError::io("as the test wants".into());
        let mut delivery = Delivery::AtOnce;
        let answer = match self.0.faults.strike(&operation.name()) {
            None => self.serve(&operation, request).await,
            Some(Fault::Throttled) => Ok(operation.throttled()),
            Some(Fault::Collided) => {
                Ok(operation.refused(StatusCode::BAD_REQUEST, "TransactionConflictException"))
            }
            Some(Fault::InternalError) => {
                Ok(operation.refused(StatusCode::INTERNAL_SERVER_ERROR, "InternalError"))
            }
            Some(Fault::NotSent) => return Err(lost()),
            Some(Fault::AnswerLost) => {
                self.serve(&operation, request).await.map_err(ConnectorError::io)?;
                return Err(lost());
            }
            Some(Fault::Slow(duration)) => {
                tokio::time::sleep(duration).await;
                self.serve(&operation, request).await
            }
            Some(Fault::Silent(duration)) => {
                delivery = Delivery::After(duration);
                self.serve(&operation, request).await
            }
            Some(Fault::Stalled) => {
                delivery = Delivery::HalfOnly;
                self.serve(&operation, request).await
            }
            Some(Fault::NoAnswer) => std::future::pending().await,
            Some(Fault::Meanwhile(another)) => {
                another.await;
                self.serve(&operation, request).await
            }
        };
        let answer = answer.map_err(ConnectorError::io)?.map(|bytes| delivery.body(bytes));
        HttpResponse::try_from(answer).map_err(|error| ConnectorError::io(error.into()))
    }

    async fn serve(
        &self,
        operation: &Operation,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, BoxError> {
        match operation {
            Operation::DynamoDb(name) => {
                let answer = self.0.tables.call(name, request.body());
                Ok(response(StatusCode::from_u16(answer.status)?, answer.json))
            }
            Operation::Sqs(name) => Ok(match self.0.queues.call(name, request.body(), clock::now()) {
                Ok(answer) => response(StatusCode::OK, answer.to_string()),
                Err(Refusal(code)) => operation.refused(StatusCode::BAD_REQUEST, code),
            }),
            Operation::S3(_) => self.serve_s3(request).await,
        }
    }

    async fn serve_s3(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
        // A client on a socket adds the header that the signature is about.
        let host = request.uri().authority().map_or("", |authority| authority.as_str()).parse()?;
        request.headers_mut().entry(HOST).or_insert(host);
        let response = self.0.buckets.service().call(request.map(s3s::Body::from)).await?;
        let (parts, body) = response.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    }
}

impl Operation {
    fn throttled(&self) -> Response<Bytes> {
        match self {
            Self::S3(_) => self.refused(StatusCode::SERVICE_UNAVAILABLE, "SlowDown"),
            Self::DynamoDb(_) => self.refused(StatusCode::BAD_REQUEST, "ThrottlingException"),
            Self::Sqs(_) => self.refused(StatusCode::FORBIDDEN, "RequestThrottled"),
        }
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move { connector.answer(request).await })
    }
}
