//! Prepares the same bytes as files of an account and as plain objects, and migrates the files.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::blob::VAULT;
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, PackId};
use sluice_storage::tables::Segment;
use sluice_tests::{Deployed, bytes};
use std::sync::Arc;

use super::outcome::Outcome;
use super::stores::{PLAIN_BUCKET, Stores, TARGET};
use super::workload::{Contender, Workload};
use crate::Failure;
use crate::invocation::{BATCH_MESSAGES, Function, messages, process_beside};
use crate::stored::drain;
use crate::uploads::Uploader;

/// The number of packs in a message that names packs.
const MESSAGE_PACKS: usize = 100;
/// The number of small files that are prepared concurrently.
const CONCURRENT_FILES: usize = 8;
/// Larger files are prepared one by one, because they are in memory.
const SMALL_MAX_BYTES: usize = 1 << 20;

/// Files of one account that are stored in packs on Ceph.
pub struct Files {
    account_id: AccountId,
    blobs: Vec<Sha256>,
    packs: Vec<PackId>,
}

impl Files {
    /// Uploads a workload's files, runs dedup-upload on batches of ten, and puts the same bytes as plain
    /// objects.
    pub async fn prepare(stores: &Stores, workload: Workload) -> Result<Self, Failure> {
        eprintln!("· preparing {}", workload.name());
        let deployed = stores.deployed(TARGET);
        let uploader = &Uploader::register(&deployed).await?;
        let concurrency = if workload.object_bytes <= SMALL_MAX_BYTES { CONCURRENT_FILES } else { 1 };
        let put: Vec<(Sha256, String)> = stream::iter(0..workload.objects)
            .map(|number| put(stores, uploader, workload, number))
            .buffered(concurrency)
            .try_collect()
            .await?;
        let (blobs, bodies): (Vec<_>, Vec<_>) = put.into_iter().unzip();
        let app = Arc::new(dedup_upload::App::new(&deployed.deployment())?);
        let mut batches = stream::iter(bodies.chunks(BATCH_MESSAGES))
            .map(|batch| dedup_upload::process(app.clone(), messages(batch.to_vec()), Arc::new(|| false)))
            .buffer_unordered(2);
        while let Some(failed) = batches.next().await {
            if !failed.is_empty() {
                return Err(format!("{} uploads could not be verified", failed.len()).into());
            }
        }
        let account_id = uploader.account_id;
        let packs = packs_of(&deployed, account_id).await?;
        eprintln!("· {} are in {} packs", workload.name(), packs.len());
        Ok(Self { account_id, blobs, packs })
    }

    /// The number of packs that the files are in.
    pub fn pack_count(&self) -> usize {
        self.packs.len()
    }

    /// Runs migrate-pack to move all files to the double, requested by blob or by pack.
    pub async fn migrate(
        &self,
        deployed: &Deployed,
        contender: Contender,
        invocations: usize,
    ) -> Result<Outcome, Failure> {
        let bodies: Vec<String> = match contender {
            Contender::Packs => self.requests_for_packs(TARGET),
            _ => self.blobs.iter().map(|of| self.request(Subject::Blob(*of), TARGET)).collect(),
        };
        let (elapsed, spent) = process_beside(deployed, Function::MigratePack, &bodies, invocations).await?;
        Ok(Outcome {
            elapsed,
            processor_seconds: spent.processor_seconds,
            peak_resident_kib: spent.peak_resident_kib,
        })
    }

    /// Checks that every pack is behind the double now.
    pub async fn check_moved(&self, deployed: &Deployed) -> Result<(), Failure> {
        let tables = deployed.deployment().tables()?;
        let mut moved = 0;
        for packs in self.packs.chunks(MESSAGE_PACKS) {
            let rows = tables.packs(packs).await?;
            moved += rows.iter().filter(|pack| pack.placement.store == TARGET).count();
        }
        if moved == self.packs.len() { Ok(()) } else { Err(format!("{moved} packs have been moved").into()) }
    }

    /// Moves all packs back and deletes the objects they have left.
    pub async fn move_back(&self, deployed: &Deployed, invocations: usize) -> Result<(), Failure> {
        process_beside(deployed, Function::MigratePack, &self.requests_for_packs(VAULT), invocations).await?;
        drain::sweep(&deployed.deployment()).await
    }

    fn requests_for_packs(&self, to: &str) -> Vec<String> {
        let messages = self.packs.chunks(MESSAGE_PACKS);
        messages.map(|packs| self.request(Subject::Packs(packs.to_vec()), to)).collect()
    }

    fn request(&self, of: Subject, to: &str) -> String {
        PackEvent::MigrationRequested { account_id: self.account_id, of, to: to.to_owned() }.to_json()
    }
}

async fn put(
    stores: &Stores,
    uploader: &Uploader,
    workload: Workload,
    number: u32,
) -> Result<(Sha256, String), Failure> {
    let content = bytes(u64::from(number) + workload.object_bytes as u64, workload.object_bytes);
    let key = workload.key(number);
    let event = uploader.upload(&key, &content).await?;
    let sha256 = Sha256::of(&content);
    let object = stores.ceph.client().put_object().bucket(PLAIN_BUCKET).key(key).body(content.into());
    object.send().await?;
    Ok((sha256, event))
}

async fn packs_of(deployed: &Deployed, account_id: AccountId) -> Result<Vec<PackId>, Failure> {
    let tables = deployed.deployment().tables()?;
    let mut packs = Vec::new();
    let mut after = None;
    loop {
        let (page, next) = tables.scan_packs(Segment { number: 0, of: 1 }, after).await?;
        packs.extend(page.iter().filter(|pack| pack.account_id == account_id).map(|pack| pack.pack_id));
        if next.is_none() {
            return Ok(packs);
        }
        after = next;
    }
}
