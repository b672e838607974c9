//! Accounts, quota and uploads.

use futures::future::join_all;
use sluice_deployment::clock;
use sluice_domain::account::Account;
use sluice_domain::hash::Sha256;
use sluice_domain::idempotency::{Effect, RememberedCall};
use sluice_domain::upload::{Upload, UploadState};
use sluice_storage::Tables;
use sluice_storage::tables::{Begun, DUE_SHARDS, Ending, Lease, Registered, Update};
use std::time::Duration;

use crate::support::{account, begun, eventually, new_account, unique, upload};

async fn reserved(tables: &Tables, account: &Account) -> u64 {
    let account = tables.account(&account.username).await.expect("a read").expect("an account");
    let taken = account.used_bytes + account.reserved_bytes + account.row_bytes;
    assert_eq!(account.available_bytes, (account.quota_bytes - taken).cast_signed());
    account.reserved_bytes
}

/// The uploads of an account that are due at `now`, in the order of the index.
async fn due(tables: &Tables, account: &Account, shard: u8, now_milliseconds: u64) -> Vec<Upload> {
    let now = sluice_domain::time::Timestamp::from_unix_milliseconds(now_milliseconds);
    let (mut uploads, _) = tables.due_uploads(shard, now, None).await.expect("a read");
    uploads.retain(|upload| upload.account_id == account.account_id);
    uploads
}

pub async fn a_user_name_is_taken_once(tables: &Tables) {
    let first = new_account(clock::now());
    let second = Account { username: first.username.clone(), ..new_account(clock::now()) };
    assert_eq!(tables.create_account(&first).await.expect("a write"), Registered::Done);
    assert_eq!(tables.create_account(&second).await.expect("a write"), Registered::UsernameTaken);
    let found = tables.account(&first.username).await.expect("a read").expect("an account");
    assert_eq!(found.account_id, first.account_id);
}

pub async fn a_cancelled_transaction_names_every_condition_that_failed(tables: &Tables) {
    let account = account(tables).await;
    let first = upload(&account, "file", 1);
    let call = RememberedCall {
        key_sha256: Sha256::of(&unique()),
        request_sha256: Sha256::of(b"request"),
        effect: Effect::Upload(first.upload_id),
        expires_at: clock::now().unix_seconds(),
    };
    let begin = async |upload, call| tables.begin_upload(upload, call).await.expect("an answer");
    assert_eq!(begin(&first, Some(&call)).await, Begun::Done);
    let large = upload(&account, "file", account.quota_bytes);
    assert_eq!(begin(&large, None).await, Begun::QuotaExceeded);
    assert_eq!(begin(&large, Some(&call)).await, Begun::Repeated);
    let kept = tables.remembered_call(&call.key_sha256).await.expect("a read");
    assert_eq!(kept, Some(call));
}

pub async fn a_cancelled_transaction_changes_nothing(tables: &Tables) {
    let account = account(tables).await;
    let large = upload(&account, "file", account.quota_bytes + 1);
    assert_eq!(tables.begin_upload(&large, None).await.expect("an answer"), Begun::QuotaExceeded);
    assert_eq!(tables.upload(large.upload_id).await.expect("a read"), None);
    assert_eq!(reserved(tables, &account).await, 0);
}

pub async fn concurrent_transactions_never_reserve_more_than_the_quota(tables: &Tables) {
    let account = account(tables).await;
    let third = account.quota_bytes / 3;
    let uploads: Vec<_> = (0..6).map(|number| upload(&account, &format!("file-{number}"), third)).collect();
    let begun = join_all(uploads.iter().map(|upload| tables.begin_upload(upload, None))).await;
    let done = begun.iter().filter(|begun| matches!(begun, Ok(Begun::Done))).count();
    assert!(done <= 3, "{begun:?}");
    assert_eq!(reserved(tables, &account).await, third * done as u64);
}

pub async fn open_uploads_are_listed_oldest_first_page_by_page(tables: &Tables) {
    let account = account(tables).await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(begun(tables, &account, &format!("file-{number}"), 1).await.upload_id);
    }
    ids.sort_unstable();
    eventually(ids, async || {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = tables.open_uploads(account.account_id, after, 2).await.expect("a read");
            assert!(page.len() <= 2);
            listed.extend(page.iter().map(|upload| upload.upload_id));
            after = next;
            if after.is_none() {
                return listed;
            }
        }
    })
    .await;
}

