//! Delta uploads: packs of missing chunks, and a manifest.

use sluice_contracts::packs::{ManifestTerm, PackManifest, PackReference};
use sluice_domain::hash::Sha256;
use sluice_domain::id::PackId;
use sluice_domain::part_plan::PartNumber;
use sluice_domain::upload::{DeclaredPack, Upload, UploadState};
use sluice_domain::version::RejectReason;
use sluice_storage::PutOptions;

use super::SMALL;
use crate::support::{Worker, World, condemn_pack, incompressible, survives_harm};

/// A delta upload of a stored file with a chunk of its own before it.
pub struct Delta {
    pub upload: Upload,
    /// The bytes of the pack that is sent: one chunk.
    sent: Vec<u8>,
    stored: Vec<u8>,
    pub manifest: PackManifest,
}

impl Delta {
    pub fn content(&self) -> Vec<u8> {
        [&self.sent[..], &self.stored].concat()
    }

    pub fn used_bytes(&self) -> usize {
        self.stored.len() + self.content().len()
    }

    pub async fn begin(&self, world: &World) {
        world.begin(&self.upload).await;
        self.put_pack(world).await;
        self.put_manifest(world).await;
        world.send_to("landing", &World::received(&self.upload)).await;
    }

    pub async fn put_pack(&self, world: &World) {
        let number = PartNumber::try_from(1).expect("a number");
        let key = self.upload.landing_key().pack(number);
        world.landing.put(&key, self.sent.clone().into(), PutOptions::default()).await.expect("a PUT");
    }

    pub async fn put_manifest(&self, world: &World) {
        let json = serde_json::to_vec(&self.manifest).expect("JSON");
        world
            .landing
            .put(&self.upload.delivered_key(), json.into(), PutOptions::default())
            .await
            .expect("a PUT");
    }
}

/// A world with a stored file, and a delta upload that has not begun.
pub async fn prepared() -> (World, Delta) {
    let world = World::new().await;
    let stored = incompressible(1, SMALL);
    world.send("before", &stored).await;
    Worker::dedup(&world).finish().await;
    let pack_id = world.packs_of(&stored).await[0].pack_id;
    let sent = incompressible(2, SMALL);
    let term = |pack, length: &[u8]| ManifestTerm {
        pack,
        first_chunk: 0,
        chunk_count: 1,
        length: length.len() as u32,
    };
    let manifest = PackManifest {
        packs: vec![vec![sent.len() as u32]],
        terms: vec![term(PackReference::Sent(1), &sent), term(PackReference::Stored(pack_id), &stored)],
    };
    let content = [&sent[..], &stored].concat();
    let mut upload = world.new_upload("after", content.len() as u64);
    upload.sha256 = Some(Sha256::of(&content));
    upload.packs = Some(vec![DeclaredPack { size: sent.len() as u32, sha256: Sha256::of(&sent) }]);
    (world, Delta { upload, sent, stored, manifest })
}

async fn is_rejected(reason: RejectReason, change: impl AsyncFnOnce(&World, &mut Delta)) {
    let (world, mut delta) = prepared().await;
    change(&world, &mut delta).await;
    delta.begin(&world).await;
    Worker::dedup(&world).finish().await;
    world.check_rejected(&delta.upload, reason, "").await;
    world.check_account(delta.stored.len(), "").await;
    assert_eq!(world.packs().await.len(), 1, "the received packs are gone");
}

#[tokio::test]
async fn a_delta_upload_is_available_whatever_happens() {
    let prepare = async || {
        let (world, delta) = prepared().await;
        delta.begin(&world).await;
        (world, delta)
    };
    let check = async |world: &World, delta: &Delta, context: &str| {
        world.check_available(&delta.upload, &delta.content(), delta.used_bytes(), context).await;
        let packs = world.packs_of(&delta.content()).await;
        let references: Vec<_> = packs.iter().map(|pack| pack.references).collect();
        assert_eq!(references, [1, 2], "{context}");
    };
    survives_harm(prepare, async |world| Worker::dedup(world), check).await;
}

