//! Tests that packs migrate to OSS and back, on request and by rule, with receipts, and that reads keep
//! working.

use serde_json::{Value, json};
use sluice_contracts::event::BlobEvent;
use sluice_deployment::clock;
use sluice_domain::blob::VAULT;
use sluice_domain::hash::Sha256;
use sluice_domain::pack_move::Verification;
use sluice_packs::receipt::is_genuine;
use sluice_packs::{Signer, crc64};
use sluice_storage::{GetOptions, Tables};
use sluice_tests::{bytes, log_lines, paused};
use std::sync::Arc;
use std::time::Duration;

use crate::mover::Movers;
use crate::support::{Landed, created, message, unhurried};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_file_moves_to_oss_and_back() {
    let movers = Movers::new().await;
    for content in [bytes(1, 3 * MIB), log_lines(2, 3 * MIB), log_lines(3, 70 * MIB)] {
        let landed = movers.put(content).await;
        movers.compress(&landed, "a", 1, unhurried()).await;
        let before = movers.packs(&landed).await;
        assert_eq!(movers.migrate(&landed, "oss", "b", 1, unhurried()).await, Vec::<String>::new());

        let packs = movers.packs(&landed).await;
        assert!(packs.iter().all(|pack| pack.placement.store == "oss"));
        let forms = |packs: &[sluice_domain::blob::Pack]| -> Vec<_> {
            packs.iter().map(|pack| (pack.pack_id, pack.placement.encoding, pack.placement.length)).collect()
        };
        assert_eq!(forms(&packs), forms(&before), "in the same form");
        assert_eq!(movers.blob(&landed).await.migrated_to.as_deref(), Some("oss"));
        assert_eq!(movers.blob(&landed).await.object_key, None);
        movers.check_readable(&landed, "from OSS").await;
        movers.sweep().await;
        assert_eq!(
            movers.objects(landed.account_id).await,
            Vec::<String>::new(),
            "nothing is left in the vault"
        );
        movers.check_readable(&landed, "from OSS alone").await;
        materialized(&movers, &landed).await;

        assert_eq!(movers.migrate(&landed, VAULT, "c", 1, unhurried()).await, Vec::<String>::new());
        movers.sweep().await;
        let home = movers.packs(&landed).await;
        assert!(home.iter().all(|pack| pack.placement.store == VAULT));
        assert_eq!(movers.objects(landed.account_id).await.len(), home.len());
        movers.check_readable(&landed, "at home").await;
    }
}

async fn materialized(movers: &Movers, landed: &Landed) {
    let app = materialize_blob::App::new(&movers.deployment).expect("an app");
    let account_id = landed.account_id;
    let sha256 = Sha256::of(&landed.content);
    let body = BlobEvent::BlobRequested { account_id, sha256 }.to_json();
    materialize_blob::process(Arc::new(app), vec![message(body, 1)], unhurried()).await;
    assert!(landed.user.read(landed.version().await.file_id).await == landed.content, "as one object");
}

#[tokio::test]
async fn every_move_has_a_receipt_that_can_be_checked() {
    let movers = Movers::new().await;
    let landed = movers.put(log_lines(10, 2 * MIB)).await;
    movers.compress(&landed, "a", 1, unhurried()).await;
    let source = movers.packs(&landed).await.remove(0).placement;
    movers.migrate(&landed, "oss", "b", 1, unhurried()).await;
    movers.migrate(&landed, "oss", "b", 2, unhurried()).await;
    let pack = movers.packs(&landed).await.remove(0);

    let tables: Tables = movers.worker.tables();
    let scope = landed.account_id.to_string();
    let (receipts, _) = tables.receipts(Some(&scope), None, 100).await.expect("receipts");
    let [receipt] = &receipts[..] else { panic!("one receipt a move: {receipts:?}") };
    let seed = movers.deployment.receipt_seed().await.expect("a seed").expect("a seed");
    assert!(is_genuine(receipt, &Signer::new(&seed).public_key()));
    assert_eq!(receipt.pack_id, Some(pack.pack_id));
    assert_eq!((&*receipt.source.store, &receipt.source.key), (VAULT, &source.key));
    assert_eq!((&*receipt.target.store, &receipt.target.key), ("oss", &pack.placement.key));
    assert_eq!((receipt.size, receipt.verified_by), (pack.placement.length, Verification::Crc64));
    let buckets = movers.deployment.pack_buckets().expect("buckets");
    let key = sluice_domain::key::ObjectKey::from_stored(&*pack.placement.key);
    let bucket = buckets.get("oss").expect("a bucket");
    let object = bucket.get(&key, GetOptions::whole()).await.expect("an object").bytes;
    assert_eq!(receipt.sha256, Sha256::of(&object));
    assert_eq!(receipt.crc64, Some(format!("{:016x}", crc64(&object))));
    assert!(!receipt.source.etag.is_empty());
    // OSS returns MD5 in upper case.
    assert_eq!(receipt.target.etag.to_uppercase(), receipt.target.etag);
}

