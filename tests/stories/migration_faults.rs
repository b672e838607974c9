//! Tests migration with stores that fail, lie and answer late, and with movers that die: nothing is lost, and
//! reads never fail.

use serde_json::{Value, json};
use sluice_domain::blob::VAULT;
use sluice_domain::hash::Sha256;
use sluice_storage::TableNames;
use sluice_storage::fault::run_until_killed;
use sluice_tests::{Deployed, bytes, log_lines, paused, wait_for};
use std::time::Duration;
use tokio::time::{sleep, timeout};

use crate::mover::Movers;
use crate::support::unhurried;
use crate::worker_faults::faults;

const MIB: usize = 1 << 20;

/// Longer than a move takes on a busy machine.
const GENEROUS: Duration = Duration::from_mins(3);

/// Movers with an OSS double of their own, so that its faults affect no other story.
async fn alone() -> (Movers, sluice_oss_double::OssDouble) {
    let stack: &Deployed = paused();
    let (settings, oss) = stack.with_own_oss();
    (Movers::with(settings).await, oss)
}

/// Checks that the packs are in this store, that the bytes are unchanged, and that nothing else is left
/// there.
async fn check(movers: &Movers, landed: &crate::support::Landed, store: &str, context: &str) {
    let packs = movers.packs(landed).await;
    assert!(packs.iter().all(|pack| pack.placement.store == store), "{context}: {packs:?}");
    movers.check_bytes(landed, context).await;
}

#[tokio::test]
async fn a_mover_killed_anywhere_is_followed_by_another() {
    let (movers, oss) = alone().await;
    for (seed, fault) in (100..).zip(faults()) {
        let landed = movers.put(bytes(seed, MIB)).await;
        let run = run_until_killed(fault, movers.migrate(&landed, "oss", "a", 1, unhurried())).await;
        let context = format!("{fault:?}, {run:?}");
        movers.check_bytes(&landed, &context).await;
        if run.is_err() {
            movers.sweep().await;
            movers.check_bytes(&landed, &context).await;
            let failed = movers.migrate(&landed, "oss", "a", 2, unhurried()).await;
            assert_eq!(failed, Vec::<String>::new(), "{context}");
        }
        movers.sweep().await;
        check(&movers, &landed, "oss", &context).await;
        assert_eq!(
            movers.objects(landed.account_id).await,
            Vec::<String>::new(),
            "{context}: nothing is left in the vault"
        );
        let there = movers.objects_in("oss", landed.account_id).await;
        assert_eq!(there.len(), movers.packs(&landed).await.len(), "{context}: nothing else is left in OSS");
        if run.is_ok() {
            assert!(fault.write >= 4, "{context}: too few writes");
            drop(oss);
            return;
        }
    }
    panic!("there were more writes than faults");
}

#[tokio::test]
async fn a_wrong_checksum_is_detected_and_the_pack_stays() {
    let (movers, oss) = alone().await;
    let landed = movers.put(log_lines(200, MIB)).await;
    oss.faults().wrong_crc_next(1);
    assert_eq!(movers.migrate(&landed, "oss", "a", 1, unhurried()).await.len(), 1, "tried again");
    check(&movers, &landed, VAULT, "refused").await;
    assert_eq!(movers.objects_in("oss", landed.account_id).await, Vec::<String>::new(), "deleted at once");
    assert_eq!(movers.migrate(&landed, "oss", "a", 2, unhurried()).await, Vec::<String>::new());
    check(&movers, &landed, "oss", "the second time").await;
}

#[tokio::test]
async fn a_failing_store_is_retried_but_not_for_ever() {
    let (movers, oss) = alone().await;
    for (status, code) in [(500, "InternalError"), (503, "SlowDown"), (507, "InsufficientStorage")] {
        let landed = movers.put(bytes(300 + u64::from(status), MIB)).await;
        // More failures than the SDK itself retries.
        oss.faults().fail_next(50, status, code);
        assert_eq!(movers.migrate(&landed, "oss", "a", 1, unhurried()).await.len(), 1, "{code}: tried again");
        check(&movers, &landed, VAULT, code).await;
        // After its last delivery, the message goes to the dead-letter queue.
        assert_eq!(movers.migrate(&landed, "oss", "a", 3, unhurried()).await, Vec::<String>::new(), "{code}");
        check(&movers, &landed, VAULT, code).await;
        let asked = 50 - oss.faults().pending();
        assert!(asked <= 8, "{code}: {asked} requests");
        oss.faults().clear();
        assert_eq!(movers.migrate(&landed, "oss", "b", 1, unhurried()).await, Vec::<String>::new());
        movers.sweep().await;
        check(&movers, &landed, "oss", code).await;
    }
}

#[tokio::test]
async fn a_write_that_succeeds_but_reports_a_failure_does_no_harm() {
    let (movers, oss) = alone().await;
    let landed = movers.put(bytes(400, MIB)).await;
    oss.faults().fail_afterwards_next(50, 500, "InternalError");
    assert_eq!(movers.migrate(&landed, "oss", "a", 1, unhurried()).await.len(), 1);
    oss.faults().clear();
    assert_eq!(movers.migrate(&landed, "oss", "a", 2, unhurried()).await, Vec::<String>::new());
    movers.sweep().await;
    check(&movers, &landed, "oss", "in the end").await;
    assert_eq!(movers.objects_in("oss", landed.account_id).await.len(), 1);
}

