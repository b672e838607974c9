//! Changes that people make to files: each is one transaction, or nothing.

use sluice_domain::version::{File, Version, VersionState};

use super::Tables;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Condition, Transaction};

/// One change.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The file as it was read; none for a file that is new.
    pub before: Option<File>,
    /// The file as it shall be.
    pub after: File,
    /// The file's new version, unless only its path changes.
    pub version: Option<Version>,
    /// The file that lies, as it was read, where `after` shall lie: it gives way and keeps its versions.
    pub displaced: Option<Displaced>,
}

/// A file that gives way.
#[derive(Debug, Clone)]
pub struct Displaced {
    /// As it was read.
    pub before: File,
    /// As it shall be.
    pub after: File,
    /// The tombstone it gets, if it was live.
    pub tombstone: Option<Version>,
}

/// What came of a [`Commit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// It happened.
    Done,
    /// Somebody else changed one of the files first; nothing happened.
    Changed,
    /// The blob is not live (any more); nothing happened.
    BlobGone,
}

impl Commit {
    /// A new version of a file that stays where it is, or that is new.
    pub fn version(before: Option<File>, after: File, version: Version) -> Self {
        Self { before, after, version: Some(version), displaced: None }
    }
}

impl Tables {
    /// Carries out a change.
    pub async fn commit(&self, commit: &Commit) -> Result<Committed, StorageError> {
        let mut transaction = Transaction::new();
        let referenced = commit.version.as_ref().filter(|version| version.state == VersionState::Available);
        if let Some((version, sha256)) = referenced.and_then(|version| Some((version, version.sha256?))) {
            transaction = transaction.take_reference(self, version.account_id, &sha256)?;
        }
        if let Some(version) = &commit.version {
            transaction = transaction.put_version(self, version)?;
        }
        transaction = self.move_file(transaction, commit)?;
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(Committed::Done),
            Err(Cancelled::Conditions(failed)) if failed.contains(&Condition::BlobLive) => {
                Ok(Committed::BlobGone)
            }
            Err(Cancelled::Conditions(_)) => Ok(Committed::Changed),
            Err(Cancelled::Error(error)) => Err(error),
        }
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
