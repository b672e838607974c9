//! read-content.

use aws_credential_types::Credentials as AccessKey;
use aws_credential_types::provider::SharedCredentialsProvider;
use http::StatusCode;
use read_content::{App, handle};
use sluice_contracts::packs::Plan;
use sluice_deployment::{Deployment, clock};
use sluice_domain::blob::{Attachment, Blob, Life, Pack, Placement};
use sluice_domain::chunk::Chunk;
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::hash::{ChunkId, Sha1, Sha256};
use sluice_domain::id::PackId;
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::{Manifest, Term};
use sluice_domain::pack_index::PackIndex;
use sluice_domain::publication::{Outcome, StoredBlob};
use sluice_domain::upload::Upload;
use sluice_in_memory::ACCESS_KEY;
use sluice_in_memory::faults::Fault;
use sluice_storage::presign::Credentials;
use sluice_storage::tables::Published;
use sluice_storage::{Clients, PutOptions};
use std::sync::Arc;
use tokio::time::Instant;

use crate::support::{Caller, World};

/// Longer than a test takes, so that whoever waits is found waiting.
const LONG: &str = "wait=20";

/// Lambda refuses a longer answer, with the body as a string of JSON.
const ANSWER_MAX_BYTES: usize = 6 << 20;

/// The session token of a Lambda function has about this length.
const TOKEN_CHARACTERS: usize = 900;

/// The number of runs of the file, more than a page may have.
const RUNS: u32 = 20_000;

/// Stores an attachment in the vault.
async fn attached(world: &World, key: &str, bytes: Vec<u8>) -> Attachment {
    let key = ObjectKey::from_stored(key);
    world.vault.put(&key, bytes.into(), PutOptions::default()).await.expect("a PUT");
    Attachment::Object(key.as_str().to_owned())
}

/// Stores a pack of chunks of one byte.
async fn with_pack(world: &World, number: u8) -> PackId {
    let pack_id = PackId::from_bytes([number; 16]);
    let chunk = Chunk::new(ChunkId::of(&[number]), 1).expect("a chunk");
    let chunk_count = RUNS / 2;
    let index = PackIndex::new(pack_id, vec![chunk; chunk_count as usize]).expect("a pack");
    let pack = Pack {
        pack_id,
        account_id: world.account_id,
        life: Life::Live,
        references: 0,
        size: chunk_count.into(),
        chunk_count,
        index: attached(world, &format!("indexes/{number}"), index.encode()).await,
        placement: Placement::first(format!("packs/{number}"), 0, chunk_count.into()),
        former: None,
        created_at: clock::now(),
    };
    world.tables.create_pack(&pack).await.expect("a write");
    pack_id
}

/// A world with a file whose chunks are in two packs by turns.
async fn alternating() -> (World, Upload) {
    let world = World::new().await;
    let packs = [with_pack(&world, 1).await, with_pack(&world, 2).await];
    let term = |number: u32| Term {
        pack_id: packs[number as usize % 2],
        first_chunk: number / 2,
        chunk_count: 1,
        raw_length_bytes: 1,
    };
    // Nobody reads the bytes here.
    let (size_bytes, sha256, sha1) = (RUNS.into(), Sha256::of(b"bytes"), Sha1::of(b"bytes"));
    let manifest = Manifest::new(size_bytes, sha256, (0..RUNS).map(term).collect()).expect("a manifest");
    let manifest = attached(&world, "manifests/1", manifest.encode()).await;
    let digest = ContentDigest { size_bytes, sha1, sha256 };
    let blob = Blob::new(world.account_id, &digest, manifest, clock::now());
    let stored = StoredBlob { blob, packs: packs.into(), new_bytes: 0, stored_bytes: 0 };
    let upload = world.new_upload("file", size_bytes);
    world.begin(&upload).await;
    let outcome = Outcome::Stored(Box::new(stored));
    let published = world.tables.publish(&upload, &outcome, clock::now()).await.expect("an answer");
    assert_eq!(published, Published::Available);
    (world, upload)
}