/// The workers of a deployment with these rules.
async fn with_rules(rules: &Value) -> Movers {
    let mut settings = paused().settings.clone();
    settings.insert("SLUICE_MIGRATION_RULES".to_owned(), rules.to_string());
    Movers::with(settings).await
}

#[tokio::test]
async fn a_rule_without_a_delay_moves_packs_after_compression() {
    let movers = with_rules(&json!([{ "to": "oss", "min_size": 1_500_000 }])).await;
    let large = movers.put(log_lines(20, 2 * MIB)).await;
    let small = movers.put(log_lines(21, MIB)).await;
    for landed in [&large, &small] {
        movers.compress(landed, "a", 1, unhurried()).await;
        movers.finish_compression(landed).await;
        movers.check_readable(landed, "in either store").await;
    }
    assert!(movers.packs(&large).await.iter().all(|pack| pack.placement.store == "oss"));
    assert!(movers.packs(&small).await.iter().all(|pack| pack.placement.store == VAULT));
}

#[tokio::test]
async fn the_daily_plan_applies_rules_by_age_access_and_path() {
    let rules = json!([
        { "to": "oss", "min_age_days": 30, "unread_days": 30, "max_size": 100_000 },
        { "to": "oss", "prefix": "archive/", "min_size": 200_000 },
    ]);
    let movers = with_rules(&rules).await;
    let old = movers.put(bytes(30, 50_000)).await;
    let large = movers.put(bytes(31, 300_000)).await;
    let kept = Landed::of(large.user.clone(), "archive/2025.log", bytes(32, 300_000), &Value::Null).await;
    movers.worker.receive(&created(&kept.key), 1, unhurried()).await;

    let wanted = |landed: &Landed| Sha256::of(&landed.content).to_string();
    let today = movers.planned(Duration::ZERO).await;
    assert!(today.contains(&wanted(&kept)) && !today.contains(&wanted(&old)));
    let later = movers.planned(Duration::from_hours(31 * 24)).await;
    assert!(later.contains(&wanted(&old)) && !later.contains(&wanted(&large)), "by age, and not by size");
    // A read counts as an access, so the rule no longer applies.
    let content = movers.blob(&old).await;
    let read_at = clock::now().after(Duration::from_hours(20 * 24));
    movers.worker.tables().mark_read(&content, read_at).await.expect("marked");
    assert!(!movers.planned(Duration::from_hours(31 * 24)).await.contains(&wanted(&old)));
    assert!(movers.planned(Duration::from_hours(51 * 24)).await.contains(&wanted(&old)));
    movers.migrate(&kept, "oss", "a", 1, unhurried()).await;
    assert!(!movers.planned(Duration::ZERO).await.contains(&wanted(&kept)), "it is there");
    movers.check_readable(&kept, "from OSS").await;
}

#[tokio::test]
async fn a_read_is_recorded_with_its_day() {
    let movers = Movers::new().await;
    let landed = movers.put(bytes(40, 10_000)).await;
    assert_eq!(movers.blob(&landed).await.read_at, None);
    movers.check_readable(&landed, "read").await;
    let read_at = movers.blob(&landed).await.read_at.expect("remembered");
    movers.check_readable(&landed, "read again").await;
    assert_eq!(movers.blob(&landed).await.read_at, Some(read_at), "one write a day");
}
