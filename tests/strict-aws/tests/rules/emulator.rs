//! An emulator of DynamoDB in memory that also keeps what SQS is asked, and a client.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::handler::HandlerWithoutStateExt;
use axum::response::{IntoResponse as _, Response};
use dynoxide::{Database, DynoxideError};
use http::StatusCode;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sluice_strict_aws::{Settings, StrictAws};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// A request that the emulator got.
#[derive(Debug, Clone)]
pub struct Asked {
    pub operation: String,
    pub access_key: String,
    pub document: Value,
}

#[derive(Clone)]
pub struct Emulator {
    pub address: SocketAddr,
    database: Database,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Transactions take a permit each.
    pub transactions: Arc<Semaphore>,
}

/// An answer of the front.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub document: Value,
}

impl Reply {
    /// The error's code, without its namespace.
    pub fn code(&self) -> &str {
        self.document["__type"].as_str().and_then(|code| code.rsplit('#').next()).unwrap_or_default()
    }
}

impl Emulator {
    /// Starts an emulator with a table `files` and its index `by_hash`.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let database = Database::memory().expect("SQLite in memory");
        let table = json!({
            "TableName": "files",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "path", "AttributeType": "S" },
                { "AttributeName": "hash", "AttributeType": "S" },
            ],
            "KeySchema": [{ "AttributeName": "path", "KeyType": "HASH" }],
            "GlobalSecondaryIndexes": [{
                "IndexName": "by_hash",
                "KeySchema": [{ "AttributeName": "hash", "KeyType": "HASH" }],
                "Projection": { "ProjectionType": "ALL" },
            }],
        });
        database.create_table(serde_json::from_value(table).expect("a definition")).expect("a table");
        let address = listener.local_addr().expect("an address");
        let transactions = Arc::new(Semaphore::new(1000));
        let emulator = Self { address, database, asked: Arc::default(), transactions };
        let serving = emulator.clone();
        let answer = |request: Request| async move { serving.answer(request).await };
        tokio::spawn(axum::serve(listener, answer.into_make_service()).into_future());
        emulator
    }

    /// Starts a front, with these changes of settings under which no rule strikes.
    pub fn front(&self, change: impl FnOnce(&mut Settings)) -> StrictAws {
        let mut settings =
            Settings::in_front_of(&format!("http://{}", self.address), "administrator", "secret");
        settings.odds = sluice_strict_aws::Odds::NEVER;
        change(&mut settings);
        StrictAws::start(settings).expect("a front")
    }

    /// What the client asked this service, in order.
    pub fn asked(&self, operation: &str) -> Vec<Asked> {
        self.asked
            .lock()
            .expect("no panic")
            .iter()
            .filter(|asked| asked.operation == operation)
            .cloned()
            .collect()
    }

    async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let header = |name: &str| parts.headers.get(name).map_or("", |value| value.to_str().expect("text"));
        let body = to_bytes(body, usize::MAX).await.expect("valid");
        let Some((service, operation)) = header("x-amz-target").split_once('.') else {
            let echo = format!("{} {} {} bytes", header("host"), parts.uri, body.len());
            return (StatusCode::IM_A_TEAPOT, [("x-kept", "yes")], echo).into_response();
        };
        let document: Value = serde_json::from_slice(&body).expect("valid");
        let (_, access_key) = header("authorization").split_once("Credential=").expect("a signature");
        let access_key = access_key.split('/').next().unwrap_or_default().to_owned();
        let asked = Asked { operation: operation.to_owned(), access_key, document: document.clone() };
        self.asked.lock().expect("no panic").push(asked);
        if service == "AmazonSQS" {
            return json_response(StatusCode::OK, &received(operation));
        }
        if operation == "TransactWriteItems" {
            self.transactions.acquire().await.expect("a permit").forget();
        }
        match self.perform(operation, document) {
            Ok(answer) => json_response(StatusCode::OK, &answer),
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code()).expect("a status");
                json_response(status, &serde_json::from_str(&error.to_json()).expect("valid"))
            }
        }
    }

    fn perform(&self, operation: &str, document: Value) -> dynoxide::Result<Value> {
        let database = &self.database;
        match operation {
            "BatchGetItem" => perform(document, |request| database.batch_get_item(request)),
            "BatchWriteItem" => perform(document, |request| database.batch_write_item(request)),
            "DescribeTable" => perform(document, |request| database.describe_table(request)),
            "GetItem" => perform(document, |request| database.get_item(request)),
            "PutItem" => perform(document, |request| database.put_item(request)),
            "Query" => perform(document, |request| database.query(request)),
            "Scan" => perform(document, |request| database.scan(request)),
            "TransactWriteItems" => perform(document, |request| database.transact_write_items(request)),
            other => Err(DynoxideError::ValidationException(other.to_owned())),
        }
    }
}

fn perform<Request: DeserializeOwned, Response: Serialize>(
    document: Value,
    perform: impl FnOnce(Request) -> dynoxide::Result<Response>,
) -> dynoxide::Result<Value> {
    Ok(serde_json::to_value(perform(serde_json::from_value(document).expect("valid"))?).expect("valid"))
}

/// What a queue of two messages answers.
fn received(operation: &str) -> Value {
    let message = |handle| json!({ "MessageId": handle, "ReceiptHandle": handle, "Body": "{}" });
    match operation {
        "ReceiveMessage" => json!({ "Messages": [message("first"), message("second")] }),
        _ => json!({ "MessageId": "1" }),
    }
}

fn json_response(status: StatusCode, document: &Value) -> Response {
    (status, [("content-type", "application/x-amz-json-1.0")], document.to_string()).into_response()
}

/// What a test waits for, unless it takes a minute.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_mins(1), what).await.expect("an end within a minute")
}

/// Calls a service through the front, as the access key `function`.
pub async fn call(front: &StrictAws, target: &str, document: &Value) -> Reply {
    let service = if target.starts_with("AmazonSQS") { "sqs" } else { "dynamodb" };
    let credential =
        format!("AWS4-HMAC-SHA256 Credential=function/20260101/us-east-1/{service}/aws4_request");
    let request = Request::post(front.endpoint())
        .header("x-amz-target", target)
        .header("authorization", credential)
        .body(Body::from(document.to_string()))
        .expect("valid");
    let response =
        Client::builder(TokioExecutor::new()).build_http().request(request).await.expect("an answer");
    let status = response.status();
    let body = to_bytes(Body::new(response.into_body()), usize::MAX).await.expect("valid");
    Reply { status, document: serde_json::from_slice(&body).expect("valid") }
}
