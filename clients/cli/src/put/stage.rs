//! How far a file has come when it no longer takes part in sending.

use sluice_contracts::files::VersionView;
use sluice_contracts::uploads::UploadView;
use sluice_domain::id::{FileId, UploadId, VersionId};

use super::prepare::Prepared;
use super::resume::Memory;
use super::twins::TwinWait;

pub enum Stage {
    /// The account already had the blob, and the server made a version of it.
    Instant(Box<VersionView>),
    /// The bytes are in the bucket; the server has yet to verify them.
    Arrived(Arrived),
    /// An equal file is being sent.
    Twin(Box<Prepared>, TwinWait),
}

/// An upload that has received all its bytes.
pub struct Arrived {
    pub upload_id: UploadId,
    /// None if no answer has named the version yet.
    pub version_id: Option<VersionId>,
    /// None if no answer has named the file yet.
    pub file_id: Option<FileId>,
    /// Deleted once the upload is finished.
    pub memory: Option<Memory>,
    /// The prepared file if it was sent as a delta, so that it can be sent whole if the server rejects the
    /// delta.
    pub delta_of: Option<Box<Prepared>>,
}

impl Stage {
    /// An upload that an earlier run finished sending.
    pub fn arrived(view: &UploadView) -> Self {
        Self::with_version(view.upload_id, view.version.as_ref())
    }

    pub fn completed(upload_id: UploadId, version: &VersionView) -> Self {
        Self::with_version(upload_id, Some(version))
    }

    fn with_version(upload_id: UploadId, version: Option<&VersionView>) -> Self {
        Self::Arrived(Arrived {
            upload_id,
            version_id: version.map(|version| version.version_id),
            file_id: version.map(|version| version.file_id),
            memory: None,
            delta_of: None,
        })
    }
}
