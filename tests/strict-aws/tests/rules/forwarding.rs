use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::emulator::Emulator;

#[tokio::test]
async fn other_requests_and_answers_pass_as_they_are() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|_| {});
    let request = Request::put(format!("{}/a%2Fb//c?x=%20&y", front.endpoint()))
        .header("host", "bucket.example:1")
        .body(Body::from(vec![7; 1 << 20]))
        .expect("valid");
    let response = Client::builder(TokioExecutor::new()).build_http().request(request).await.expect("valid");
    assert_eq!(
        (response.status(), &response.headers()["x-kept"]),
        (StatusCode::IM_A_TEAPOT, &"yes".parse().expect("valid"))
    );
    let body = to_bytes(Body::new(response.into_body()), usize::MAX).await.expect("valid");
    assert_eq!(String::from_utf8_lossy(&body), "bucket.example:1 /a%2Fb//c?x=%20&y 1048576 bytes");
}
