//! Tests the deployed webhook with calls like those of Ceph and MinIO.

use reqwest::Method;
use sluice_contracts::problem::Code;
use sluice_tests::{Client, Deployed, WEBHOOK_SECRET, bytes, paused};

use crate::bridge::{sample, samples};
use crate::support::{Landed, Worker, unhurried};

type Headers<'a> = &'a [(&'a str, &'a str)];

/// Calls the webhook as a store does.
async fn post(url: &str, headers: Headers<'_>, body: String) -> u16 {
    let mut request = reqwest::Client::new().post(url).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn the_deployed_webhook_accepts_the_secret_in_three_places_and_sends_to_the_landing_queue() {
    let worker = Worker::new(paused());
    let url = format!("{}/webhooks/store-events", worker.stack.api);
    let with_token = format!("{url}?token={WEBHOOK_SECRET}");
    let bearer = format!("Bearer {WEBHOOK_SECRET}");
    // The content type that curl sends by default, and Ceph with it.
    let form = ("content-type", "application/x-www-form-urlencoded");
    let json = ("content-type", "application/json");
    let ways: [(&str, &str, Headers); 3] = [
        ("minio/put.json", &url, &[json, ("authorization", &bearer)]),
        ("minio/put.json", &url, &[json, ("authorization", WEBHOOK_SECRET)]),
        ("ceph/put.json", &with_token, &[form]),
    ];
    for (seed, (name, url, headers)) in (21..).zip(ways) {
        assert_eq!(post(url, headers, String::new()).await, 204, "a probe");
        let landed = Landed::new(worker.stack, bytes(seed, 3000)).await;
        let body = sample(name, &landed.key);
        assert_eq!(post(url, headers, body.clone()).await, 204, "{name}");
        let message = find_in_landing_queue(worker.stack, &body).await;
        assert_eq!(worker.receive(&message, 1, unhurried()).await, Vec::<String>::new());
        landed.check_available(&worker, name).await;
    }
    let log = std::fs::read_to_string(&worker.stack.functions_log).expect("a log");
    assert!(!log.contains(WEBHOOK_SECRET), "the secret was logged");
}

/// Waits for this message among those that the stack's own bucket sent.
async fn find_in_landing_queue(stack: &Deployed, body: &str) -> String {
    let sqs = aws_sdk_sqs::Client::new(&stack.sdk);
    for _ in 0..500 {
        let received = sqs
            .receive_message()
            .queue_url(stack.setting("SLUICE_LANDING_QUEUE_URL"))
            .max_number_of_messages(10)
            .visibility_timeout(30)
            .wait_time_seconds(1)
            .send()
            .await
            .expect("received");
        if let Some(found) = received.messages().iter().find(|message| message.body() == Some(body)) {
            return found.body().unwrap_or_default().to_owned();
        }
    }
    panic!("the message did not arrive in the landing queue");
}

#[tokio::test]
async fn the_deployed_webhook_refuses_calls_without_the_secret() {
    let stack = paused();
    let stranger = Client::stranger(stack);
    let user = Client::register(stack).await;
    let body = std::fs::read_to_string(samples("ceph/put.json")).expect("a sample");
    let wrong = WEBHOOK_SECRET.replace('4', "5");
    let send = async |client: &Client, path: &str, headers: Headers<'_>| {
        client.send_raw(Method::POST, path, headers, body.clone().into_bytes()).await
    };
    for (client, path, headers) in [
        (&stranger, "/webhooks/store-events".to_owned(), vec![]),
        (&stranger, format!("/webhooks/store-events?token={wrong}"), vec![]),
        (&stranger, "/webhooks/store-events?token=".to_owned(), vec![]),
        (&stranger, format!("/webhooks/store-events?secret={WEBHOOK_SECRET}"), vec![]),
        (&stranger, "/webhooks/store-events".to_owned(), vec![("authorization", &*wrong)]),
        // A session token is not the webhook's secret, whatever else is sent.
        (&user, "/webhooks/store-events".to_owned(), vec![]),
        (&user, format!("/webhooks/store-events?token={WEBHOOK_SECRET}"), vec![]),
    ] {
        let refused = send(client, &path, &headers).await;
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        let problem = refused.expect_problem(401, Code::Unauthenticated);
        assert!(!format!("{problem:?}").contains(WEBHOOK_SECRET));
    }
    let path = format!("/webhooks/store-events?token={WEBHOOK_SECRET}");
    send(&stranger, &format!("{path}&more=1"), &[]).await.expect_problem(400, Code::InvalidRequest);
    let poison = stranger.send_raw(Method::POST, &path, &[], b"{\"Records\": \"poison\"}".to_vec()).await;
    poison.expect_problem(400, Code::InvalidRequest);
}
