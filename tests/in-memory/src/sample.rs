//! Rows as the HTTP functions write them.

use sluice_domain::account::{Account, NewAccount, ROW_BYTES, Username};
use sluice_domain::guessing::CounterKeys;
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, UploadId, VersionId};
use sluice_domain::part_plan::PartPlan;
use sluice_domain::path::FilePath;
use sluice_domain::session::{self, Session};
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::version::Metadata;
use sluice_storage::Tables;
use sluice_storage::tables::Update;
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
        row_bytes: ROW_BYTES,
        enqueue_count: 0,
        created_at: now,
        expires_at: now.after(UPLOAD_LIFE),
        due_at: now,
    }
}

/// Begins a session of the account, which does not expire, and returns its token.
pub async fn log_in(tables: &Tables, account: &Account) -> String {
    let token = session::token(account.account_id, &[7; 32]);
    let session = Session {
        account_id: account.account_id,
        token_sha256: Sha256::of(token.as_bytes()),
        username: account.username.clone(),
        created_at: account.created_at,
        expires_at: u64::from(u32::MAX),
        client: None,
        address: None,
    };
    let counters = CounterKeys::new(&account.username, None);
    let begun = tables.create_session(&session, account, &counters).await;
    assert_eq!(begun.expect("a session"), Update::Done);
    token
}