#[tokio::test]
async fn a_missing_or_damaged_source_is_not_moved() {
    let (movers, _oss) = alone().await;
    let damaged = movers.put(bytes(500, MIB)).await;
    let key = movers.blob(&damaged).await.object_key.expect("adopted");
    movers.worker.overwrite_in_vault(&key, bytes(501, MIB)).await;
    assert_eq!(movers.migrate(&damaged, "oss", "a", 1, unhurried()).await.len(), 1);
    assert!(movers.packs(&damaged).await.iter().all(|pack| pack.placement.store == VAULT));

    let gone = movers.put(bytes(502, MIB)).await;
    let key = movers.blob(&gone).await.object_key.expect("adopted");
    movers.worker.delete_from_vault(&key).await;
    assert_eq!(movers.migrate(&gone, "oss", "a", 1, unhurried()).await.len(), 1);
    assert!(movers.packs(&gone).await.iter().all(|pack| pack.placement.store == VAULT));
}

#[tokio::test]
async fn a_pack_does_not_move_without_a_receipt() {
    let stack: &Deployed = paused();
    let (settings, _oss) = stack.with_own_oss();
    let names = TableNames { receipts: "no-such-table".to_owned(), ..stack.table_names() };
    let broken = Movers::with_tables(settings.clone(), names).await;
    let landed = broken.put(bytes(600, MIB)).await;
    assert_eq!(broken.migrate(&landed, "oss", "a", 1, unhurried()).await.len(), 1);
    assert!(broken.packs(&landed).await.iter().all(|pack| pack.placement.store == VAULT));
    broken.check_bytes(&landed, "not moved").await;
    let mended = Movers::with(settings).await;
    assert_eq!(mended.migrate(&landed, "oss", "a", 2, unhurried()).await, Vec::<String>::new());
    mended.check_bytes(&landed, "moved").await;
}

#[tokio::test]
async fn of_two_concurrent_movers_only_one_moves_the_pack() {
    let (movers, _oss) = alone().await;
    let landed = movers.put(bytes(700, 2 * MIB)).await;
    let (a, b, c) = tokio::join!(
        movers.migrate(&landed, "oss", "a", 1, unhurried()),
        movers.migrate(&landed, "oss", "b", 1, unhurried()),
        movers.migrate(&landed, "oss", "a", 1, unhurried()),
    );
    if ![a, b, c].concat().is_empty() {
        assert_eq!(movers.migrate(&landed, "oss", "a", 2, unhurried()).await, Vec::<String>::new());
    }
    movers.sweep().await;
    check(&movers, &landed, "oss", "two movers").await;
    assert_eq!(movers.objects_in("oss", landed.account_id).await.len(), 1);
    let scope = landed.account_id.to_string();
    let (receipts, _) = movers.worker.tables().receipts(Some(&scope), None, 100).await.expect("receipts");
    assert_eq!(receipts.len(), 1, "one receipt for what happened");
}

#[tokio::test]
async fn reads_do_not_fail_while_the_old_copy_is_valid() {
    let (movers, oss) = alone().await;
    let landed = movers.put(log_lines(800, MIB)).await;
    movers.migrate(&landed, "oss", "a", 1, unhurried()).await;
    // OSS fails just after the pack has moved.
    drop(oss);
    movers.check_bytes(&landed, "from the old copy").await;
    let before = Sha256::of(&landed.content);
    assert_eq!(movers.blob(&landed).await.sha256, before);
}

#[tokio::test]
async fn a_store_that_answers_late_loses_nothing() {
    let (movers, oss) = alone().await;
    let landed = movers.put(bytes(900, 100_000)).await;
    let hold = oss.faults().hold_next(1);
    let release = async {
        let faults = oss.faults();
        wait_for("a held request", async || if faults.pending() == 0 { Ok(()) } else { Err("none") }).await;
        // Longer than the SDK lets a stream stall.
        sleep(Duration::from_secs(7)).await;
        drop(hold);
    };
    let (failed, ()) = tokio::join!(movers.migrate(&landed, "oss", "a", 1, unhurried()), release);
    assert_eq!(failed, Vec::<String>::new());
    check(&movers, &landed, "oss", "in the end").await;
}

#[tokio::test]
async fn a_store_that_never_answers_is_given_up_and_the_pack_stays() {
    let stack: &Deployed = paused();
    let (mut settings, oss) = stack.with_own_oss();
    let mut registry: Value = serde_json::from_str(&settings["SLUICE_STORES"]).expect("a registry");
    registry["oss"]["time_limits"] = json!({ "silence_seconds": 1 });
    settings.insert("SLUICE_STORES".to_owned(), registry.to_string());
    let movers = Movers::with(settings).await;
    let landed = movers.put(bytes(901, 100_000)).await;
    let hold = oss.faults().hold_next(50);
    let given_up = timeout(GENEROUS, movers.migrate(&landed, "oss", "a", 1, unhurried())).await;
    assert_eq!(given_up.expect("an end").len(), 1, "tried again");
    check(&movers, &landed, VAULT, "given up").await;
    oss.faults().clear();
    drop(hold);
    assert_eq!(movers.migrate(&landed, "oss", "a", 2, unhurried()).await, Vec::<String>::new());
    check(&movers, &landed, "oss", "in the end").await;
}
