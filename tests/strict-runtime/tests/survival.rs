//! The whole pipeline by Lambda's strict rules, while processes of its workers are killed.

use futures::stream::{self, StreamExt as _};
use sluice_localstack::{Build, Settings, Stack};
use sluice_strict_runtime::{Rules, wrap};
use sluice_tests::{Client, Deployed, bytes, log_lines};
use std::fs;
use std::path::Path;

const KIB: usize = 1 << 10;

/// A worker that fails gives a message up at its fifth receive, so none is lost by this many deaths and two
/// failures or late starts besides.
const RULES: Rules = Rules { seed: 13, deaths: 2 };

/// A folder of sixty small files, and larger ones: of several parts, and of bytes that compress.
fn folder() -> Vec<Vec<u8>> {
    let small = (1..=60).map(|number| bytes(number, 3 * KIB + 97 * number as usize));
    let large = [bytes(100, 3000 * KIB), bytes(101, 20_000 * KIB), log_lines(102, 4000 * KIB)];
    small.chain(large).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_put_while_workers_are_killed_becomes_available_and_is_charged_once() {
    let state = tempfile::tempdir().expect("a folder");
    let mut settings = Settings::new(state.path().join("stack"))
        .parameter("HeartbeatTimeoutSeconds", "10")
        // So that messages whose function did not even begin return too.
        .parameter("LandingVisibilitySeconds", "15");
    let functions = settings.build.executables(&settings.workspace_dir).await.expect("functions");
    let program = Path::new(env!("CARGO_BIN_EXE_strict-runtime"));
    settings.build = Build::Ready(wrap(&functions, program, state.path(), RULES).expect("scripts"));
    let stack = Stack::start(settings).await.expect("a stack");
    let user = Client::register(&Deployed::of(&stack)).await;

    let contents = folder();
    let uploads = contents.iter().enumerate().map(async |(number, content)| {
        let version = user.upload(&format!("folder/{number}"), content).await;
        (version.file_id, content)
    });
    let uploaded: Vec<_> = stream::iter(uploads).buffer_unordered(16).collect().await;

    let counts = fs::read_to_string(state.path().join("dedup-upload.counts")).expect("counts");
    let deaths = counts.split_whitespace().nth(1);
    assert!(deaths.is_some_and(|deaths| deaths != "0"), "no worker was killed: {counts}");
    // Files that share a pack are materialized one by one.
    let reads = uploaded.into_iter().map(async |(file_id, content)| {
        assert!(user.read(file_id).await == *content, "other bytes came back");
    });
    stream::iter(reads).buffer_unordered(8).collect::<()>().await;
    let size: usize = contents.iter().map(Vec::len).sum();
    assert_eq!(user.usage().await, (size as u64, 0));
    let log = fs::read_to_string(stack.functions_log()).expect("a log");
    assert!(!log.contains("ChangeMessageVisibilityBatch: AccessDenied"), "a heartbeat was refused");
    stack.shutdown().await;
}
