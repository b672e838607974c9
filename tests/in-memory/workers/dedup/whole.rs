//! Uploads of whole files.

use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::key::ObjectKey;
use sluice_domain::upload::Upload;
use sluice_domain::version::RejectReason;
use sluice_storage::GetOptions;

use super::{INDEXED, SMALL};
use crate::support::{Worker, World, edited, incompressible, survives_death, survives_harm};

async fn sent(content: &[u8]) -> (World, Upload) {
    let world = World::new().await;
    let upload = world.send("file", content).await;
    (world, upload)
}

async fn is_adopted_whatever_happens(content: &[u8]) {
    let check = async |world: &World, upload: &Upload, context: &str| {
        world.check_available(upload, content, content.len(), context).await;
        assert!(world.blob(content).await.is_some_and(|blob| blob.object_key.is_some()), "{context}");
        assert_eq!(world.dead_letters("landing"), Vec::<String>::new(), "{context}");
    };
    survives_harm(async || sent(content).await, async |world| Worker::dedup(world), check).await;
}

#[tokio::test]
async fn a_small_file_is_adopted_whatever_happens() {
    is_adopted_whatever_happens(&incompressible(1, SMALL)).await;
}

#[tokio::test]
async fn a_file_with_a_long_index_survives_a_worker_killed_anywhere() {
    let content = incompressible(1, INDEXED);
    let check = async |world: &World, upload: &Upload, context: &str| {
        world.check_available(upload, &content, INDEXED, context).await;
    };
    survives_death(async || sent(&content).await, async |world| Worker::dedup(world), check).await;
}

#[tokio::test]
async fn an_empty_file_is_adopted_whatever_happens() {
    is_adopted_whatever_happens(&[]).await;
}

#[tokio::test]
async fn a_new_blob_is_counted_and_its_compression_requested() {
    let content = incompressible(1, INDEXED);
    let (world, upload) = sent(&content).await;
    Worker::dedup(&world).finish().await;
    world.check_available(&upload, &content, content.len(), "").await;
    let account = world.tables.account(&world.account.username).await.expect("a read").expect("an account");
    assert_eq!(account.stored_bytes, content.len() as u64);
    let [pack] = &world.packs_of(&content).await[..] else { panic!("one pack") };
    assert_eq!(pack.references, 1);
    assert_eq!(world.messages("compress").len(), 1);
}

#[tokio::test]
async fn known_bytes_are_linked_whatever_happens() {
    let content = incompressible(1, SMALL);
    let prepare = async || {
        let (world, _) = sent(&content).await;
        Worker::dedup(&world).finish().await;
        let again = world.send("again", &content).await;
        (world, again)
    };
    let check = async |world: &World, again: &Upload, context: &str| {
        world.check_available(again, &content, SMALL, context).await;
        let blob = world.blob(&content).await.expect("a blob");
        assert_eq!(blob.references, 2, "{context}");
        assert_eq!(world.packs().await.len(), 1, "{context}: stored twice");
    };
    survives_harm(prepare, async |world| Worker::dedup(world), check).await;
}

#[tokio::test]
async fn an_edited_file_is_rewritten_by_a_worker_killed_anywhere() {
    let before = incompressible(1, INDEXED);
    let after = edited(&before, 1 << 20, b"inserted");
    let prepare = async || {
        let (world, _) = sent(&before).await;
        Worker::dedup(&world).finish().await;
        let mut edit = world.new_upload("edited", after.len() as u64);
        edit.base_sha256 = Some(Sha256::of(&before));
        world.land(&edit, &after).await;
        world.notify(&edit).await;
        (world, edit)
    };
    let check = async |world: &World, edit: &Upload, context: &str| {
        world.check_available(edit, &after, before.len() + after.len(), context).await;
        let blob = world.blob(&after).await.expect("a blob");
        assert_eq!(blob.object_key, None, "{context}: adopted");
        let packs = world.packs_of(&after).await;
        let new = packs.iter().map(|pack| pack.size).min().unwrap_or_default();
        assert!(packs.len() == 2 && new < 200_000, "{context}: {new} bytes written");
        assert_eq!(packs.iter().map(|pack| pack.references).max(), Some(2), "{context}");
    };
    survives_death(prepare, async |world| Worker::dedup(world), check).await;
}

