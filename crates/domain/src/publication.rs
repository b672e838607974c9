//! Decides what becomes of an upload: which version it makes, and what that changes in quota and references.
//!
//! Storage carries out a plan as one transaction. Whoever changes the upload or its file in between makes
//! that transaction fail; both are then read again, and a new plan is made.

use crate::account::ROW_BYTES;
use crate::blob::Blob;
use crate::content_pass::ContentDigest;
use crate::hash::{Sha1, Sha256};
use crate::id::PackId;
use crate::time::Timestamp;
use crate::upload::{Upload, UploadState};
use crate::version::{File, RejectReason, Version, VersionState};

/// A blob that was written to the vault and is not published yet.
#[derive(Debug, Clone)]
pub struct StoredBlob {
    /// The blob as its row will be.
    pub blob: Blob,
    /// The packs on which it takes a reference, each once: at most
    /// [`MANIFEST_MAX_PACKS`](crate::manifest::MANIFEST_MAX_PACKS). Packs cut out of an adopted object are
    /// not among them: their rows are written with the reference.
    pub packs: Vec<PackId>,
    /// Raw bytes that the account did not hold before.
    pub new_bytes: u64,
    /// Bytes written to the vault.
    pub stored_bytes: u64,
}

/// What verification found out about the bytes of an upload.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// They are new to the account, and this is their blob.
    Stored(Box<StoredBlob>),
    /// The account holds them already.
    Linked {
        /// The SHA-256 of the blob.
        sha256: Sha256,
        /// The SHA-1 of the blob.
        sha1: Sha1,
    },
    /// They are not what was declared.
    Rejected(RejectReason),
}

impl Outcome {
    /// The outcome for bytes that the account holds already.
    pub fn linked(digest: &ContentDigest) -> Self {
        Self::Linked { sha256: digest.sha256, sha1: digest.sha1 }
    }
}

/// The file that an upload's version belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The file, as it was read or as it will be created.
    pub file: File,
    /// Whether the file has a row.
    pub exists: bool,
}

impl Target {
    /// The file that `upload` creates, where its path holds none.
    pub fn new_file(upload: &Upload) -> Self {
        let file_id = Upload::new_file_id(upload.created_at, upload.upload_id);
        Self { file: File::new(upload.account_id, file_id, upload.path.clone()), exists: false }
    }

    /// The file as init found it, to be tried before it is read again. Its current version is not known.
    pub fn as_at_init(upload: &Upload) -> Self {
        if upload.makes_new_file() {
            return Self::new_file(upload);
        }
        let file = File::new(upload.account_id, upload.file_id, upload.path.clone());
        Self { file, exists: true }
    }

    /// The file that an open upload goes to: the one at its path, or a new one.
    pub fn at_path(upload: &Upload, at_path: Option<File>) -> Self {
        at_path.map_or_else(|| Self::new_file(upload), |file| Self { file, exists: true })
    }
}

/// How the end of an upload changes its account's quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaChange {
    /// Reserved bytes that are no longer reserved: the declared size.
    pub reserved_bytes: u64,
    /// How many of them are in use from now on.
    pub used_bytes: u64,
    /// Bytes that were written to the vault for them.
    pub stored_bytes: u64,
    /// Bytes that the upload's row no longer takes. None if the upload began before uploads were counted.
    pub upload_row_bytes: u64,
    /// Bytes that the version's row takes from now on.
    pub version_row_bytes: u64,
}

impl QuotaChange {
    /// The change by an upload that ends without a version.
    pub fn release(upload: &Upload) -> Self {
        Self {
            reserved_bytes: upload.size,
            used_bytes: 0,
            stored_bytes: 0,
            upload_row_bytes: upload.row_bytes,
            version_row_bytes: 0,
        }
    }

    /// The change by an upload that ends with a version which uses no bytes.
    pub fn version_only(upload: &Upload) -> Self {
        Self { version_row_bytes: ROW_BYTES, ..Self::release(upload) }
    }

    /// Bytes that become available again. Fewer than none if only the version's row is charged.
    pub fn freed_bytes(self) -> i64 {
        (self.reserved_bytes - self.used_bytes).cast_signed() - self.charged_row_bytes()
    }

