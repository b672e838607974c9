//! Small files of one batch: the new chunks of each account's go into packs that they share, so that a million tiny files
//! do not cost a million objects.

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use sluice_contracts::pack_event::Subject;
use sluice_domain::chunk::Chunk;
use sluice_domain::id::AccountId;
use sluice_domain::pack::PackDraft;
use sluice_domain::upload::Upload;
use sluice_storage::bucket::ObjectHead;
use sluice_storage::tables::{Outcome, StoredBlob};
use std::collections::{BTreeMap, HashMap};

use crate::error::DedupError;
use crate::lookup::{Found, look_up, new_chunks};
use crate::rewrite::put_together;
use crate::scan::HashedObject;
use crate::store::{self, Stored};
use crate::upload::{Settled, Work};
use crate::writer::{PackWriter, Written};
use crate::{App, MESSAGES_IN_FLIGHT, TimeCheck, writer};

/// The largest object that shares packs. Above it, an object costs little beside its bytes.
pub const SMALL_MAX_BYTES: u64 = 1 << 20;

/// A small object that was verified and whose blob is new.
pub struct Small {
    pub upload: Upload,
    pub begun: bool,
    pub head: ObjectHead,
    pub bytes: Bytes,
    pub blob: HashedObject,
}

/// Stores and publishes small objects, and gives what came of each with what the caller knows it by.
pub async fn store_together<Name>(
    app: &App,
    smalls: Vec<(Name, Small)>,
    out_of_time: &TimeCheck,
) -> Vec<(Name, Result<(), DedupError>)> {
    let mut by_account: BTreeMap<AccountId, Vec<(Name, Small)>> = BTreeMap::new();
    for (name, small) in smalls {
        by_account.entry(small.upload.account_id).or_default().push((name, small));
    }
    let mut done = Vec::new();
    for (_, company) in by_account {
        let (names, smalls): (Vec<Name>, Vec<Small>) = company.into_iter().unzip();
        let results = match &smalls[..] {
            // One by itself is best copied as it is.
            [_] => alone(app, smalls, out_of_time).await,
            _ => company_of(app, smalls, out_of_time).await,
        };
        done.extend(names.into_iter().zip(results));
    }
    done
}

async fn alone(app: &App, smalls: Vec<Small>, out_of_time: &TimeCheck) -> Vec<Result<(), DedupError>> {
    stream::iter(smalls)
        .map(|small| async move {
            let work = Work { app, upload: &small.upload, begun: small.begun, out_of_time };
            work.publish(&small.head, Some(&small.bytes), small.blob).await
        })
        .buffered(MESSAGES_IN_FLIGHT)
        .collect()
        .await
}

/// Stores each by itself if they cannot be stored together: what fails then, fails for one.
async fn company_of(app: &App, smalls: Vec<Small>, out_of_time: &TimeCheck) -> Vec<Result<(), DedupError>> {
    let (written, founds) = match write(app, &smalls).await {
        Ok(done) => done,
        Err(error) => {
            tracing::warn!(%error, "small files could not be stored together");
            return alone(app, smalls, out_of_time).await;
        }
    };
    let account = smalls[0].upload.account_id;
    let written = &written;
    let results: Vec<Result<Settled, DedupError>> = stream::iter(smalls.into_iter().zip(founds))
        .map(|(small, (found, new_bytes))| publish(app, small, written, found, new_bytes, out_of_time))
        .buffered(MESSAGES_IN_FLIGHT)
        .collect()
        .await;
    // Only once all uploads have ended, since another worker may have the same company.
    let unused = results.iter().all(|result| matches!(result, Ok(Settled::Otherwise)));
    let ended = if unused {
        writer::discard(app, account, &written.packs).await.map_err(DedupError::from)
    } else {
        match store::worth_compressing(Subject::Packs(written.packs.clone()), written.bytes) {
            Some(of) => store::enqueue(app, account, of).await,
            None => Ok(()),
        }
    };
    if let Err(error) = ended {
        tracing::warn!(%error, "packs that nothing refers to may be left, or such that are not compressed");
    }
    results.into_iter().map(|result| result.map(|_| ())).collect()
}

/// Writes the new chunks of all, and gives what was found of each and how many bytes it brought.
async fn write(app: &App, smalls: &[Small]) -> Result<(Written, Vec<(Found, u64)>), DedupError> {
    let mut writer = PackWriter::new(app, &smalls[0].upload);
    let mut founds = Vec::new();
    let mut brought = HashMap::new();
    for small in smalls {
        let found = look_up(app, &small.upload, small.blob.packs.drafts()).await?;
        // Of two with the same blob, whichever is published first brings it, and the other finds it there.
        if let Some(new_bytes) = brought.get(&small.blob.digest.sha256) {
            founds.push((found, *new_bytes));
            continue;
        }
        let mut new_bytes = 0;
        for (offset, chunk) in new_chunks(&chunks(small), &found.runs) {
            let start = offset as usize;
            let bytes = &small.bytes[start..start + chunk.length_bytes() as usize];
            new_bytes += writer.add(chunk, bytes).await?;
        }
        brought.insert(small.blob.digest.sha256, new_bytes);
        founds.push((found, new_bytes));
    }
    Ok((writer.finish().await?, founds))
}

fn chunks(small: &Small) -> Vec<Chunk> {
    small.blob.packs.drafts().iter().flat_map(PackDraft::chunks).copied().collect()
}

async fn publish(
    app: &App,
    small: Small,
    written: &Written,
    found: Found,
    new_bytes: u64,
    out_of_time: &TimeCheck,
) -> Result<Settled, DedupError> {
    let work = Work { app, upload: &small.upload, begun: small.begun, out_of_time };
    let terms = written.terms(&chunks(&small), &found.runs);
    let blob = put_together(app, &small.upload, &small.blob.digest, terms).await?;
    let blob = StoredBlob { new_bytes, stored_bytes: new_bytes, ..blob };
    let outcome = Outcome::Stored(Box::new(blob.clone()));
    // The packs are the company's: they are discarded when all are done, if nobody has them then.
    let hooks = written.hooks(small.blob.packs.drafts());
    let stored = Stored { blob, written: Vec::new(), to_compress: None, hooks };
    match work.settle(&small.head, &outcome, Some(&stored), small.begun).await? {
        Settled::NotYet => {}
        settled => return Ok(settled),
    }
    work.publish(&small.head, Some(&small.bytes), small.blob).await.map(|()| Settled::Otherwise)
}
