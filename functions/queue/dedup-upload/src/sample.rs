//! Values that unit tests of several modules use.

use sluice_domain::account::Username;
use sluice_domain::id::{AccountId, FileId, UploadId, VersionId};
use sluice_domain::path::FilePath;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::version::Metadata;
use sluice_storage::ObjectHead;

pub fn upload() -> Upload {
    let now = Timestamp::from_unix_milliseconds(1_700_000_000_000);
    Upload {
        upload_id: UploadId::from_bytes([1; 16]),
        account_id: AccountId::from_bytes([2; 16]),
        username: Username::parse("somebody").expect("a user name"),
        file_id: FileId::from_bytes([3; 16]),
        version_id: VersionId::from_bytes([4; 16]),
        path: FilePath::parse("a.bin").expect("a path"),
        size: 100,
        sha256: None,
        sha1: None,
        content_type: "application/octet-stream".to_owned(),
        metadata: Metadata::default(),
        part_size: 100,
        part_sha256: false,
        multipart_id: None,
        expected_version: None,
        packs: None,
        base_sha256: None,
        state: UploadState::Open,
        reason: None,
        row_bytes: sluice_domain::account::ROW_BYTES,
        enqueue_count: 0,
        created_at: now,
        expires_at: now,
        due_at: now,
    }
}

/// An object of `size` bytes in the landing bucket.
pub fn landed(size: u64) -> ObjectHead {
    ObjectHead { size, etag: "etag".to_owned(), ..ObjectHead::default() }
}
