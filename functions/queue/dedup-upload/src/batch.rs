//! Publishes the new small files of one batch of messages. The files of an account share packs.

use futures::stream::{self, StreamExt};
use sluice_contracts::pack_event::Subject;
use sluice_domain::id::AccountId;
use sluice_domain::publication::Outcome;
use sluice_domain::rewrite::WrittenPacks;
use sluice_domain::time::TimeCheck;
use sluice_lambda::batch::catch_panic;
use sluice_storage::Chain;
use std::collections::BTreeMap;

use crate::app::App;
use crate::compression::{self, worth_compressing};
use crate::error::DedupError;
use crate::publish::{self, PublishRequest, PublishResult};
use crate::store::small_files::{self, SmallFileChunks, SmallUpload};
use crate::work::{LandedObject, UploadWork};
use crate::{vault, whole};

/// How many uploads are published at once.
const UPLOADS_IN_FLIGHT: usize = 4;

/// Stores and publishes small files. Returns the result of each with the number that the caller gave it.
pub async fn publish_batch(
    app: &App,
    uploads: Vec<(usize, SmallUpload)>,
    out_of_time: &TimeCheck,
) -> Vec<(usize, Result<(), DedupError>)> {
    let mut results_of_all = Vec::new();
    for (numbers, uploads) in by_account(uploads, |upload| upload.upload.account_id) {
        let results = match &uploads[..] {
            // A single object is best copied as it is.
            [_] => publish_each(app, uploads, out_of_time).await,
            _ => publish_sharing_packs(app, uploads, out_of_time).await,
        };
        results_of_all.extend(numbers.into_iter().zip(results));
    }
    results_of_all
}

/// The items of each account in their order, each with its number.
fn by_account<Item>(
    items: Vec<(usize, Item)>,
    account_of: impl Fn(&Item) -> AccountId,
) -> Vec<(Vec<usize>, Vec<Item>)> {
    let mut groups: BTreeMap<AccountId, (Vec<usize>, Vec<Item>)> = BTreeMap::new();
    for (number, item) in items {
        let (numbers, items) = groups.entry(account_of(&item)).or_default();
        numbers.push(number);
        items.push(item);
    }
    groups.into_values().collect()
}

async fn publish_each(
    app: &App,
    uploads: Vec<SmallUpload>,
    out_of_time: &TimeCheck,
) -> Vec<Result<(), DedupError>> {
    stream::iter(uploads)
        .map(|small| async move {
            let SmallUpload { upload, resumed, head, bytes, hashed } = small;
            let work = UploadWork { app, upload: &upload, resumed, out_of_time, lease: None };
            let object = LandedObject { head: &head, bytes: Some(&bytes) };
            catch_panic(whole::store_and_publish(&work, object, hashed)).await
        })
        .buffered(UPLOADS_IN_FLIGHT)
        .collect()
        .await
}

/// If the shared packs cannot be written, each file is stored by itself: then only that one fails which is
/// the cause.
async fn publish_sharing_packs(
    app: &App,
    uploads: Vec<SmallUpload>,
    out_of_time: &TimeCheck,
) -> Vec<Result<(), DedupError>> {
    let (written, chunks_of_all) = match catch_panic(small_files::write_new_chunks(app, &uploads)).await {
        Ok(written) => written,
        Err(error) => {
            tracing::warn!(
                error = %Chain(&error),
                "small files could not share packs; each is stored by itself"
            );
            return publish_each(app, uploads, out_of_time).await;
        }
    };
    let account = uploads[0].upload.account_id;
    let written = &written;
    let results: Vec<Result<PublishResult, DedupError>> =
        stream::iter(uploads.into_iter().zip(chunks_of_all))
            .map(|(small, chunks)| catch_panic(publish_one(app, small, written, chunks, out_of_time)))
            .buffered(UPLOADS_IN_FLIGHT)
            .collect()
            .await;
    if let Err(error) = catch_panic(finish_shared_packs(app, account, written, &results)).await {
        tracing::warn!(error = %Chain(&error), "shared packs may be left unreferenced or uncompressed");
    }
    results.into_iter().map(|result| result.map(|_| ())).collect()
}

async fn publish_one(
    app: &App,
    small: SmallUpload,
    written: &WrittenPacks,
    chunks: SmallFileChunks,
    out_of_time: &TimeCheck,
) -> Result<PublishResult, DedupError> {
    let stored = small.store(app, written, &chunks).await?;
    let SmallUpload { upload, resumed, head, bytes, hashed } = small;
    let work = UploadWork { app, upload: &upload, resumed, out_of_time, lease: None };
    let outcome = Outcome::Stored(Box::new(stored.blob.clone()));
    let request =
        PublishRequest { head: &head, outcome: &outcome, stored: Some(&stored), adoption_begun: resumed };
    match publish::publish(&work, request).await? {
        PublishResult::Retry => {
            let object = LandedObject { head: &head, bytes: Some(&bytes) };
            whole::store_and_publish(&work, object, hashed).await?;
            Ok(PublishResult::Ended)
        }
        finished => Ok(finished),
    }
}

/// Discards the packs if no upload needs them, or enqueues their compression.
async fn finish_shared_packs(
    app: &App,
    account: AccountId,
    written: &WrittenPacks,
    results: &[Result<PublishResult, DedupError>],
) -> Result<(), DedupError> {
    let packs = written.packs();
    // A failed upload will be processed again, perhaps by a worker that has the same batch and the same
    // packs.
    let unused = results.iter().all(|result| matches!(result, Ok(PublishResult::Ended)));
    if unused {
        vault::discard_unreferenced(app, account, packs).await?;
    } else if let Some(subject) = worth_compressing(Subject::Packs(packs.to_vec()), written.length_bytes()) {
        compression::enqueue(app, account, subject).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_batch_is_grouped_by_account_in_its_order(accounts in prop::collection::vec(0_u8..4, 0..20)) {
            let account = |number| AccountId::from_bytes([number; 16]);
            let items: Vec<(usize, u8)> = accounts.iter().copied().enumerate().collect();
            let groups = by_account(items.clone(), |item| account(*item));
            let mut all: Vec<(usize, u8)> = Vec::new();
            for (numbers, items) in groups {
                prop_assert!(numbers.is_sorted());
                prop_assert!(items.iter().all(|item| *item == items[0]), "one account a group");
                prop_assert!(!all.iter().any(|(_, item)| *item == items[0]), "one group an account");
                all.extend(numbers.into_iter().zip(items));
            }
            all.sort_unstable();
            prop_assert_eq!(all, items);
        }
    }
}
