//! Admits the messages of a batch, account by account, so that no account keeps all workers busy.
//!
//! At most so many workers are at work for an account at once. Messages that find none free are sent again
//! with a delay. (SQS has fair queues by message group, but a store's own notifications have no group.)

use futures::future::join_all;
use sluice_contracts::event::UploadEvent;
use sluice_deployment::clock;
use sluice_domain::id::AccountId;
use sluice_domain::key::LandingKey;
use sluice_domain::work::{WorkLimits, pause_for_worker};
use sluice_storage::tables::{Admission, Lease, Slot, Work};
use sluice_storage::{Chain, DelayedMessage, StorageError, Tables};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

use crate::app::App;
use crate::error::DedupError;
use crate::lease::renew;

/// An upload that a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LandedUpload {
    /// Where the bytes are, or would be if they had been sent whole.
    pub key: LandingKey,
    /// Whether the work was counted when an earlier run began it.
    pub is_counted: bool,
}

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
    /// Whether only uploads that were counted before may be worked on.
    is_used_up: bool,
    /// Bytes of small files, which are counted when the slot is released.
    small_bytes: AtomicU64,
}

impl Admissions {
    /// Asks for a slot of each account in the name of `holder`, and puts off the uploads of busy ones.
    pub async fn ask(app: &App, holder: &str, uploads: &[LandedUpload]) -> Self {
        let mut accounts: BTreeMap<AccountId, bool> = BTreeMap::new();
        for LandedUpload { key, is_counted } in uploads {
            *accounts.entry(key.account_id).or_default() |= is_counted;
        }
        let asked = accounts.into_iter().map(async |(account, any_counted)| {
            let work = AccountWork::ask(app, holder, account, any_counted).await;
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
        admissions.put_off_busy(app, uploads).await;
        admissions
    }

    async fn put_off_busy(&mut self, app: &App, uploads: &[LandedUpload]) {
        let busy: HashSet<_> = uploads.iter().filter(|upload| self.is_put_off(upload.key)).collect();
        let messages: Vec<DelayedMessage> = busy.into_iter().map(put_off).collect();
        if let Err(error) = app.landing_queue.send_delayed(&messages).await {
            let error = Arc::new(error);
            for work in self.accounts.values_mut().filter(|work| work.as_ref().is_ok_and(is_busy)) {
                *work = Err(error.clone());
            }
        }
    }

    /// Whether a message about the upload has been sent again, because its account is busy.
    pub fn is_put_off(&self, key: LandingKey) -> bool {
        self.accounts[&key.account_id].as_ref().is_ok_and(is_busy)
    }

    /// The answer for an upload.
    pub fn of(&self, upload: LandedUpload) -> Result<Admission, DedupError> {
        match &self.accounts[&upload.key.account_id] {
            Ok(work) if work.is_used_up && !upload.is_counted => Ok(Admission::UsedUp),
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
        // A renewal that is under way ends first. That it was aborted is no error.
        let _ = self.renewals.await;
        let released = slots(&self.accounts).map(async |(account, slot, bytes)| {
            let work = Work { bytes, now: clock::now() };
            if let Err(error) = self.tables.release_slot(account, slot, &self.holder, work).await {
                tracing::warn!(error = %Chain(&error), %account, "a slot stays taken until its lease ends");
            }
        });
        join_all(released).await;
    }
}

impl AccountWork {
    /// Asks for a slot. Once the day's work is used up, there is one for uploads whose work was counted.
    async fn ask(
        app: &App,
        holder: &str,
        account: AccountId,
        any_counted: bool,
    ) -> Result<Self, StorageError> {
        let lease = || Lease { holder, now: clock::now(), life: app.lease_life };
        let mut admission = app.tables.admit(account, app.work_limits, lease()).await?;
        let is_used_up = matches!(admission, Admission::UsedUp);
        if is_used_up && any_counted {
            let limits = WorkLimits { daily_bytes: u64::MAX, ..app.work_limits };
            admission = app.tables.admit(account, limits, lease()).await?;
        }
        Ok(Self { admission, is_used_up, small_bytes: 0.into() })
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
        Ok(AccountWork { admission: Admission::Admitted(slot), small_bytes, .. }) => {
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
    let mut result = Ok(());
    for (account, slot) in slots {
        let lease = Lease { holder: &holder, now: clock::now(), life };
        result = result.and(tables.keep_slot(account, slot, lease).await.map(drop));
    }
    result
}

fn put_off(upload: &LandedUpload) -> DelayedMessage {
    let upload_id = upload.key.upload_id;
    let age = upload_id.created_at().until(clock::now());
    later(*upload, pause_for_worker(age, upload_id.as_bytes()[15]))
}

/// A message about an upload that arrives after a while, in place of one that cannot be processed now.
pub fn later(LandedUpload { key, is_counted }: LandedUpload, delay: Duration) -> DelayedMessage {
    let LandingKey { account_id, upload_id } = key;
    let event = if is_counted {
        UploadEvent::UploadCheckpointed { account_id, upload_id }
    } else {
        UploadEvent::UploadReceived { account_id, upload_id }
    };
    DelayedMessage { body: event.to_json(), delay }
}
