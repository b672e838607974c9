//! Tests the operator's commands about accounts.

use sluice_admin::error::Kind;
use sluice_contracts::problem::Code;

use crate::support::{PASSWORD, Place};

async fn code(place: &Place, name: &str, password: &str) -> Option<Code> {
    place.visitor().log_in(name, password).await.err().map(|failure| failure.code)
}

#[tokio::test]
async fn a_suspended_account_has_no_sessions_and_gets_none() {
    let place = Place::with_registration("open");
    let (ada, eve) = (place.user("ada").await, place.user("eve").await);
    place.operate("suspend ada").await.expect("suspended");
    assert!(!ada.is_logged_in().await && eve.is_logged_in().await);
    assert_eq!(code(&place, "ada", PASSWORD).await, Some(Code::AccountSuspended));
    assert_eq!(code(&place, "ada", "not the password").await, Some(Code::WrongCredentials));
    let listed = place.operate("list").await.expect("a list");
    let suspended = |name: &str| listed.iter().find(|line| line["username"] == name).expect(name);
    assert!(suspended("ada")["suspended_at"].is_string() && suspended("eve")["suspended_at"].is_null());
    place.operate("resume ada").await.expect("resumed");
    assert_eq!(code(&place, "ada", PASSWORD).await, None);
    assert!(!ada.is_logged_in().await, "an old session does not come back");
}

#[tokio::test]
async fn a_reset_password_is_shown_once_and_ends_all_sessions() {
    let place = Place::with_registration("open");
    let ada = place.user("ada").await;
    let printed = place.operate("reset-password ada").await.expect("a password").remove(0);
    let password = printed["password"].as_str().expect("a password");
    assert!(!ada.is_logged_in().await);
    assert_eq!(code(&place, "ada", PASSWORD).await, Some(Code::WrongCredentials));
    assert_eq!(code(&place, "ada", password).await, None);
}

#[tokio::test]
async fn the_operator_makes_accounts_where_registration_is_closed() {
    let place = Place::with_registration("closed");
    let printed = place.operate("create ada --quota 20g").await.expect("an account").remove(0);
    assert_eq!(code(&place, "ada", printed["password"].as_str().expect("a password")).await, None);
    place.operate("create eve").await.expect("an account");
    let listed = place.operate("list").await.expect("a list");
    let quotas: Vec<_> = listed.iter().map(|line| (&line["username"], &line["quota_bytes"])).collect();
    assert_eq!(
        format!("{quotas:?}"),
        r#"[(String("ada"), Number(21474836480)), (String("eve"), Number(5368709120))]"#
    );
    let taken = place.operate("create ada").await.expect_err("a refusal");
    assert_eq!(taken.kind(), Kind::Usage);
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_refused() {
    let place = Place::with_registration("open");
    for command in ["suspend nobody", "resume nobody", "quota nobody 1g", "reset-password nobody"] {
        let refused = place.operate(command).await.expect_err(command);
        assert_eq!((refused.kind(), &*refused.to_string()), (Kind::Usage, "there is no account nobody"));
    }
    assert!(place.operate("list").await.expect("a list").is_empty(), "no command made one");
}
