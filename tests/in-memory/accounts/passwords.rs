//! Tests that a user changes the password.

use serde_json::{Value, json};
use sluice_contracts::problem::Code;

use crate::support::{PASSWORD, Place, refusal};

const NEW: &str = "staple in the moonlight";

fn change(password: &str, new_password: &str) -> Value {
    json!({ "password": password, "new_password": new_password })
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let place = Place::with_registration("open");
    let ada = place.user("ada").await;
    let other = place.visitor().log_in("ada", PASSWORD).await.expect("a session");
    ada.post("/accounts/me/password", &change(PASSWORD, NEW)).await.expect("changed");
    assert!(ada.is_logged_in().await && !other.is_logged_in().await);
    let old = place.visitor().log_in("ada", PASSWORD).await.map(drop);
    assert_eq!(old.map_err(|failure| failure.code), Err(Code::WrongCredentials));
    place.visitor().log_in("ada", NEW).await.expect("the new password counts");
    // The answer to the first call may have been lost.
    ada.post("/accounts/me/password", &change(PASSWORD, NEW)).await.expect("it is so already");
}

#[tokio::test]
async fn a_repeated_change_ends_the_sessions_that_the_first_left() {
    let place = Place::with_registration("open");
    let ada = place.user("ada").await;
    let other = place.visitor().log_in("ada", PASSWORD).await.expect("a session");
    place.fail_next("dynamodb:BatchWriteItem");
    ada.post("/accounts/me/password", &change(PASSWORD, NEW)).await.expect_err("the sessions are left");
    assert!(other.is_logged_in().await);
    for _ in 0..10 {
        ada.post("/accounts/me/password", &change(PASSWORD, NEW)).await.expect("no wrong attempt");
    }
    assert!(ada.is_logged_in().await && !other.is_logged_in().await);
}

#[tokio::test]
async fn a_password_changes_only_with_the_present_one_and_to_a_good_one() {
    let place = Place::with_registration("open");
    let ada = place.user("ada").await;
    let field = |name: &str| Some(name.to_owned());
    for (body, expected) in [
        (change("not the password", NEW), (Code::WrongPassword, field("password"))),
        (change("short", NEW), (Code::WrongPassword, field("password"))),
        (change(PASSWORD, "aaaaaaaaaaaa"), (Code::InvalidRequest, field("new_password"))),
        (change(PASSWORD, "short"), (Code::InvalidRequest, field("new_password"))),
    ] {
        assert_eq!(refusal(ada.post("/accounts/me/password", &body).await), expected, "{body}");
    }
    let stranger = place.visitor().post("/accounts/me/password", &change(PASSWORD, NEW)).await;
    assert_eq!(refusal(stranger).0, Code::Unauthenticated);
    place.visitor().log_in("ada", PASSWORD).await.expect("nothing has changed");
}

/// Whoever finds a browser logged in must not try passwords there.
#[tokio::test]
async fn wrong_present_passwords_count_as_attempts() {
    let place = Place::with_registration("open");
    let ada = place.user("ada").await;
    for _ in 0..6 {
        let answer = ada.post("/accounts/me/password", &change("not the password", NEW)).await;
        assert_eq!(refusal(answer).0, Code::WrongPassword);
    }
    let answer = ada.post("/accounts/me/password", &change(PASSWORD, NEW)).await;
    assert_eq!(refusal(answer).0, Code::TooManyAttempts);
    assert!(ada.is_logged_in().await);
}