/// read-content, which signs as it does on Lambda.
fn with_session_token(world: &World) -> Arc<App> {
    let [key, secret] = ACCESS_KEY;
    let token = "x".repeat(TOKEN_CHARACTERS);
    let key = AccessKey::new(key, secret, Some(token), None, "in memory");
    let sdk = world.services.sdk().into_builder();
    let sdk = sdk.credentials_provider(SharedCredentialsProvider::new(key)).build();
    let settings = sluice_in_memory::settings();
    let deployment = Deployment::new(Clients::new(&sdk), Credentials::of(&sdk), settings);
    Arc::new(App::new(&deployment).expect("an app"))
}

#[tokio::test]
async fn no_page_of_a_plan_is_longer_than_lambda_sends() {
    let (world, upload) = alternating().await;
    let app = with_session_token(&world);
    let caller = Caller::log_in(&world).await;
    let path = format!("/files/{}/plan", upload.file_id);
    let mut offset = 0;
    let mut cursor: Option<String> = None;
    while offset < upload.size {
        let query: Vec<_> = cursor.iter().map(|cursor| ("cursor", &**cursor)).collect();
        let reply = handle(app.clone(), caller.get(&path, &query)).await.expect("a page");
        let body = std::str::from_utf8(reply.body()).expect("text");
        let sent = serde_json::to_string(body).expect("JSON").len();
        assert!(sent < ANSWER_MAX_BYTES, "{sent} bytes");
        let plan: Plan = serde_json::from_str(body).expect("a plan");
        let [first, second] = &plan.objects[..] else { panic!("{} objects", plan.objects.len()) };
        assert!(first.url.len() > TOKEN_CHARACTERS && first.url != second.url);
        assert!(!plan.terms.is_empty(), "a page without an end");
        for term in &plan.terms {
            assert_eq!((term.offset, term.length), (offset, 1));
            assert_eq!(
                plan.terms[0].object == term.object,
                (offset - plan.terms[0].offset).is_multiple_of(2)
            );
            offset += term.length;
        }
        assert_eq!(plan.next_cursor.is_some(), offset < upload.size);
        cursor = plan.next_cursor;
    }
    assert_eq!(offset, upload.size);
}

#[tokio::test(start_paused = true)]
async fn one_read_of_an_account_waits_and_others_are_told_to_come_back() {
    let (world, upload) = alternating().await;
    let app = Arc::new(App::new(&world.deployment).expect("an app"));
    let path = format!("/files/{}/content", upload.file_id);
    let caller = Caller::log_in(&world).await.preferring(LONG);
    let begin = Instant::now();
    let took = async |call| {
        let reply = handle(app.clone(), call).await.expect("an answer");
        assert_eq!(reply.status(), StatusCode::ACCEPTED);
        begin.elapsed().as_secs()
    };
    let both = tokio::join!(took(caller.get(&path, &[])), took(caller.get(&path, &[])));
    let (first, second) = (both.0.max(both.1), both.0.min(both.1));
    assert_eq!((first, second), (20, 0), "seconds");
    // The first has ended, so the next may wait.
    assert_eq!(took(caller.get(&path, &[])).await, 40, "seconds");
}

#[tokio::test(start_paused = true)]
async fn a_read_without_a_preference_waits_two_seconds() {
    let (world, upload) = alternating().await;
    let app = Arc::new(App::new(&world.deployment).expect("an app"));
    let caller = Caller::log_in(&world).await;
    let begin = Instant::now();
    let call = caller.get(&format!("/files/{}/content", upload.file_id), &[]);
    let reply = handle(app, call).await.expect("an answer");
    assert_eq!((reply.status(), begin.elapsed().as_secs()), (StatusCode::ACCEPTED, 2));
}

#[tokio::test(start_paused = true)]
async fn a_wait_answers_although_its_end_cannot_be_noted() {
    let (world, upload) = alternating().await;
    let app = Arc::new(App::new(&world.deployment).expect("an app"));
    let caller = Caller::log_in(&world).await;
    // The first two mark the blob as read, and begin the wait.
    world.services.faults.nth("dynamodb:UpdateItem", 2, Fault::Throttled);
    let call = caller.get(&format!("/files/{}/content", upload.file_id), &[]);
    let reply = handle(app, call).await.expect("an answer");
    assert_eq!((reply.status(), world.services.faults.clear()), (StatusCode::ACCEPTED, 0));
}
