//! Tests movers that are killed at every write, run concurrently or come late: nothing is lost and nothing is
//! left behind.

use sluice_domain::blob::Encoding;
use sluice_domain::upload::UploadState;
use sluice_storage::fault::run_until_killed;
use sluice_tests::log_lines;

use crate::mover::Movers;
use crate::support::{Landed, created, unhurried};
use crate::worker_faults::faults;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_compressor_killed_anywhere_is_followed_by_another() {
    let movers = Movers::new().await;
    for (seed, fault) in (100..).zip(faults()) {
        let landed = movers.put(log_lines(seed, MIB)).await;
        let run = run_until_killed(fault, movers.compress(&landed, "a", 1, unhurried())).await;
        let context = format!("{fault:?}, {run:?}");
        movers.check_readable(&landed, &context).await;
        if run.is_err() {
            // The sweeper may run in between.
            movers.sweep().await;
            movers.check_readable(&landed, &context).await;
            let failed = movers.compress(&landed, "a", 2, unhurried()).await;
            assert_eq!(failed, Vec::<String>::new(), "{context}");
        }
        movers.sweep().await;
        movers.check_readable(&landed, &context).await;
        let packs = movers.packs(&landed).await;
        assert!(packs.iter().all(|pack| pack.placement.encoding == Encoding::Zstd), "{context}");
        assert_eq!(movers.blob(&landed).await.object_key, None, "{context}");
        let kept: Vec<String> = packs.into_iter().map(|pack| pack.placement.key).collect();
        assert_eq!(movers.objects(landed.account_id).await, kept, "{context}: nothing else is left");
        if run.is_ok() {
            assert!(fault.write >= 4, "{context}: too few writes");
            return;
        }
    }
    panic!("there were more writes than faults");
}

/// The worker that stored a file dies before or after it has notified compress-pack. Another one takes over
/// when the adopted object has already been deleted.
#[tokio::test]
async fn a_worker_that_comes_back_late_deletes_nothing() {
    let movers = Movers::new().await;
    for (seed, fault) in (400..).zip(faults()) {
        let landed = Landed::new(movers.worker.stack, log_lines(seed, 3 * MIB)).await;
        let event = created(&landed.key);
        let run = run_until_killed(fault, movers.worker.receive(&event, 1, unhurried())).await;
        let context = format!("{fault:?}, {run:?}");
        if landed.upload().await.state == UploadState::Available {
            assert_eq!(movers.compress(&landed, "a", 1, unhurried()).await, Vec::<String>::new());
            movers.sweep().await;
        }
        assert_eq!(movers.worker.receive(&event, 2, unhurried()).await, Vec::<String>::new(), "{context}");
        movers.check_readable(&landed, &context).await;
        landed.check_available(&movers.worker, &context).await;
        if run.is_ok() {
            return;
        }
    }
    panic!("there were more writes than faults");
}

#[tokio::test]
async fn a_sweeper_killed_anywhere_is_followed_by_another() {
    let movers = Movers::new().await;
    for (seed, fault) in (200..).zip(faults()) {
        let landed = movers.put(log_lines(seed, MIB)).await;
        assert_eq!(movers.compress(&landed, "a", 1, unhurried()).await, Vec::<String>::new());
        let run = run_until_killed(fault, movers.sweep()).await;
        let context = format!("{fault:?}, {run:?}");
        movers.check_readable(&landed, &context).await;
        movers.sweep().await;
        movers.check_readable(&landed, &context).await;
        assert_eq!(movers.objects(landed.account_id).await.len(), 1, "{context}: nothing else is left");
        if run.is_ok() {
            return;
        }
    }
    panic!("there were more writes than faults");
}

#[tokio::test]
async fn of_two_concurrent_movers_only_one_moves_the_pack() {
    let movers = Movers::new().await;
    for seed in 300..304 {
        let landed = movers.put(log_lines(seed, 2 * MIB)).await;
        let (a, b, c) = tokio::join!(
            movers.compress(&landed, "a", 1, unhurried()),
            movers.compress(&landed, "b", 1, unhurried()),
            // The same message is delivered twice at the same time.
            movers.compress(&landed, "a", 1, unhurried()),
        );
        let failed = [a, b, c].concat();
        movers.check_readable(&landed, "after both").await;
        if !failed.is_empty() {
            assert_eq!(movers.compress(&landed, "a", 2, unhurried()).await, Vec::<String>::new());
        }
        movers.sweep().await;
        movers.check_readable(&landed, "swept").await;
        let packs = movers.packs(&landed).await;
        assert!(packs.iter().all(|pack| pack.placement.generation == 1));
        let kept: Vec<String> = packs.into_iter().map(|pack| pack.placement.key).collect();
        assert_eq!(movers.objects(landed.account_id).await, kept);
    }
}