#[tokio::test]
async fn a_delta_upload_of_known_bytes_is_linked_and_its_packs_discarded() {
    let (world, delta) = prepared().await;
    world.send("whole", &delta.content()).await;
    let worker = Worker::dedup(&world);
    worker.finish().await;
    let packs = world.packs().await.len();
    delta.begin(&world).await;
    worker.finish().await;
    world.check_available(&delta.upload, &delta.content(), delta.used_bytes(), "").await;
    assert_eq!(world.packs().await.len(), packs);
}

#[tokio::test]
async fn a_manifest_that_does_not_fit_is_rejected() {
    let change = async |_: &World, delta: &mut Delta| delta.manifest.terms.truncate(1);
    is_rejected(RejectReason::InvalidManifest, change).await;
}

#[tokio::test]
async fn a_large_file_of_few_bytes_again_and_again_is_rejected_before_it_is_read() {
    let change = async |_: &World, delta: &mut Delta| {
        let sent = delta.manifest.terms[0];
        let count = (64 << 20) / u64::from(sent.length) + 1;
        delta.manifest.terms.truncate(1);
        delta.manifest.terms.resize(count as usize, sent);
        delta.upload.size = count * u64::from(sent.length);
    };
    is_rejected(RejectReason::InvalidManifest, change).await;
}

#[tokio::test]
async fn a_pack_with_other_bytes_is_rejected() {
    let change = async |_: &World, delta: &mut Delta| delta.sent = incompressible(3, SMALL);
    is_rejected(RejectReason::PackMismatch, change).await;
}

#[tokio::test]
async fn a_pack_of_another_length_is_rejected() {
    let change = async |_: &World, delta: &mut Delta| delta.sent.push(0);
    is_rejected(RejectReason::PackMismatch, change).await;
}

#[tokio::test]
async fn other_bytes_than_declared_are_rejected() {
    let change = async |_: &World, delta: &mut Delta| delta.upload.sha256 = Some(Sha256::of(b"other"));
    is_rejected(RejectReason::Sha256Mismatch, change).await;
}

#[tokio::test]
async fn an_unknown_pack_is_rejected() {
    let change = async |_: &World, delta: &mut Delta| {
        delta.manifest.terms[1].pack = PackReference::Stored(PackId::from_bytes([9; 16]));
    };
    is_rejected(RejectReason::PackGone, change).await;
}

#[tokio::test]
async fn a_condemned_pack_is_rejected() {
    let change = async |world: &World, _: &mut Delta| {
        let pack_id = world.packs().await[0].pack_id;
        condemn_pack(&world.services, pack_id);
    };
    is_rejected(RejectReason::PackGone, change).await;
}

#[tokio::test]
async fn a_damaged_stored_pack_makes_the_upload_wait() {
    let (world, delta) = prepared().await;
    let key = world.packs_of(&delta.stored).await[0].placement.key.clone();
    world.damage(&key).await;
    delta.begin(&world).await;
    let worker = Worker::dedup(&world);
    assert_eq!(worker.run().await.len(), 1);
    worker.finish().await;
    assert_eq!(world.dead_letters("landing"), ["chunk_damaged"]);
    assert!(!world.upload(&delta.upload).await.state.is_final());
}

#[tokio::test]
async fn a_manifest_before_its_packs_waits_for_them() {
    let (world, delta) = prepared().await;
    world.begin(&delta.upload).await;
    delta.put_manifest(&world).await;
    world.send_to("landing", &World::received(&delta.upload)).await;
    let worker = Worker::dedup(&world);
    assert_eq!(worker.run().await.len(), 1);
    assert_eq!(world.upload(&delta.upload).await.state, UploadState::Open);
    delta.put_pack(&world).await;
    worker.finish().await;
    world.check_available(&delta.upload, &delta.content(), delta.used_bytes(), "").await;
}

#[tokio::test]
async fn a_delta_upload_that_runs_out_of_time_is_tried_again() {
    let (world, delta) = prepared().await;
    delta.begin(&world).await;
    assert_eq!(Worker::dedup(&world).hurried(1).run().await.len(), 1);
    Worker::dedup(&world).finish().await;
    world.check_available(&delta.upload, &delta.content(), delta.used_bytes(), "").await;
}
