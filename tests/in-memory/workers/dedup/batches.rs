//! Small files of one batch of messages.

use sluice_domain::id::PackId;
use sluice_domain::upload::{Upload, UploadState};
use sluice_in_memory::faults::Fault;
use std::collections::BTreeSet;

use super::SMALL;
use crate::support::{Worker, World, edited, incompressible, keys, survives_harm};

const FILES: usize = 3;

fn contents() -> Vec<Vec<u8>> {
    (1..=FILES as u64).map(|seed| incompressible(seed, 20_000)).collect()
}

async fn sent(contents: &[Vec<u8>]) -> (World, Vec<Upload>) {
    let world = World::new().await;
    let mut uploads = Vec::new();
    for (number, content) in contents.iter().enumerate() {
        uploads.push(world.send(&format!("file-{number}"), content).await);
    }
    (world, uploads)
}

/// The ids of all packs that blobs of these bytes are in.
async fn packs_of(world: &World, contents: &[Vec<u8>]) -> BTreeSet<PackId> {
    let mut ids = BTreeSet::new();
    for content in contents {
        ids.extend(world.packs_of(content).await.iter().map(|pack| pack.pack_id));
    }
    ids
}

#[tokio::test]
async fn small_files_of_a_batch_share_a_pack() {
    let contents = contents();
    let (world, uploads) = sent(&contents).await;
    assert_eq!(Worker::dedup(&world).run().await, Vec::<String>::new());
    let used = FILES * 20_000;
    for (upload, content) in uploads.iter().zip(&contents) {
        world.check_available(upload, content, used, "").await;
    }
    let [pack] = &world.packs().await[..] else { panic!("one pack") };
    assert_eq!(pack.references, FILES as u64);
}

#[tokio::test]
async fn small_files_of_a_batch_are_available_whatever_happens() {
    let contents = contents();
    let check = async |world: &World, uploads: &Vec<Upload>, context: &str| {
        for (upload, content) in uploads.iter().zip(&contents) {
            world.check_version(upload, content, context).await;
        }
        world.check_account(FILES * 20_000, context).await;
        world.check_landing_is_empty(context).await;
        // If the row of the shared pack fails, its object stays, and no row names it.
        let objects = keys(&world.vault).await;
        let unnamed: Vec<_> = objects.difference(&world.objects_in_rows().await).cloned().collect();
        assert!(unnamed.len() <= 1 && unnamed.iter().all(|key| key.starts_with("packs/")), "{context}");
    };
    survives_harm(async || sent(&contents).await, async |world| Worker::dedup(world), check).await;
}

#[tokio::test]
async fn a_batch_of_one_account_does_not_touch_the_packs_of_another() {
    let contents = contents();
    let (world, _) = sent(&contents[..2]).await;
    let other = world.register("eve").await;
    let mut foreign = world.new_upload("file", 20_000);
    (foreign.account_id, foreign.username) = (other.account_id, other.username);
    world.land(&foreign, &contents[2]).await;
    world.notify(&foreign).await;
    Worker::dedup(&world).finish().await;
    assert_eq!(world.upload(&foreign).await.state, UploadState::Available);
    let packs = world.packs().await;
    let mut references: Vec<_> = packs.iter().map(|pack| (pack.account_id, pack.references)).collect();
    references.sort_unstable();
    let mut expected = [(world.account_id, 2), (other.account_id, 1)];
    expected.sort_unstable();
    assert_eq!(references, expected);
}

#[tokio::test]
async fn the_same_bytes_twice_in_a_batch_are_stored_once() {
    let content = incompressible(1, SMALL);
    let (world, uploads) = sent(&[content.clone(), content.clone()]).await;
    Worker::dedup(&world).finish().await;
    for upload in &uploads {
        world.check_available(upload, &content, SMALL, "").await;
    }
    assert_eq!(world.blob(&content).await.map(|blob| blob.references), Some(2));
}

#[tokio::test]
async fn chunks_that_files_of_a_batch_have_in_common_are_written_once() {
    let first = incompressible(1, 500_000);
    let second = edited(&first, 250_000, b"inserted");
    let (world, _) = sent(&[first.clone(), second.clone()]).await;
    Worker::dedup(&world).finish().await;
    let written: u64 = world.packs().await.iter().map(|pack| pack.size).sum();
    assert!(written < 700_000, "{written} bytes for two files of 500,000");
    assert_eq!(world.read(&second).await, second);
}

#[tokio::test]
async fn a_wrong_file_of_a_batch_does_not_keep_the_others() {
    let contents = contents();
    let (world, uploads) = sent(&contents[..2]).await;
    let mut wrong = world.new_upload("wrong", 20_000);
    wrong.sha256 = Some(sluice_domain::hash::Sha256::of(b"other"));
    world.land(&wrong, &contents[2]).await;
    world.notify(&wrong).await;
    Worker::dedup(&world).finish().await;
    assert_eq!(world.upload(&wrong).await.state, UploadState::Rejected);
    for (upload, content) in uploads.iter().zip(&contents) {
        world.check_available(upload, content, 40_000, "").await;
    }
}

#[tokio::test]
async fn files_that_cannot_share_packs_are_stored_each_by_itself() {
    let contents = contents();
    let (world, uploads) = sent(&contents).await;
    world.services.faults.next("s3:PutObject", Fault::InternalError);
    assert_eq!(Worker::dedup(&world).run().await, Vec::<String>::new(), "no message is needed again");
    for (upload, content) in uploads.iter().zip(&contents) {
        world.check_available(upload, content, FILES * 20_000, "").await;
        assert!(world.blob(content).await.is_some_and(|blob| blob.object_key.is_some()));
    }
    assert_eq!(packs_of(&world, &contents).await.len(), FILES);
}

#[tokio::test]
async fn one_failing_transaction_returns_one_message_of_a_batch() {
    let contents = contents();
    let (world, uploads) = sent(&contents).await;
    world.services.faults.next("dynamodb:TransactWriteItems", Fault::InternalError);
    let worker = Worker::dedup(&world);
    assert_eq!(worker.run().await.len(), 1);
    worker.finish().await;
    for (upload, content) in uploads.iter().zip(&contents) {
        world.check_available(upload, content, FILES * 20_000, "").await;
    }
}
