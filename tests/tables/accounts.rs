//! Sessions, invitations, attempts to log in, and the quota of an account.

use futures::future::join_all;
use sluice_deployment::clock;
use sluice_domain::account::{Account, ROW_BYTES, Username};
use sluice_domain::guessing::CounterKeys;
use sluice_domain::hash::Sha256;
use sluice_domain::invitation::Invitation;
use sluice_domain::session::Session;
use sluice_domain::time::Timestamp;
use sluice_storage::Tables;
use sluice_storage::tables::{Attempt, QuotaChanged, Registered, Update};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::support::{account, begun, new_account, unique};

fn session(account: &Account, now: Timestamp) -> Session {
    Session {
        account_id: account.account_id,
        token_sha256: Sha256::of(&unique()),
        username: account.username.clone(),
        created_at: now,
        expires_at: now.unix_seconds() + 60,
        client: Some("a test".to_owned()),
        address: None,
    }
}

/// Counters that no other test touches.
fn counters(username: &Username) -> CounterKeys {
    // The site is unique too: its bits are the first.
    let mut address = [0; 16];
    for (bits, unique) in address.iter_mut().zip(unique().into_iter().rev()) {
        *bits = unique;
    }
    CounterKeys::new(username, Some(IpAddr::V6(Ipv6Addr::from(address))))
}

async fn begin(tables: &Tables, account: &Account) -> Session {
    let session = session(account, clock::now());
    let begun = tables.create_session(&session, account, &counters(&account.username)).await;
    assert_eq!(begun.expect("a write"), Update::Done);
    session
}

async fn lives(tables: &Tables, session: &Session) -> bool {
    tables.session(&session.key(), clock::now()).await.expect("a read").is_some()
}

pub async fn a_session_is_read_by_its_key_until_it_ends(tables: &Tables) {
    let account = account(tables).await;
    let begun = begin(tables, &account).await;
    let found = tables.session(&begun.key(), begun.created_at).await.expect("a read").expect("a session");
    assert_eq!((found.key(), found.expires_at), (begun.key(), begun.expires_at));
    let later = begun.created_at.after(Duration::from_mins(1));
    assert!(tables.session(&begun.key(), later).await.expect("a read").is_none(), "it has expired");
    tables.end_session(&begun.key()).await.expect("a write");
    assert!(!lives(tables, &begun).await);
}

pub async fn all_sessions_but_one_end_at_once(tables: &Tables) {
    let (account, other) = (account(tables).await, account(tables).await);
    let mine = begin(tables, &account).await;
    let elsewhere = begin(tables, &account).await;
    let of_other = begin(tables, &other).await;
    assert_eq!(tables.sessions(account.account_id).await.expect("a read").len(), 2);
    tables.end_sessions(account.account_id, Some(&mine.key())).await.expect("a write");
    assert_eq!((lives(tables, &mine).await, lives(tables, &elsewhere).await), (true, false));
    tables.end_sessions(account.account_id, None).await.expect("a write");
    assert_eq!((lives(tables, &mine).await, lives(tables, &of_other).await), (false, true));
}

/// Whoever changes a password or suspends an account ends its sessions afterwards. A login that compared the
/// old password must not begin one after that.
pub async fn a_session_begins_only_with_the_password_that_was_compared(tables: &Tables) {
    let before = account(tables).await;
    let keys = counters(&before.username);
    let begin = async |account: &Account| {
        let session = session(account, clock::now());
        tables.create_session(&session, account, &keys).await.expect("an answer")
    };
    let now = clock::now();
    let changed = tables.change_password(&before, "another hash", &keys, now).await;
    assert_eq!(changed.expect("a write"), Update::Done);
    assert_eq!(
        tables.change_password(&before, "a third", &keys, now).await.expect("an answer"),
        Update::Refused
    );
    assert_eq!(begin(&before).await, Update::Refused);
    let after = tables.account(&before.username).await.expect("a read").expect("an account");
    assert_eq!(begin(&after).await, Update::Done);
    assert_eq!(tables.set_suspended(&after.username, Some(now)).await.expect("a write"), Update::Done);
    assert_eq!(begin(&after).await, Update::Refused);
    assert_eq!(tables.set_suspended(&after.username, None).await.expect("a write"), Update::Done);
    assert_eq!(begin(&after).await, Update::Done);
    let nobody = Username::parse(&format!("nobody-{}", hex::encode(unique()))).expect("a name");
    assert_eq!(tables.set_suspended(&nobody, Some(now)).await.expect("an answer"), Update::Refused);
    assert_eq!(tables.reset_password(&nobody, "a hash").await.expect("an answer"), Update::Refused);
    assert!(tables.account(&nobody).await.expect("a read").is_none());
}

