//! Tests that every function works with its own role's credentials.

use http::Method;
use serde_json::{Value, json};
use sluice_contracts::accounts::{AccountView, SessionCreated};
use sluice_contracts::event::BlobEvent;
use sluice_contracts::files::{LookupAnswer, VersionView};
use sluice_contracts::packs::HooksFound;
use sluice_contracts::uploads::{UploadAnswer, UploadView};
use sluice_deployment::clock;
use sluice_domain::hash::Sha256;
use sluice_domain::id::FileId;
use sluice_domain::key::LandingKey;
use sluice_lambda::{Call, Failure, Reply};
use sluice_tests::{Client, WEBHOOK_SECRET, available, bytes, log_lines, parse, paused};
use std::sync::Arc;

use crate::bridge::sample;
use crate::delta_client::cut;
use crate::mover::Movers;
use crate::support::{Landed, Worker, call, created, message, unhurried};

/// Calls a function, which must not fail, and returns its answer; null if that has no body.
async fn ask<App, Answer>(
    app: &Arc<App>,
    handle: fn(Arc<App>, Call) -> Answer,
    user: &Client,
    (method, path, body): (Method, &str, &Value),
) -> Value
where
    Answer: Future<Output = Result<Reply, Failure>>,
{
    let reply = handle(app.clone(), call(user, method.clone(), path, body)).await;
    let reply = reply.unwrap_or_else(|failure| panic!("{method} {path}: {failure:?}"));
    serde_json::from_slice(reply.body()).unwrap_or(Value::Null)
}

/// The application of a function with its role's credentials.
macro_rules! app {
    ($function:ident, $name:literal) => {
        Arc::new($function::App::new(&paused().deployment_of($name)).expect("an app"))
    };
}

#[tokio::test]
async fn http_functions_work_with_their_own_roles() {
    let user = logs_in().await;
    let content = bytes(1, 17 << 20);
    let file = uploads(&user, &content).await;
    looks_up(&user, &content).await;
    reads(&user, file).await;
    edits(&user, file).await;
    begins_and_aborts(&user).await;
}

async fn logs_in() -> Client {
    let accounts = app!(accounts, "accounts");
    let stranger = Client::stranger(paused());
    let credentials = json!({ "username": "privileges", "password": "a password of some length" });
    ask(&accounts, accounts::handle, &stranger, (Method::POST, "/accounts", &credentials)).await;
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let session = (Method::POST, "/sessions", &credentials);
        let session: SessionCreated = parse(&ask(&accounts, accounts::handle, &stranger, session).await);
        sessions.push(stranger.with_token(&session.token.expect("a token")));
    }
    let leave = (Method::DELETE, "/sessions/current", &Value::Null);
    ask(&accounts, accounts::handle, &sessions[0], leave).await;
    let me = (Method::GET, "/accounts/me", &Value::Null);
    let me: AccountView = parse(&ask(&accounts, accounts::handle, &sessions[1], me).await);
    assert_eq!(me.username, "privileges");
    sessions.remove(1)
}

/// Uploads in parts and returns the file's id.
async fn uploads(user: &Client, content: &[u8]) -> FileId {
    let init = app!(init_upload, "init-upload");
    let request = json!({ "path": "file", "size": content.len(), "sha256": Sha256::of(content) });
    let plan = ask(&init, init_upload::handle, user, (Method::POST, "/uploads", &request)).await;
    let UploadAnswer::Upload(plan) = parse(&plan) else { panic!("instant: {plan}") };
    let upload_id = plan.upload_id;
    let parts = json!({ "parts": [{ "number": 1 }] });
    let path = format!("/uploads/{upload_id}");
    ask(&init, init_upload::handle, user, (Method::POST, &format!("{path}/parts"), &parts)).await;
    ask(&init, init_upload::handle, user, (Method::GET, "/uploads", &Value::Null)).await;
    let sent = user.send_parts(&plan, content).await;
    let show = (Method::GET, &*path, &Value::Null);
    let upload: UploadView = parse(&ask(&init, init_upload::handle, user, show.clone()).await);
    assert_eq!(upload.received.len(), 2, "{upload:?}");

    let complete = app!(complete_upload, "complete-upload");
    let completion = (Method::POST, &*format!("{path}/complete"), &json!(sent));
    ask(&complete, complete_upload::handle, user, completion).await;
    let event = created(&LandingKey { account_id: user.account().await.account_id, upload_id });
    assert_eq!(Worker::new(paused()).receive(&event, 1, unhurried()).await, Vec::<String>::new());
    available(parse(&ask(&init, init_upload::handle, user, show).await)).file_id
}

async fn looks_up(user: &Client, content: &[u8]) {
    let lookup = app!(lookup_hash, "lookup-hash");
    let known = json!({ "path": "again", "size": content.len(), "sha256": Sha256::of(content) });
    let found = ask(&lookup, lookup_hash::handle, user, (Method::POST, "/lookups", &known)).await;
    assert!(matches!(parse(&found), LookupAnswer::Instant { .. }), "{found}");
    let hooks = json!({ "hooks": sluice_domain::dedup::hooks(&cut(content)) });
    let found = ask(&lookup, lookup_hash::handle, user, (Method::POST, "/lookups/hooks", &hooks)).await;
    assert!(!parse::<HooksFound>(&found).packs.is_empty(), "{found}");
    // Known bytes are instant without a lookup.
    let init = app!(init_upload, "init-upload");
    let begun = ask(&init, init_upload::handle, user, (Method::POST, "/uploads", &known)).await;
    assert!(matches!(parse(&begun), UploadAnswer::Instant { .. }), "{begun}");
}

