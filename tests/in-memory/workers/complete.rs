//! complete-upload, repeated.

use complete_upload::{App, handle};
use http::{HeaderMap, Method, header};
use sluice_contracts::uploads::Completion;
use sluice_deployment::clock;
use sluice_domain::sweep::PENDING_PATIENCE;
use sluice_domain::upload::{Upload, UploadState};
use sluice_in_memory::faults::Fault;
use sluice_in_memory::sample;
use sluice_lambda::Call;
use std::sync::Arc;

use crate::dedup::delta::{Delta, prepared};
use crate::support::{Worker, World};

/// A world with a delta upload whose packs have landed, and the token of its user.
async fn sent() -> (World, Delta, String) {
    let (world, delta) = prepared().await;
    world.begin(&delta.upload).await;
    delta.put_pack(&world).await;
    let token = sample::log_in(&world.tables, &world.account).await;
    (world, delta, token)
}

/// Completes the upload as a client does. Returns whether it was accepted.
async fn complete(world: &World, delta: &Delta, token: &str) -> bool {
    let app = Arc::new(App::new(&world.deployment).expect("an app"));
    let manifest = Some(delta.manifest.clone());
    let completion = Completion { parts: Vec::new(), sha256: None, manifest };
    let token = format!("Bearer {token}").parse().expect("a header");
    let call = Call {
        method: Method::POST,
        path: format!("/uploads/{}/complete", delta.upload.upload_id),
        query: Vec::new(),
        headers: HeaderMap::from_iter([(header::AUTHORIZATION, token)]),
        body: serde_json::to_vec(&completion).expect("JSON"),
        request_id: "test".to_owned(),
        now: clock::now(),
    };
    handle(app, call).await.is_ok()
}

#[tokio::test]
async fn a_repeated_completion_sends_no_second_message() {
    let (world, delta, token) = sent().await;
    for _ in 0..3 {
        assert!(complete(&world, &delta, &token).await);
        assert_eq!(world.messages("landing").len(), 1);
    }
    let Upload { state, due_at, .. } = world.upload(&delta.upload).await;
    assert_eq!(state, UploadState::Pending);
    assert!(due_at > clock::now().after(PENDING_PATIENCE / 2), "the sweeper leaves it alone for a while");
    Worker::dedup(&world).finish().await;
    world.check_available(&delta.upload, &delta.content(), delta.used_bytes(), "").await;
}

#[tokio::test]
async fn a_completion_whose_message_was_not_sent_is_due_and_sends_it_when_repeated() {
    let (world, delta, token) = sent().await;
    world.services.faults.next("sqs:SendMessage", Fault::NotSent);
    assert!(!complete(&world, &delta, &token).await);
    let pending = world.upload(&delta.upload).await;
    assert_eq!(pending.state, UploadState::Pending);
    assert!(pending.due_at <= clock::now(), "the sweeper would send it");
    assert!(complete(&world, &delta, &token).await);
    Worker::dedup(&world).finish().await;
    world.check_available(&delta.upload, &delta.content(), delta.used_bytes(), "").await;
}