pub async fn an_invitation_makes_one_account(tables: &Tables) {
    let now = clock::now();
    let invitation_sha256 = Sha256::of(&unique());
    let expires_at = now.unix_seconds() + 60;
    let invitation = Invitation { invitation_sha256, quota_bytes: Some(7), expires_at };
    tables.create_invitation(&invitation).await.expect("a write");
    assert_eq!(tables.invitation(&invitation_sha256, now).await.expect("a read"), Some(invitation));
    let later = now.after(Duration::from_mins(1));
    assert_eq!(tables.invitation(&invitation_sha256, later).await.expect("a read"), None);

    let invite = async |account: &Account| {
        tables.create_invited_account(account, &invitation_sha256).await.expect("an answer")
    };
    let taken = account(tables).await;
    assert_eq!(invite(&taken).await, Registered::UsernameTaken);
    let accounts = [new_account(now), new_account(now)];
    let registered = join_all(accounts.iter().map(invite)).await;
    let done = registered.iter().filter(|registered| **registered == Registered::Done).count();
    assert_eq!(done, 1, "{registered:?}");
    assert!(registered.contains(&Registered::InvitationInvalid), "{registered:?}");
    assert_eq!(tables.invitation(&invitation_sha256, now).await.expect("a read"), None);
}

pub async fn attempts_are_counted_even_if_made_at_once(tables: &Tables) {
    let keys = counters(&new_account(clock::now()).username);
    let now = clock::now();
    let mut allowed = 0;
    // Some are told to wait only because they met others.
    for _ in 0..4 {
        let attempts = join_all((0..5).map(|_| tables.count_attempt(&keys, now))).await;
        allowed += attempts.iter().filter(|attempt| matches!(attempt, Ok(Attempt::Allowed))).count();
    }
    // Five are free; the sixth begins the first pause.
    assert!(allowed <= 6, "{allowed}");
    let tomorrow = now.after(Duration::from_hours(25));
    assert_eq!(tables.count_attempt(&keys, tomorrow).await.expect("an answer"), Attempt::Allowed);
}

pub async fn a_success_takes_only_itself_back(tables: &Tables) {
    let account = account(tables).await;
    let keys = counters(&account.username);
    let attempt =
        async |keys: &CounterKeys, now: Timestamp| tables.count_attempt(keys, now).await.expect("an answer");
    let mut now = clock::now();
    for number in 0..20 {
        let of_another_name = CounterKeys { pair: format!("{}-{number}", keys.pair), ..keys.clone() };
        assert_eq!(attempt(&of_another_name, now).await, Attempt::Allowed, "{number}");
    }
    for _ in 0..3 {
        assert_eq!(attempt(&keys, now).await, Attempt::Allowed);
        let session = session(&account, now);
        let begun = tables.create_session(&session, &account, &keys).await;
        assert_eq!(begun.expect("a write"), Update::Done);
    }
    assert_eq!(attempt(&keys, now).await, Attempt::Allowed);
    assert_eq!(attempt(&keys, now).await, Attempt::Wait(Duration::from_secs(1)), "twenty failures are known");
    now = now.after(Duration::from_secs(1));
    assert_eq!(attempt(&keys, now).await, Attempt::Allowed);
    assert_eq!(attempt(&keys, now).await, Attempt::Wait(Duration::from_secs(2)));
}

pub async fn a_quota_changes_by_as_much_as_is_free(tables: &Tables) {
    let account = account(tables).await;
    begun(tables, &account, "file", 100).await;
    let taken = 100 + ROW_BYTES;
    // As it was read before the upload began.
    assert_eq!(tables.set_quota(&account, taken).await.expect("a write"), QuotaChanged::Done);
    let read = async || tables.account(&account.username).await.expect("a read").expect("an account");
    let full = read().await;
    assert_eq!((full.quota_bytes, full.available_bytes, full.reserved_bytes), (taken, 0, 100));
    assert_eq!(tables.set_quota(&full, taken - 1).await.expect("an answer"), QuotaChanged::BelowUse);
    assert_eq!(tables.set_quota(&full, taken + 150).await.expect("a write"), QuotaChanged::Done);
    let larger = read().await;
    assert_eq!((larger.quota_bytes, larger.available_bytes), (taken + 150, 150));
    let all = tables.accounts().await.expect("a scan");
    assert!(all.iter().any(|listed| listed.account_id == account.account_id));
}