#[tokio::test]
async fn headers_that_no_signature_covers_do_not_reach_the_vault() {
    let content = incompressible(1, 100_000);
    let world = World::new().await;
    let upload = world.new_upload("file", content.len() as u64);
    world.begin(&upload).await;
    let unsigned = [("content-encoding", "gzip"), ("cache-control", "no-store"), ("x-amz-meta-note", "gzip")];
    world.put_by_url(&upload, &content, &unsigned).await;
    world.notify(&upload).await;
    Worker::dedup(&world).finish().await;
    world.check_available(&upload, &content, content.len(), "").await;
    let key = world.blob(&content).await.and_then(|blob| blob.object_key).expect("adopted");
    let key = ObjectKey::from_stored(key);
    let adopted = world.vault.get(&key, GetOptions::whole()).await.expect("an object");
    let description = format!("{:?}", adopted.description);
    assert!(!description.contains("gzip") && !description.contains("no-store"), "{description}");
}

#[tokio::test]
async fn a_mostly_new_file_is_adopted_although_some_of_it_is_known() {
    let before = incompressible(1, 1 << 20);
    let after = [&before[..], &incompressible(2, 5 << 20)].concat();
    let (world, _) = sent(&before).await;
    let worker = Worker::dedup(&world);
    worker.finish().await;
    let mut upload = world.new_upload("longer", after.len() as u64);
    upload.base_sha256 = Some(Sha256::of(&before));
    world.land(&upload, &after).await;
    world.notify(&upload).await;
    worker.finish().await;
    world.check_available(&upload, &after, before.len() + after.len(), "").await;
    assert!(world.blob(&after).await.is_some_and(|blob| blob.object_key.is_some()));
}

async fn is_rejected_whatever_happens(reason: RejectReason, change: fn(&mut Upload)) {
    let content = incompressible(1, SMALL);
    let prepare = async || {
        let world = World::new().await;
        let mut upload = world.new_upload("file", content.len() as u64);
        change(&mut upload);
        world.land(&upload, &content).await;
        world.notify(&upload).await;
        (world, upload)
    };
    let check = async |world: &World, upload: &Upload, context: &str| {
        world.check_rejected(upload, reason, context).await;
        world.check_account(0, context).await;
        assert!(world.blob(&content).await.is_none(), "{context}");
    };
    survives_harm(prepare, async |world| Worker::dedup(world), check).await;
}

#[tokio::test]
async fn bytes_with_another_sha256_are_rejected_whatever_happens() {
    let change = |upload: &mut Upload| upload.sha256 = Some(Sha256::of(b"other"));
    is_rejected_whatever_happens(RejectReason::Sha256Mismatch, change).await;
}

#[tokio::test]
async fn bytes_with_another_sha1_are_rejected_whatever_happens() {
    let change = |upload: &mut Upload| upload.sha1 = Some(Sha1::of(b"other"));
    is_rejected_whatever_happens(RejectReason::Sha1Mismatch, change).await;
}

#[tokio::test]
async fn bytes_of_another_length_are_rejected_whatever_happens() {
    is_rejected_whatever_happens(RejectReason::SizeMismatch, |upload| upload.size += 1).await;
}

#[tokio::test]
async fn the_long_index_of_rejected_bytes_is_removed_by_a_worker_killed_anywhere() {
    let content = incompressible(1, INDEXED);
    let prepare = async || {
        let world = World::new().await;
        let mut upload = world.new_upload("file", content.len() as u64);
        upload.expected_version = Some(upload.version_id);
        world.land(&upload, &content).await;
        world.notify(&upload).await;
        (world, upload)
    };
    let check = async |world: &World, upload: &Upload, context: &str| {
        world.check_rejected(upload, RejectReason::PreconditionFailed, context).await;
    };
    survives_death(prepare, async |world| Worker::dedup(world), check).await;
}

#[tokio::test]
async fn a_version_that_must_follow_another_is_rejected_if_that_is_not_current() {
    let content = incompressible(1, SMALL);
    let world = World::new().await;
    let mut upload = world.new_upload("file", SMALL as u64);
    upload.expected_version = Some(upload.version_id);
    world.land(&upload, &content).await;
    world.notify(&upload).await;
    Worker::dedup(&world).finish().await;
    world.check_rejected(&upload, RejectReason::PreconditionFailed, "").await;
    world.check_account(0, "").await;
}