async fn reads(user: &Client, file: FileId) {
    let read = app!(read_content, "read-content");
    for path in [format!("/files/{file}/content"), format!("/files/{file}/plan")] {
        ask(&read, read_content::handle, user, (Method::GET, &path, &Value::Null)).await;
    }
    // The blob is in packs, so the function enqueues a request. No worker runs here.
    let movers = Movers::new().await;
    let packed = movers.put(log_lines(3, 1 << 20)).await;
    movers.compress(&packed, "a", 1, unhurried()).await;
    let path = format!("/files/{}/content", packed.version().await.file_id);
    let mut unhurried = call(&packed.user, Method::GET, &path, &Value::Null);
    unhurried.headers.insert("prefer", "wait=0".parse().expect("a header"));
    read_content::handle(read, unhurried).await.expect("an answer");
}

async fn edits(user: &Client, file: FileId) {
    let query = app!(query_files, "query-files");
    let path = format!("/files/{file}");
    ask(&query, query_files::handle, user, (Method::GET, "/files", &Value::Null)).await;
    let renamed = json!({ "path": "renamed", "content_type": "text/plain" });
    let version = ask(&query, query_files::handle, user, (Method::PATCH, &path, &renamed)).await;
    let version: VersionView = parse(&version);
    ask(&query, query_files::handle, user, (Method::GET, &path, &Value::Null)).await;
    ask(&query, query_files::handle, user, (Method::GET, &format!("{path}/versions"), &Value::Null)).await;
    ask(&query, query_files::handle, user, (Method::DELETE, &path, &Value::Null)).await;
    let former = json!({ "version_id": version.version_id });
    ask(&query, query_files::handle, user, (Method::POST, &format!("{path}/restore"), &former)).await;
}

async fn begins_and_aborts(user: &Client) {
    let init = app!(init_upload, "init-upload");
    for size in [10, 17 << 20] {
        let request = json!({ "path": "given up", "size": size });
        let plan = ask(&init, init_upload::handle, user, (Method::POST, "/uploads", &request)).await;
        let UploadAnswer::Upload(plan) = parse(&plan) else { panic!("instant: {plan}") };
        let path = format!("/uploads/{}", plan.upload_id);
        ask(&init, init_upload::handle, user, (Method::DELETE, &path, &Value::Null)).await;
    }
}

#[tokio::test]
async fn the_webhook_works_with_its_own_role() {
    let landed = Landed::new(paused(), bytes(2, 1000)).await;
    let bridge = app!(bridge_events, "bridge-events");
    let mut notification = call(&landed.user, Method::POST, "/webhooks/store-events", &Value::Null);
    notification
        .headers
        .insert("authorization", format!("Bearer {WEBHOOK_SECRET}").parse().expect("a header"));
    notification.body = sample("ceph/put.json", &landed.key).into_bytes();
    bridge_events::handle(bridge, notification).await.expect("it is accepted");
}

#[tokio::test]
async fn workers_work_with_their_own_roles() {
    let rules = json!([{ "to": "oss", "prefix": "privileges/" }]).to_string();
    let mut settings = paused().settings.clone();
    settings.insert("SLUICE_MIGRATION_RULES".to_owned(), rules);
    let of = |function| Movers {
        worker: Worker::new(paused()),
        deployment: paused().deployment_of_with(function, settings.clone()),
    };
    let user = Client::register(paused()).await;
    let landed = Landed::of(user, "privileges/file", log_lines(4, 3 << 20), &Value::Null).await;
    let event = created(&landed.key);
    assert_eq!(Worker::new(paused()).receive(&event, 1, unhurried()).await, Vec::<String>::new());

    let compress = of("compress-pack");
    assert_eq!(compress.compress(&landed, "a", 1, unhurried()).await, Vec::<String>::new());
    let body =
        BlobEvent::BlobRequested { account_id: landed.account_id, sha256: Sha256::of(&landed.content) };
    let request = vec![message(body.to_json(), 1)];
    let materialize = app!(materialize_blob, "materialize-blob");
    assert_eq!(materialize_blob::process(materialize, request, unhurried()).await, Vec::<String>::new());
    let plan = Arc::new(plan_migrations::App::new(&of("plan-migrations").deployment).expect("an app"));
    for hour in 0..plan_migrations::SEGMENTS {
        let now = clock::now().after(std::time::Duration::from_hours(hour.into()));
        plan_migrations::plan(plan.clone(), now).await.expect("planned");
    }
    let migrate = of("migrate-pack");
    assert_eq!(migrate.migrate(&landed, "oss", "b", 1, unhurried()).await, Vec::<String>::new());
    of("sweep-objects").sweep().await;
    assert_eq!(migrate.objects(landed.account_id).await, Vec::<String>::new(), "all was moved and swept");
    migrate.check_readable(&landed, "from OSS").await;
}
