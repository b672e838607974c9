//! Rows as the HTTP functions write them.

use sluice_domain::account::{Account, NewAccount, Username};
use sluice_domain::id::{AccountId, UploadId, VersionId};
use sluice_domain::part_plan::PartPlan;
use sluice_domain::path::FilePath;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::version::Metadata;
use std::time::Duration;

/// The quota of an account.
pub const QUOTA_BYTES: u64 = 1 << 30;

/// How long an upload may take.
pub const UPLOAD_LIFE: Duration = Duration::from_hours(7 * 24);

/// An account without bytes.
pub fn account(name: &str, random: [u8; 10], now: Timestamp) -> Account {
    Account::from(NewAccount {
        username: Username::parse(name).expect("a user name"),
        account_id: AccountId::new(now, random),
        password_hash: String::new(),
        quota_bytes: QUOTA_BYTES,
        created_at: now,
    })
}

/// An open upload of a file that is new at its path. It is due at once.
pub fn upload(account: &Account, path: &str, size: u64, random: [u8; 10], now: Timestamp) -> Upload {
    let upload_id = UploadId::new(now, random);
    Upload {
        upload_id,
        account_id: account.account_id,
        username: account.username.clone(),
        file_id: Upload::new_file_id(now, upload_id),
        version_id: VersionId::new(now, random),
        path: FilePath::parse(path).expect("a path"),
        size,
        sha256: None,
        sha1: None,
        content_type: "application/octet-stream".to_owned(),
        metadata: Metadata::default(),
        part_size: PartPlan::new(size, None).expect("a plan").part_size,
        part_sha256: false,
        multipart_id: None,
        expected_version: None,
        packs: None,
        base_sha256: None,
        state: UploadState::Open,
        reason: None,
        request_digest: None,
        enqueue_count: 0,
        created_at: now,
        expires_at: now.after(UPLOAD_LIFE),
        due_at: now,
    }
}