    /// By how much the bytes of rows grow.
    pub fn charged_row_bytes(self) -> i64 {
        self.version_row_bytes.cast_signed() - self.upload_row_bytes.cast_signed()
    }

    /// How many of the counted uploads end.
    pub fn finished_uploads(self) -> u64 {
        u64::from(self.upload_row_bytes > 0)
    }
}

/// A reference that an available version takes on its blob.
#[derive(Debug, Clone)]
pub enum Reference<'a> {
    /// The blob's row is created with it, and the blob takes references on its packs.
    New(&'a StoredBlob),
    /// The account holds the blob.
    Held(Sha256),
}

/// How an upload is finished: all of it happens, or nothing.
#[derive(Debug, Clone)]
pub struct Publication<'a> {
    /// The version, available or rejected. It names the file that the finished upload belongs to.
    pub version: Version,
    /// The reference that the version takes; none if it is rejected.
    pub reference: Option<Reference<'a>>,
    /// The file with the version as its current one; none if the file stays as it is.
    pub file: Option<File>,
    /// The change of the account's quota.
    pub quota: QuotaChange,
}

impl Publication<'_> {
    /// The final state of the upload.
    pub fn state(&self) -> UploadState {
        if self.version.state == VersionState::Rejected {
            UploadState::Rejected
        } else {
            UploadState::Available
        }
    }
}

/// Plans the end of an unfinished upload, given what is known of its bytes and of its file.
///
/// A version that must follow another one (`If-Match`) is rejected if that one is no longer current.
pub fn publication<'a>(
    upload: &Upload,
    target: &Target,
    outcome: &'a Outcome,
    now: Timestamp,
) -> Publication<'a> {
    let is_outdated =
        upload.expected_version.is_some_and(|expected| target.file.current_id() != Some(expected));
    match outcome {
        Outcome::Rejected(reason) => rejection(upload, *reason, now),
        _ if is_outdated => rejection(upload, RejectReason::PreconditionFailed, now),
        Outcome::Stored(stored) => {
            let version = Version {
                sha256: Some(stored.blob.sha256),
                sha1: Some(stored.blob.sha1),
                new_bytes: stored.new_bytes,
                shared_bytes: upload.size - stored.new_bytes,
                stored_bytes: stored.stored_bytes,
                ..available(upload, target, now)
            };
            Publication {
                reference: Some(Reference::New(stored)),
                file: changed(target, &version),
                quota: QuotaChange {
                    used_bytes: upload.size,
                    stored_bytes: stored.stored_bytes,
                    ..QuotaChange::version_only(upload)
                },
                version,
            }
        }
        Outcome::Linked { sha256, sha1 } => {
            let version = Version {
                sha256: Some(*sha256),
                sha1: Some(*sha1),
                shared_bytes: upload.size,
                ..available(upload, target, now)
            };
            Publication {
                reference: Some(Reference::Held(*sha256)),
                file: changed(target, &version),
                quota: QuotaChange::version_only(upload),
                version,
            }
        }
    }
}

fn rejection<'a>(upload: &Upload, reason: RejectReason, now: Timestamp) -> Publication<'a> {
    let version = Version {
        state: VersionState::Rejected,
        reason: Some(reason),
        updated_at: now,
        ..upload.pending_version()
    };
    Publication { version, reference: None, file: None, quota: QuotaChange::version_only(upload) }
}

fn available(upload: &Upload, target: &Target, now: Timestamp) -> Version {
    Version {
        file_id: target.file.file_id,
        state: VersionState::Available,
        updated_at: now,
        ..upload.pending_version()
    }
}

fn changed(target: &Target, version: &Version) -> Option<File> {
    let after = target.file.with(version);
    (after != target.file).then_some(after)
}

/// An open upload once all its bytes have arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The upload as it is from now on: pending, and bound to its file.
    pub upload: Upload,
    /// The upload's version, pending.
    pub version: Version,
}

/// Plans how an open upload becomes pending. The sweeper looks at it next at `due_at`.
pub fn arrival(upload: &Upload, target: &Target, due_at: Timestamp) -> Arrival {
    let pending =
        Upload { file_id: target.file.file_id, state: UploadState::Pending, due_at, ..upload.clone() };
    Arrival { version: pending.pending_version(), upload: pending }
}
