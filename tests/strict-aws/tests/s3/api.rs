//! Tests the limits of an HTTP API.

use axum::http::Method;
use sluice_strict_aws::Settings;
use std::time::Duration;

use crate::support::{ANSWER, Ask, Setup};

fn call(body_bytes: usize) -> Ask {
    let ask = Ask { headers: Vec::new(), ..Ask::new(Method::POST, "/uploads") };
    ask.header("host", "a1.execute-api.localhost:4566").body(vec![0; body_bytes])
}

#[tokio::test]
async fn bodies_have_ten_megabytes_at_most() {
    let setup = Setup::start(|settings| settings).await;
    assert_eq!(setup.send(call(10 << 20)).await.body, ANSWER);
    assert_eq!(setup.send(call((10 << 20) + 1)).await.status, 413);
    assert_eq!(setup.forwarded(), 1);
}

#[tokio::test]
async fn a_late_answer_is_given_up() {
    let setup = Setup::start(|settings| Settings { api_timeout: Duration::ZERO, ..settings }).await;
    let reply = setup.send(call(10)).await;
    assert_eq!((reply.status, reply.body.as_str()), (503, "{\"message\":\"Service Unavailable\"}"));
}
