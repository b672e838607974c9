//! Tests the registry of stores: functions refuse to start with unsafe stores, and read credentials from
//! where it says.

use serde_json::{Value, json};
use sluice_domain::blob::VAULT;
use sluice_tests::{bytes, paused};
use std::collections::BTreeMap;

use crate::mover::Movers;
use crate::support::unhurried;

/// Settings with only this store in the registry.
fn with_store(store: &Value) -> BTreeMap<String, String> {
    let mut settings = paused().settings.clone();
    settings.insert("SLUICE_STORES".to_owned(), json!({ "other": store }).to_string());
    settings.insert("SLUICE_OTHER_ACCESS_KEY_ID".to_owned(), "key".to_owned());
    settings.insert("SLUICE_OTHER_SECRET_ACCESS_KEY".to_owned(), "secret".to_owned());
    settings
}

#[test]
fn a_worker_does_not_start_with_an_unsafe_store() {
    let safe = json!({
        "kind": "ceph",
        "endpoint": "https://ceph.example",
        "region": "default",
        "credentials": "env:SLUICE_OTHER",
        "buckets": { "landing": "l", "vault": "v", "cache": "c" },
    });
    let start = |settings| dedup_upload::App::new(&paused().deployment_with(settings)).map(drop);
    start(with_store(&safe)).expect("a safe store");
    for (field, value, reason) in [
        ("capabilities", json!({ "conditional_copy": false }), "conditional_copy"),
        ("capabilities", json!({ "conditional_read": false }), "conditional_read"),
        ("buckets", json!({ "landing": "l" }), "one and the same store"),
        ("credentials", json!("env:SLUICE_NOBODY"), "SLUICE_NOBODY_ACCESS_KEY_ID is not set"),
        ("credentials", json!("AKIA0123456789"), "env:PREFIX"),
        ("endpont", json!("https://x"), "unknown field"),
    ] {
        let mut store = safe.clone();
        store[field] = value;
        let refused = start(with_store(&store)).expect_err(field).to_string();
        assert!(refused.contains("SLUICE_STORES") && refused.contains(reason), "{field}: {refused}");
    }
    let mut plain = with_store(&json!({
        "kind": "oss", "endpoint": "http://s3.oss.example", "region": "x", "credentials": "env:SLUICE_OTHER",
        "buckets": { "cold": "c" },
    }));
    start(plain.clone()).expect("plain HTTP, as on one machine");
    plain.insert("SLUICE_REQUIRE_TLS".to_owned(), "true".to_owned());
    assert!(start(plain).expect_err("plain HTTP").to_string().contains("TLS is required"));
}

#[test]
fn a_mover_does_not_start_if_it_could_delete_objects_that_are_being_read() {
    let mut settings = paused().settings.clone();
    settings.insert(
        "SLUICE_RETIRED_OBJECT_GRACE_SECONDS".to_owned(),
        settings["SLUICE_PRESIGNED_URL_TTL_SECONDS"].clone(),
    );
    let refused =
        compress_pack::App::new(&paused().deployment_with(settings)).map(drop).expect_err("too short");
    assert!(refused.to_string().contains("SLUICE_RETIRED_OBJECT_GRACE_SECONDS"), "{refused}");
    let mut settings = paused().settings.clone();
    settings.insert("SLUICE_MIGRATION_RULES".to_owned(), r#"[{"to":"nowhere"}]"#.to_owned());
    let refused =
        compress_pack::App::new(&paused().deployment_with(settings)).map(drop).expect_err("no store");
    assert!(refused.to_string().contains("SLUICE_MIGRATION_RULES"), "{refused}");
}

/// The credentials of a store and the receipt signing key are in AWS Secrets Manager.
#[tokio::test]
async fn secrets_are_read_from_where_the_registry_says() {
    let stack = paused();
    let (mut settings, oss) = stack.with_own_oss();
    let secret = json!({ "access_key_id": "oss-test", "secret_access_key": "oss-test-secret" }).to_string();
    stack.put_secret("story-oss", &secret).await;
    stack.put_secret("story-receipts", &"5a".repeat(32)).await;
    let mut registry: Value = serde_json::from_str(&settings["SLUICE_STORES"]).expect("a registry");
    registry["oss"]["credentials"] = json!("secretsmanager:story-oss");
    settings.insert("SLUICE_STORES".to_owned(), registry.to_string());
    settings.insert("SLUICE_RECEIPT_SIGNING_KEY".to_owned(), "secretsmanager:story-receipts".to_owned());
    settings.remove("SLUICE_STORE_OSS_ACCESS_KEY_ID");
    let movers = Movers::with(settings).await;
    let landed = movers.put(bytes(1, 50_000)).await;
    assert_eq!(movers.migrate(&landed, "oss", "a", 1, unhurried()).await, Vec::<String>::new());
    assert!(movers.packs(&landed).await.iter().all(|pack| pack.placement.store == "oss"));
    movers.check_bytes(&landed, "from OSS").await;
    let scope = landed.account_id.to_string();
    let (receipts, _) = movers.worker.tables().receipts(Some(&scope), None, 10).await.expect("receipts");
    let signer = sluice_packs::Signer::new(&[0x5a; 32]);
    assert!(sluice_packs::receipt::is_genuine(&receipts[0], &signer.public_key()));
    drop(oss);

    // A store that is no longer registered: the message fails, and nothing is lost.
    assert_eq!(movers.migrate(&landed, "elsewhere", "b", 1, unhurried()).await.len(), 1);
    assert_ne!(movers.packs(&landed).await[0].placement.store, VAULT);
}
