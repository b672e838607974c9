//! Admits the messages of a batch, account by account, so that no account keeps all workers busy.
//!
//! At most so many workers are at work for an account at once. Messages that find none free are sent again
//! with a delay. (SQS has fair queues by message group, but a store's own notifications have no group.)

use futures::future::join_all;
use sluice_contracts::event::UploadEvent;
use sluice_deployment::clock;
use sluice_domain::id::AccountId;
use sluice_domain::key::LandingKey;
use sluice_domain::work::pause_for_worker;
use sluice_storage::tables::{Admission, Lease, Slot, Work};
use sluice_storage::{Chain, DelayedMessage, StorageError, Tables};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

use crate::app::App;
use crate::error::DedupError;
use crate::lease::renew;

/// The admissions of one batch. Its slots are held until they are released.
pub struct Admissions {
    tables: Tables,
    holder: String,
    accounts: HashMap<AccountId, Result<AccountWork, Arc<StorageError>>>,
    renewals: AbortOnDropHandle<()>,
}

/// What the batch may do for one account.
struct AccountWork {
    admission: Admission,
    /// Bytes of small files, which are counted when the slot is released.
    small_bytes: AtomicU64,
}

impl Admissions {
    /// Asks for a slot of each account in the name of `holder`, and puts off the uploads of busy ones.
    pub async fn ask(app: &App, holder: &str, keys: &[LandingKey]) -> Self {
        let accounts: BTreeSet<AccountId> = keys.iter().map(|key| key.account_id).collect();
        let asked = accounts.into_iter().map(async |account| {
            let lease = Lease { holder, now: clock::now(), life: app.lease_life };
            let admission = app.tables.admit(account, app.work_limits, lease).await;
            let work = admission.map(|admission| AccountWork { admission, small_bytes: 0.into() });
            (account, work.map_err(Arc::new))
        });
        let accounts: HashMap<_, _> = join_all(asked).await.into_iter().collect();
        let slots: Vec<_> = slots(&accounts).map(|(account, slot, _)| (account, slot)).collect();
        let renewals = renew(app.lease_life, {
            let (tables, holder, life) = (app.tables.clone(), holder.to_owned(), app.lease_life);
            move || keep(tables.clone(), slots.clone(), holder.clone(), life)
        });
        let mut admissions =
            Self { tables: app.tables.clone(), holder: holder.to_owned(), accounts, renewals };
        admissions.put_off_busy(app, keys).await;
        admissions
    }

    async fn put_off_busy(&mut self, app: &App, keys: &[LandingKey]) {
        let busy = keys.iter().filter(|key| self.accounts[&key.account_id].as_ref().is_ok_and(is_busy));
        let messages: Vec<DelayedMessage> =
            busy.map(|key| later(*key, pause_for_worker(key.upload_id.as_bytes()[15]))).collect();
        if let Err(error) = app.landing_queue.send_delayed(&messages).await {
            let error = Arc::new(error);
            for work in self.accounts.values_mut().filter(|work| work.as_ref().is_ok_and(is_busy)) {
                *work = Err(error.clone());
            }
        }
    }

    /// The answer for an account. If it is busy, its messages have been sent again.
    pub fn of(&self, account: AccountId) -> Result<Admission, DedupError> {
        match &self.accounts[&account] {
            Ok(work) => Ok(work.admission),
            Err(error) => Err(DedupError::Admission(error.clone())),
        }
    }

    /// Remembers the bytes of a small file: counting them at once would cost as much as verifying it.
    pub fn count_small(&self, account: AccountId, bytes: u64) {
        if let Ok(work) = &self.accounts[&account] {
            work.small_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Gives the slots back at the end of the batch. One that cannot be given back lapses.
    pub async fn release(self) {
        self.renewals.abort();
        let released = slots(&self.accounts).map(async |(account, slot, bytes)| {
            let work = Work { bytes, now: clock::now() };
            if let Err(error) = self.tables.release_slot(account, slot, &self.holder, work).await {
                tracing::warn!(error = %Chain(&error), %account, "a slot stays taken until its lease ends");
            }
        });
        join_all(released).await;
    }
}

fn is_busy(work: &AccountWork) -> bool {
    matches!(work.admission, Admission::Busy)
}

/// The slots that were taken, and the small files' bytes.
fn slots(
    accounts: &HashMap<AccountId, Result<AccountWork, Arc<StorageError>>>,
) -> impl Iterator<Item = (AccountId, Slot, u64)> {
    accounts.iter().filter_map(|(account, work)| match work {
        Ok(AccountWork { admission: Admission::Admitted(slot), small_bytes }) => {
            Some((*account, *slot, small_bytes.load(Ordering::Relaxed)))
        }
        _ => None,
    })
}

async fn keep(
    tables: Tables,
    slots: Vec<(AccountId, Slot)>,
    holder: String,
    life: Duration,
) -> Result<(), StorageError> {
    for (account, slot) in slots {
        let lease = Lease { holder: &holder, now: clock::now(), life };
        tables.keep_slot(account, slot, lease).await?;
    }
    Ok(())
}

/// A message about an upload that arrives after a while, in place of one that cannot be processed now.
pub fn later(key: LandingKey, delay: Duration) -> DelayedMessage {
    let LandingKey { account_id, upload_id } = key;
    DelayedMessage { body: UploadEvent::UploadReceived { account_id, upload_id }.to_json(), delay }
}
