//! Tests who may register, and with what.

use serde_json::{Value, json};
use sluice_contracts::accounts::AccountView;
use sluice_contracts::problem::Code;
use std::time::Duration;

use crate::support::{PASSWORD, Place, parse, refusal};

fn account(name: &str) -> Value {
    json!({ "username": name, "password": PASSWORD })
}

fn invited(name: &str, invitation: &Value) -> Value {
    json!({ "username": name, "password": PASSWORD, "invitation": invitation })
}

#[tokio::test]
async fn nobody_registers_where_registration_is_closed() {
    let place = Place::with_registration("closed");
    let invitation = place.operate("invite").await.expect("an invitation")[0]["invitation"].clone();
    for body in [account("ada"), invited("ada", &invitation), json!({})] {
        let answer = place.visitor().post("/accounts", &body).await;
        assert_eq!(refusal(answer), (Code::RegistrationClosed, None));
    }
}

#[tokio::test]
async fn an_invitation_makes_one_account_with_its_quota() {
    let place = Place::with_registration("invite");
    let visitor = place.visitor();
    let needed = (Code::InvitationInvalid, Some("invitation".to_owned()));
    for body in [account("ada"), invited("ada", &json!("sluice_invitation_guessed"))] {
        assert_eq!(refusal(visitor.post("/accounts", &body).await), needed);
    }
    let invitation =
        place.operate("invite --quota 7k").await.expect("an invitation")[0]["invitation"].clone();
    let weak = json!({ "username": "ada", "password": "aaaaaaaaaaaa", "invitation": invitation });
    assert_eq!(refusal(visitor.post("/accounts", &weak).await).0, Code::InvalidRequest);
    visitor.post("/accounts", &invited("ada", &invitation)).await.expect("it has not been used");
    let ada = visitor.log_in("ada", PASSWORD).await.expect("a session");
    let view: AccountView = parse(&ada.get("/accounts/me").await.expect("an account"));
    assert_eq!(view.quota_bytes, 7 << 10);
    assert_eq!(refusal(visitor.post("/accounts", &invited("eve", &invitation)).await), needed);
    // Without an invitation nobody learns that the name is taken.
    let stranger = json!({ "username": "ada", "password": "another good password" });
    assert_eq!(refusal(visitor.post("/accounts", &stranger).await), needed);
}

/// The answer to the first call may have been lost.
#[tokio::test]
async fn who_registers_again_learns_that_the_account_exists() {
    let place = Place::with_registration("invite");
    let invitation = place.operate("invite").await.expect("an invitation")[0]["invitation"].clone();
    let visitor = place.visitor();
    visitor.post("/accounts", &invited("ada", &invitation)).await.expect("an account");
    let taken = (Code::UsernameTaken, Some("username".to_owned()));
    assert_eq!(refusal(visitor.post("/accounts", &invited("ada", &invitation)).await), taken);
}

#[tokio::test]
async fn one_address_registers_only_so_many_accounts_at_once() {
    let place = Place::with_registration("open");
    let visitor = place.visitor().from("203.0.113.7");
    for number in 0..21 {
        visitor.post("/accounts", &account(&format!("user{number}"))).await.expect("an account");
    }
    let refused = visitor.post("/accounts", &account("another")).await;
    assert_eq!(refusal(refused), (Code::TooManyRequests, None));
    visitor.log_in("user0", PASSWORD).await.expect("logins do not wait");
    let elsewhere = place.visitor().from("198.51.100.1");
    elsewhere.post("/accounts", &account("another")).await.expect("an account");
}

#[tokio::test]
async fn an_invitation_expires() {
    let mut place = Place::with_registration("invite");
    let invitation =
        place.operate("invite --expires 2h").await.expect("an invitation")[0]["invitation"].clone();
    place.wait(Duration::from_hours(2));
    let answer = place.visitor().post("/accounts", &invited("ada", &invitation)).await;
    assert_eq!(refusal(answer).0, Code::InvitationInvalid);
}

#[tokio::test]
async fn an_invitation_also_counts_where_anybody_may_register() {
    let place = Place::with_registration("open");
    let invitation =
        place.operate("invite --quota 7k").await.expect("an invitation")[0]["invitation"].clone();
    let visitor = place.visitor();
    visitor.post("/accounts", &invited("ada", &invitation)).await.expect("an account");
    assert_eq!(
        refusal(visitor.post("/accounts", &invited("eve", &invitation)).await).0,
        Code::InvitationInvalid
    );
    let user = place.user("eve").await;
    let view: AccountView = parse(&user.get("/accounts/me").await.expect("an account"));
    assert_eq!(view.quota_bytes, 5 << 30);
}

#[tokio::test]
async fn a_problem_names_the_field() {
    let place = Place::with_registration("open");
    place.user("ada").await;
    let field = |name: &str| Some(name.to_owned());
    for (body, expected) in [
        (json!({ "username": "a", "password": PASSWORD }), (Code::InvalidRequest, field("username"))),
        (json!({ "username": "eve", "password": "short" }), (Code::InvalidRequest, field("password"))),
        (
            json!({ "username": "eve-the-spy", "password": "Eve-the-Spy2" }),
            (Code::InvalidRequest, field("password")),
        ),
        (json!({ "username": "eve", "password": 7 }), (Code::InvalidRequest, field("password"))),
        (json!({ "username": "eve" }), (Code::InvalidRequest, None)),
        (account("ADA"), (Code::UsernameTaken, field("username"))),
    ] {
        assert_eq!(refusal(place.visitor().post("/accounts", &body).await), expected, "{body}");
    }
}
