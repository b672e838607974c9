//! Makes versions of blobs that the account holds already, without any upload.

use sluice_domain::blob::Life;
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::path::FilePath;
use sluice_domain::version::{File, Metadata, Version};
use sluice_storage::Tables;
use sluice_storage::tables::{Commit, Committed, FileAndBlob};

use crate::call::Call;
use crate::failure::Failure;
use crate::metrics::{self, Metric};

/// How often the commit is tried, if others keep changing the file.
const COMMITS_MAX: usize = 5;

/// A request for a version.
#[derive(Debug)]
pub struct InstantUpload<'a> {
    pub path: &'a FilePath,
    /// The declared size in bytes. It must be that of the blob.
    pub size: u64,
    pub content_type: &'a str,
    pub metadata: &'a Metadata,
    /// The version that must be current (`If-Match`).
    pub expected: Option<VersionId>,
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

/// Makes the version if the account holds the blob; returns nothing if not. If the current version is the
/// same in every respect it is returned, so that a repeated call makes no second version.
pub async fn link(
    tables: &Tables,
    call: &Call,
    instant: &InstantUpload<'_>,
    found: FileAndBlob,
) -> Result<Option<Version>, Failure> {
    let FileAndBlob { mut file, blob } = found;
    let Some(blob) = blob.filter(|blob| blob.life == Life::Live && blob.size == instant.size) else {
        return Ok(None);
    };
    for _ in 0..COMMITS_MAX {
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
