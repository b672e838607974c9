//! Checks from outside that the API answers as `docs/openapi.json` says: schemathesis generates valid and
//! invalid calls of every operation, and finds no 5xx and no answer that the document lacks.

use serde_json::{Value, json};
use sluice_contracts::accounts::SessionCreated;
use sluice_domain::session::SessionKey;
use sluice_localstack::python::ensure_environment;
use sluice_tests::{Client, WEBHOOK_SECRET, bytes, live};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const MIB: usize = 1 << 20;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What the calls find: each call that ends something has a thing of its own.
async fn prepare(user: &Client) -> Vec<(&'static str, String)> {
    let mut prepared =
        vec![("TOKEN", user.token().to_owned()), ("WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned())];
    for (number, file) in (0..).zip(["FILE", "CHANGED_FILE", "DELETED_FILE", "RESTORED_FILE"]) {
        let first = user.upload(file, &bytes(number, 3000)).await;
        let upload = user.upload(file, &bytes(number + 10, 3 * MIB)).await;
        prepared.push((file, upload.file_id.to_string()));
        if file == "RESTORED_FILE" {
            prepared.push(("RESTORED_VERSION", first.version_id.to_string()));
        }
    }
    let request = |path| json!({ "path": path, "size": 12 * MIB, "part_size": 5 * MIB });
    for upload in ["UPLOAD", "ABORTED_UPLOAD"] {
        let plan = user.post("/uploads", &request(upload)).await.plan();
        prepared.push((upload, plan.upload_id.to_string()));
    }
    prepared.push(("ENDED_TOKEN", Client::register(live()).await.token().to_owned()));
    prepared.push(("ONLY_TOKEN", Client::register(live()).await.token().to_owned()));
    let session: SessionCreated = user.post("/sessions", &user.credentials()).await.parse(201);
    let key = SessionKey::of_token(&session.token.expect("a token")).expect("a key");
    prepared.push(("ENDED_SESSION", key.session_id().to_string()));
    prepared
}

#[tokio::test]
async fn every_answer_conforms_to_the_document() {
    let user = Client::register(live()).await;
    let prepared = prepare(&user).await;
    let folder = workspace().join("tests/openapi");
    let python =
        ensure_environment(&folder.join("requirements.txt"), &workspace().join("target/venv"), |_| {});
    let schemathesis = python.expect("an environment").with_file_name("schemathesis");
    let mut config = fs::read_to_string(folder.join("schemathesis.toml")).expect("readable");
    for (name, value) in prepared {
        config = config.replace(&format!("${{{name}}}"), &value);
    }
    let state = TempDir::new().expect("a folder");
    let config_file = state.path().join("schemathesis.toml");
    fs::write(&config_file, config).expect("writable");
    let document = workspace().join("docs/openapi.json").canonicalize().expect("the document");
    let mut command = Command::new(schemathesis.canonicalize().expect("schemathesis"));
    command.current_dir(state.path()).arg("--no-color").arg("--config-file").arg(config_file);
    command.args(["run", "--url", &live().api]).arg(document);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.expect("no panic").expect("schemathesis runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    // It really made calls with the token.
    let account: Value = user.get("/accounts/me").await.expect(200);
    assert_ne!(account["used_bytes"], 0);
}
