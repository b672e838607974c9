//! `verify`: reads packs from their stores, checks every chunk, and compares each pack with its latest
//! receipt.

use backon::Retryable as _;
use futures::stream::{self, StreamExt};
use serde::Serialize;
use sluice_domain::blob::{Life, Pack};
use sluice_domain::hash::Sha256;
use sluice_domain::id::PackId;
use sluice_domain::pack_move::Receipt;
use sluice_packs::read::read_index;
use sluice_packs::verify::{VerifiedPack, verify};
use sluice_packs::{Pace, PackError};
use sluice_storage::Tables;
use sluice_storage::stores::PackBuckets;
use sluice_storage::tables::Segment;
use std::collections::HashMap;

use crate::arguments::VerifyArguments;
use crate::error::{Error, Result};
use crate::output::{Output, size};
use crate::retries::RETRIES;
use crate::settings::DeploymentAccess;

/// How many receipts one page has.
const PAGE: usize = 1000;

/// What the latest receipt of a pack says. Takes about a hundred bytes in memory for each pack that was ever
/// moved.
#[derive(Debug, Clone, Copy)]
struct Proof {
    /// The hash of the target's store and key.
    object: Sha256,
    size: u64,
    sha256: Sha256,
}

/// A result line for a damaged pack.
#[derive(Serialize)]
struct Damage<'a> {
    pack_id: PackId,
    account_id: String,
    store: &'a str,
    key: &'a str,
    problem: String,
}

struct Check {
    buckets: PackBuckets,
    proofs: HashMap<PackId, Proof>,
    pace: Pace,
}

#[derive(Default, Serialize)]
struct Tally {
    verified: u64,
    bytes: u64,
    with_receipt: u64,
    damaged: u64,
}

pub async fn run(arguments: &VerifyArguments, access: &DeploymentAccess, output: &Output) -> Result<()> {
    let tables = access.deployment.tables()?;
    let account = arguments.account.find(&tables).await?;
    if let Some(store) = &arguments.store {
        access.store(store)?;
    }
    let scope = account.map(|account| account.to_string());
    let proofs = proofs(&tables, scope.as_deref()).await?;
    let pace = Pace::new(arguments.bandwidth);
    let check = Check { buckets: access.deployment.pack_buckets()?.without_retries(), proofs, pace };
    let mut cursor = None;
    let mut tally = Tally::default();
    let bar = output.bar("verified");
    loop {
        let (mut packs, next) = tables.scan_packs(Segment { number: 0, of: 1 }, cursor).await?;
        let in_store =
            |pack: &Pack| arguments.store.as_ref().is_none_or(|store| *store == pack.placement.store);
        packs.retain(|pack| {
            pack.life == Life::Live
                && account.is_none_or(|account| account == pack.account_id)
                && in_store(pack)
                && is_drawn(arguments.sample)
        });
        let mut checks = stream::iter(&packs)
            .map(async |pack| (pack, check.one(&tables, pack).await))
            .buffer_unordered(arguments.jobs.into());
        while let Some((pack, checked)) = checks.next().await {
            tally.add(pack, checked, output)?;
            bar.set_position(tally.bytes);
            bar.set_message(format!("{} packs, {} damaged", tally.verified, tally.damaged));
        }
        drop(checks);
        let Some(next) = next else { break };
        cursor = Some(next);
    }
    bar.finish_and_clear();
    output.result(&tally, || tally.text())?;
    if tally.damaged > 0 {
        return Err(Error::Wrong(format!("{} packs are damaged", tally.damaged)));
    }
    Ok(())
}

/// The latest receipt of each pack, of one account or of all.
async fn proofs(tables: &Tables, scope: Option<&str>) -> Result<HashMap<PackId, Proof>> {
    let mut latest: HashMap<PackId, (String, Proof)> = HashMap::new();
    let mut cursor = None;
    loop {
        let (receipts, next) = tables.receipts(scope, cursor, PAGE).await?;
        for receipt in receipts {
            let Some(pack) = receipt.pack_id else { continue };
            if latest.get(&pack).is_none_or(|(id, _)| *id < receipt.receipt_id) {
                latest.insert(pack, (receipt.receipt_id.clone(), Proof::of(&receipt)));
            }
        }
        let Some(next) = next else { break };
        cursor = Some(next);
    }
    Ok(latest.into_iter().map(|(pack, (_, proof))| (pack, proof)).collect())
}

