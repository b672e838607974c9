//! Makes versions of blobs that the account holds already, without any upload.

use sluice_domain::account::Username;
use sluice_domain::blob::Life;
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::idempotency::{AnsweredVersion, Effect, RememberedCall};
use sluice_domain::path::FilePath;
use sluice_domain::version::{File, Metadata, Version};
use sluice_storage::Tables;
use sluice_storage::tables::{Commit, Committed, FileAndBlob};

use crate::call::Call;
use crate::failure::Failure;
use crate::idempotency::IdempotencyKey;
use crate::metrics::{self, Metric};

/// How often the commit is tried, if others keep changing the file.
const COMMITS_MAX: usize = 5;

/// A request for a version.
#[derive(Debug)]
pub struct InstantUpload<'a> {
    pub username: &'a Username,
    pub path: &'a FilePath,
    /// The declared size in bytes. It must be that of the blob.
    pub size: u64,
    pub content_type: &'a str,
    pub metadata: &'a Metadata,
    /// The version that must be current (`If-Match`).
    pub expected: Option<VersionId>,
    pub key: Option<&'a IdempotencyKey>,
}

impl InstantUpload<'_> {
    /// The call as it is remembered if it answers this version.
    fn remembered(&self, version: &Version) -> Option<RememberedCall> {
        let answered = AnsweredVersion {
            file_id: version.file_id,
            version_id: version.version_id,
            path: self.path.clone(),
        };
        self.key.map(|key| key.remembered(Effect::Version(answered)))
    }
}

/// Fails if `expected` is not the file's current version.
pub fn check_current(file: Option<&File>, expected: Option<VersionId>) -> Result<(), Failure> {
    use sluice_contracts::problem::Code;
    let current = file.and_then(File::current_id);
    if expected.is_none() || expected == current {
        return Ok(());
    }
    let detail = match current {
        Some(current) => format!("the current version is {current}; read it again before changing it"),
        None => "there is no current version".to_owned(),
    };
    Err(Failure::new(Code::PreconditionFailed, detail))
}

/// The result of [`link`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linked {
    /// The version, new or as it was.
    Version(Box<Version>),
    /// The account does not hold the blob.
    Unknown,
    /// A call with the same idempotency key came first.
    Repeated,
}

/// Makes the version if the account holds the blob. If the current version is the same in every respect it is
/// returned, so that a repeated call makes no second version.
pub async fn link(
    tables: &Tables,
    call: &Call,
    instant: &InstantUpload<'_>,
    found: FileAndBlob,
) -> Result<Linked, Failure> {
    let FileAndBlob { mut file, blob } = found;
    let Some(blob) = blob.filter(|blob| blob.life == Life::Live && blob.size == instant.size) else {
        return Ok(Linked::Unknown);
    };
    for _ in 0..COMMITS_MAX {
        let before = file.clone();
        let base = match file {
            Some(file) => file,
            None => File::new(blob.account_id, FileId::new(call.now, call.random()?), instant.path.clone()),
        };
        let version = Version::of_blob(
            &base,
            VersionId::following(base.current_id(), call.now, call.random()?),
            &blob,
            instant.content_type.to_owned(),
            instant.metadata.clone(),
            call.now,
        );
        let same = base.live().filter(|current| current.reads_like(&version));
        if same.is_none() || base.made_after(instant.expected).is_none() {
            check_current(before.as_ref(), instant.expected)?;
        }
        if let Some(current) = same {
            return keep(tables, instant, current).await;
        }
        let commit = Commit {
            call: instant.remembered(&version),
            ..Commit::version(instant.username.clone(), before, base.with(&version), version.clone())
        };
        match tables.commit(&commit).await? {
            Committed::Done => {
                metrics::write(&[
                    Metric::count("UploadsInstant", 1),
                    Metric::bytes("InstantBytes", instant.size),
                ]);
                return Ok(Linked::Version(Box::new(version)));
            }
            Committed::Repeated => return Ok(Linked::Repeated),
            Committed::BlobGone => return Ok(Linked::Unknown),
            Committed::QuotaExceeded => return Err(Failure::no_room_for_version()),
            Committed::Changed => file = tables.file_at(blob.account_id, instant.path).await?,
        }
    }
    Err(Failure::new(sluice_contracts::problem::Code::Conflict, "the file kept changing; repeat the call"))
}

/// Leaves the current version as it is. The call is remembered: repeated after somebody else has changed the
/// file, it would undo that change.
async fn keep(tables: &Tables, instant: &InstantUpload<'_>, current: &Version) -> Result<Linked, Failure> {
    if let Some(call) = instant.remembered(current)
        && tables.remember(&call).await? == Committed::Repeated
    {
        return Ok(Linked::Repeated);
    }
    Ok(Linked::Version(Box::new(current.clone())))
}