pub async fn an_ended_upload_leaves_the_indexes(tables: &Tables) {
    let account = account(tables).await;
    let upload = begun(tables, &account, "file", 1).await;
    let shard = upload.upload_id.as_bytes()[15] % DUE_SHARDS;
    let later = upload.due_at.unix_milliseconds() + 1;
    eventually(vec![upload.clone()], async || due(tables, &account, shard, later).await).await;
    assert_eq!(
        tables.end_upload(&upload, Ending::Aborted, clock::now()).await.expect("a write"),
        Update::Done
    );
    eventually(vec![], async || due(tables, &account, shard, later).await).await;
    let open = async || tables.open_uploads(account.account_id, None, 10).await.expect("a read").0;
    eventually(vec![], open).await;
    let ended = tables.upload(upload.upload_id).await.expect("a read").expect("it is kept");
    assert_eq!(ended.state, UploadState::Aborted);
}

pub async fn due_uploads_are_found_by_time_the_most_overdue_first(tables: &Tables) {
    let account = account(tables).await;
    let shard_of = |upload: &Upload| upload.upload_id.as_bytes()[15] % DUE_SHARDS;
    let first = begun(tables, &account, "file", 1).await;
    let second = loop {
        let upload = begun(tables, &account, "file", 1).await;
        if shard_of(&upload) == shard_of(&first) {
            break upload;
        }
    };
    let base = first.due_at.after(Duration::from_hours(1));
    for (upload, minutes) in [(&first, 2), (&second, 1)] {
        let due_at = base.after(Duration::from_mins(minutes));
        assert_eq!(tables.postpone(upload, due_at, 7).await.expect("a write"), Update::Done);
    }
    let at = |minutes: u64| base.after(Duration::from_mins(minutes)).unix_milliseconds();
    let ids = async |now| -> Vec<_> {
        let due = due(tables, &account, shard_of(&first), now).await;
        due.into_iter().filter(|upload| upload.enqueue_count == 7).map(|upload| upload.upload_id).collect()
    };
    eventually(vec![second.upload_id, first.upload_id], async || ids(at(2)).await).await;
    eventually(vec![second.upload_id], async || ids(at(1)).await).await;
    eventually(vec![], async || ids(at(1) - 1).await).await;
}

pub async fn a_condition_distinguishes_null_from_a_value(tables: &Tables) {
    let account = account(tables).await;
    let upload = begun(tables, &account, "file", 1).await;
    let [one, other] = [Sha256::of(b"one"), Sha256::of(b"other")];
    assert_eq!(
        tables.declare_sha256(&upload, &one).await.expect("a write"),
        Update::Done,
        "none is declared"
    );
    assert_eq!(tables.declare_sha256(&upload, &one).await.expect("a write"), Update::Done, "the same again");
    assert_eq!(tables.declare_sha256(&upload, &other).await.expect("a write"), Update::Refused, "another");
    let found = tables.upload(upload.upload_id).await.expect("a read").expect("an upload");
    assert_eq!(found.sha256, Some(one));
}

pub async fn a_lease_has_one_holder_until_it_lapses_or_is_released(tables: &Tables) {
    let account = account(tables).await;
    let upload = begun(tables, &account, "file", 1).await;
    let now = clock::now();
    let life = Duration::from_secs(30);
    let take = async |holder, now| {
        let leased = tables.lease_merge(&upload, Lease { holder, now, life }).await.expect("a write");
        leased == Update::Done
    };
    assert!(take("one", now).await);
    assert!(take("one", now).await, "its own again");
    assert!(!take("two", now.after(life)).await, "until its last moment");
    assert!(take("two", now.after(life * 2)).await, "it has lapsed");
    assert_eq!(
        tables.release_merge(&upload, "one").await.expect("a write"),
        Update::Refused,
        "it is another's by now"
    );
    assert_eq!(tables.release_merge(&upload, "two").await.expect("a write"), Update::Done);
    assert!(take("one", now).await, "it is free");
}

pub async fn an_upload_ends_once(tables: &Tables) {
    let account = account(tables).await;
    let upload = begun(tables, &account, "file", 100).await;
    assert_eq!(reserved(tables, &account).await, 100);
    let now = clock::now();
    let end = |ending| tables.end_upload(&upload, ending, now);
    let (first, second) = tokio::join!(end(Ending::Aborted), end(Ending::Expired));
    let ended = [&first, &second].iter().filter(|ended| matches!(ended, Ok(Update::Done))).count();
    assert_eq!(ended, 1, "{first:?}, {second:?}");
    assert_eq!(reserved(tables, &account).await, 0);
    assert_eq!(
        tables.postpone(&upload, now, 1).await.expect("a write"),
        Update::Refused,
        "it is not unfinished"
    );
}