impl Proof {
    fn of(receipt: &Receipt) -> Self {
        Self {
            object: object_hash(&receipt.target.store, &receipt.target.key),
            size: receipt.size,
            sha256: receipt.sha256,
        }
    }
}

fn object_hash(store: &str, key: &str) -> Sha256 {
    Sha256::of(format!("{store}#{key}").as_bytes())
}

/// Whether a pack belongs to a random sample of this many percent.
fn is_drawn(percent: f64) -> bool {
    // Without randomness, every pack is drawn.
    f64::from(getrandom::u32().unwrap_or_default()) < percent / 100.0 * f64::from(u32::MAX)
        || percent >= 100.0
}

enum PackCondition {
    /// All chunks are right, and so is the receipt, if there is one.
    Sound { has_receipt: bool },
    /// The pack is damaged, with the reason.
    Damaged(String),
    /// The pack was moved or deleted since it was listed.
    Gone,
}

impl Check {
    async fn one(&self, tables: &Tables, pack: &Pack) -> Result<PackCondition> {
        match self.read(pack).await {
            Ok(stored) => Ok(self.compare(pack, stored)),
            // A store that does not answer does not prove damage.
            Err(error) if is_transient(&error) => Err(error.into()),
            Err(error) => {
                let now = tables.packs(&[pack.pack_id]).await?;
                let moved = now.first().is_none_or(|now| now.placement != pack.placement);
                Ok(if moved { PackCondition::Gone } else { PackCondition::Damaged(error.to_string()) })
            }
        }
    }

    async fn read(&self, pack: &Pack) -> Result<VerifiedPack, PackError> {
        let read = async || {
            let index = read_index(&self.buckets, pack).await?;
            verify(&self.buckets, pack, &index, &self.pace).await
        };
        read.retry(RETRIES).when(is_transient).await
    }

    fn compare(&self, pack: &Pack, stored: VerifiedPack) -> PackCondition {
        let placement = &pack.placement;
        let is_of = |proof: &&Proof| proof.object == object_hash(&placement.store, &placement.key);
        let Some(proof) = self.proofs.get(&pack.pack_id).filter(is_of) else {
            return PackCondition::Sound { has_receipt: false };
        };
        if (proof.size, proof.sha256) == (stored.length, stored.sha256) {
            return PackCondition::Sound { has_receipt: true };
        }
        PackCondition::Damaged("its chunks are right, but its bytes are not those of the receipt".to_owned())
    }
}

fn is_transient(error: &PackError) -> bool {
    matches!(error, PackError::Storage(error) if error.kind.is_transient())
}

impl Tally {
    fn add(&mut self, pack: &Pack, found: Result<PackCondition>, output: &Output) -> Result<()> {
        let damage = match found? {
            PackCondition::Gone => return Ok(()),
            PackCondition::Sound { has_receipt } => {
                self.with_receipt += u64::from(has_receipt);
                None
            }
            PackCondition::Damaged(damage) => Some(damage),
        };
        self.verified += 1;
        self.bytes += pack.placement.length;
        let Some(damage) = damage else { return Ok(()) };
        self.damaged += 1;
        let pack_id = pack.pack_id;
        let account_id = pack.account_id.to_string();
        let store = &*pack.placement.store;
        let key = &*pack.placement.key;
        let text = format!("pack {pack_id} of account {account_id} in {store} at {key}: {damage}");
        output.result(&Damage { pack_id, account_id, store, key, problem: damage }, || text)
    }

    fn text(&self) -> String {
        let Self { verified, with_receipt, damaged, .. } = self;
        format!(
            "{verified} packs read, {}, {with_receipt} match their receipts, {damaged} damaged",
            size(self.bytes)
        )
    }
}
