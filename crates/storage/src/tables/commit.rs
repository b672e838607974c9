//! Changes files as people ask for it, each time in one transaction.

use sluice_domain::account::Username;
use sluice_domain::idempotency::RememberedCall;
use sluice_domain::version::{File, Version, VersionState};

use super::Tables;
use super::accounts::Room;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Condition, Transaction};

/// A change of a file.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The user name of the account, whose quota pays for the new rows.
    pub username: Username,
    /// The file as it was read; none if it is new.
    pub before: Option<File>,
    /// The file after the change.
    pub after: File,
    /// The new version, unless only the path changes.
    pub version: Option<Version>,
    /// The file that was read at the path of `after`. It gives way and keeps its versions.
    pub displaced: Option<Displaced>,
    /// The call that makes the change, if it has an idempotency key.
    pub call: Option<RememberedCall>,
}

/// A file that gives way.
#[derive(Debug, Clone)]
pub struct Displaced {
    /// The file as it was read.
    pub before: File,
    /// The file after the change.
    pub after: File,
    /// The tombstone that it gets if it was live.
    pub tombstone: Option<Version>,
}

/// The result of a [`Commit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// The change was made.
    Done,
    /// A call with the same idempotency key came first. Nothing was changed.
    Repeated,
    /// Another call changed one of the files first. Nothing was changed.
    Changed,
    /// The blob is not live. Nothing was changed.
    BlobGone,
    /// The quota has no room for the row of a version. Nothing was changed.
    QuotaExceeded,
}

impl Commit {
    /// A new version of a file that is new or keeps its path.
    pub fn version(username: Username, before: Option<File>, after: File, version: Version) -> Self {
        Self { username, before, after, version: Some(version), displaced: None, call: None }
    }
}

impl Tables {
    pub async fn commit(&self, commit: &Commit) -> Result<Committed, StorageError> {
        let mut transaction = Transaction::new().remember(self, commit.call.as_ref())?;
        let referenced = commit.version.as_ref().filter(|version| version.state == VersionState::Available);
        if let Some((version, sha256)) = referenced.and_then(|version| Some((version, version.sha256?))) {
            transaction = transaction.take_reference(self, version.account_id, &sha256)?;
        }
        if let Some(version) = &commit.version {
            transaction = transaction.put_version(self, version)?;
        }
        transaction = self.move_file(transaction, commit)?;
        transaction = self.charge(transaction, commit)?;
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(Committed::Done),
            Err(Cancelled::Conditions(failed)) => Ok(refused(&failed)),
            Err(Cancelled::Error(error)) => Err(error),
        }
    }

    /// Charges the rows of the new versions. A rename has none.
    fn charge(&self, transaction: Transaction, commit: &Commit) -> Result<Transaction, StorageError> {
        let tombstone = commit.displaced.as_ref().and_then(|displaced| displaced.tombstone.as_ref());
        let versions: Vec<&Version> = commit.version.iter().chain(tombstone).collect();
        if versions.is_empty() {
            return Ok(transaction);
        }
        let deletes = versions.iter().all(|version| version.state == VersionState::Deleted);
        let room = if deletes { Room::NotNeeded } else { Room::Needed };
        transaction.charge_rows(self, &commit.username, versions.len() as u64, room)
    }

    fn move_file(&self, mut transaction: Transaction, commit: &Commit) -> Result<Transaction, StorageError> {
        let stays =
            |before: &File| before.path == commit.after.path && before.displaced == commit.after.displaced;
        let replaced = match &commit.before {
            Some(before) if stays(before) => Some(before),
            Some(before) => {
                transaction = transaction.delete_file(self, before)?;
                commit.displaced.as_ref().map(|displaced| &displaced.before)
            }
            None => None,
        };
        transaction = transaction.put_file(self, &commit.after, replaced)?;
        if let Some(displaced) = &commit.displaced {
            transaction = transaction.put_file(self, &displaced.after, None)?;
            if let Some(tombstone) = &displaced.tombstone {
                transaction = transaction.put_version(self, tombstone)?;
            }
        }
        Ok(transaction)
    }
}

/// What failed conditions mean, the most telling first.
fn refused(failed: &[Condition]) -> Committed {
    if failed.contains(&Condition::KeyUnused) {
        Committed::Repeated
    } else if failed.contains(&Condition::BlobLive) {
        Committed::BlobGone
    } else if failed == [Condition::QuotaAvailable] {
        Committed::QuotaExceeded
    } else {
        Committed::Changed
    }
}
