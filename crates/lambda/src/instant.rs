//! Instant upload: blob that the account holds already becomes a version, and no byte is sent.

use sluice_domain::blob::{Blob, Life};
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::path::FilePath;
use sluice_domain::version::{File, Metadata, Version};
use sluice_storage::Tables;
use sluice_storage::tables::{Commit, Committed};

use crate::call::Call;
use crate::failure::Failure;
use crate::metrics::{self, Metric};

/// How often the change is tried anew after somebody else changed the file.
const ATTEMPTS: usize = 5;

/// What the version shall be.
#[derive(Debug)]
pub struct Instant<'a> {
    /// Where it lies.
    pub path: &'a FilePath,
    /// Declared size in bytes: must be the blob's.
    pub size: u64,
    /// Media type.
    pub content_type: &'a str,
    /// The user's own key-value pairs.
    pub metadata: &'a Metadata,
    /// The version that must be current.
    pub expected: Option<VersionId>,
}

/// Refuses if `expected` is not the file's current version.
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

/// Makes the version if the account holds the blob; nothing otherwise. A file whose current version is the
/// same in every respect is left as it is, so a repeated call makes no second version.
pub async fn link(
    tables: &Tables,
    call: &Call,
    instant: &Instant<'_>,
    found: (Option<File>, Option<Blob>),
) -> Result<Option<Version>, Failure> {
    let (mut file, blob) = found;
    let Some(blob) = blob.filter(|blob| blob.life == Life::Live && blob.size == instant.size) else {
        return Ok(None);
    };
    for _ in 0..ATTEMPTS {
        check_current(file.as_ref(), instant.expected)?;
        let current = file.as_ref().and_then(File::current_id);
        let version_id = VersionId::following(current, call.now, call.random()?);
        let before = file.clone();
        let base = match file {
            Some(file) => file,
            None => File::new(blob.account_id, FileId::new(call.now, call.random()?), instant.path.clone()),
        };
        let version = Version::of_blob(
            &base,
            version_id,
            &blob,
            instant.content_type.to_owned(),
            instant.metadata.clone(),
            call.now,
        );
        if let Some(current) = base.live().filter(|current| current.reads_like(&version)) {
            return Ok(Some(current.clone()));
        }
        let commit = Commit::version(before, base.with(&version), version.clone());
        match tables.commit(&commit).await? {
            Committed::Done => {
                metrics::write(&[
                    Metric::count("UploadsInstant", 1),
                    Metric::bytes("InstantBytes", instant.size),
                ]);
                return Ok(Some(version));
            }
            Committed::BlobGone => return Ok(None),
            Committed::Changed => file = tables.file_at(blob.account_id, instant.path).await?,
        }
    }
    Err(Failure::new(sluice_contracts::problem::Code::Conflict, "the file kept changing; repeat the call"))
}
