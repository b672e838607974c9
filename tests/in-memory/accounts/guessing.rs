//! Tests that guessing is slowed, and that nobody can keep another out by it.

use sluice_contracts::problem::Code;
use std::time::Duration;

use crate::support::{PASSWORD, Place, Visitor};

const WRONG: &str = "not the password";

/// The code of a failed login, and how long to wait.
async fn fails(visitor: &Visitor<'_>, name: &str, password: &str) -> (Code, Option<u64>) {
    let failure = visitor.log_in(name, password).await.map(drop).expect_err("a failure");
    (failure.code, failure.retry_after_seconds)
}

#[tokio::test]
async fn pauses_grow_for_whoever_guesses_and_even_the_right_password_waits() {
    let mut place = Place::with_registration("open");
    place.user("ada").await;
    for _ in 0..6 {
        let guesser = place.visitor().from("203.0.113.7");
        assert_eq!(fails(&guesser, "ada", WRONG).await, (Code::WrongCredentials, None));
    }
    for pause in [1, 2, 4] {
        let guesser = place.visitor().from("203.0.113.7");
        assert_eq!(fails(&guesser, "ada", PASSWORD).await, (Code::TooManyAttempts, Some(pause)));
        place.wait(Duration::from_secs(pause));
        let guesser = place.visitor().from("203.0.113.7");
        assert_eq!(fails(&guesser, "ada", WRONG).await, (Code::WrongCredentials, None));
    }
    place.wait(Duration::from_secs(8));
    place.visitor().from("203.0.113.7").log_in("ada", PASSWORD).await.expect("after the pause");
    let next = place.visitor().from("203.0.113.7");
    assert_eq!(fails(&next, "ada", WRONG).await.0, Code::WrongCredentials, "a success forgets the failures");
}

#[tokio::test]
async fn a_user_logs_in_whoever_guesses_elsewhere() {
    let place = Place::with_registration("open");
    place.user("ada").await;
    for host in 0..21 {
        let guesser = place.visitor().from(&format!("203.0.113.{host}"));
        assert_eq!(fails(&guesser, "ada", WRONG).await.0, Code::WrongCredentials);
    }
    let ada = place.visitor().from("198.51.100.1");
    // She may also mistype it once.
    assert_eq!(fails(&ada, "ada", WRONG).await, (Code::WrongCredentials, None));
    ada.log_in("ada", PASSWORD).await.expect("a session");
    let guesser = place.visitor().from("203.0.113.200");
    for expected in [Code::WrongCredentials, Code::WrongCredentials, Code::TooManyAttempts] {
        assert_eq!(fails(&guesser, "ada", WRONG).await.0, expected, "the name is being guessed");
    }
}

#[tokio::test]
async fn an_address_that_tries_many_names_waits_whether_they_exist_or_not() {
    let place = Place::with_registration("open");
    place.user("user0").await;
    let guesser = place.visitor().from("203.0.113.7");
    for number in 0..21 {
        let name = format!("user{number}");
        assert_eq!(fails(&guesser, &name, WRONG).await.0, Code::WrongCredentials, "{number}");
    }
    assert_eq!(fails(&guesser, "another", WRONG).await, (Code::TooManyAttempts, Some(1)));
}

#[tokio::test]
async fn an_invented_address_helps_nobody() {
    let place = Place::with_registration("open").behind_the_distribution();
    place.user("ada").await;
    let direct = |number| place.visitor().from(&format!("192.0.2.{number}, 203.0.113.7"));
    let through = |number| {
        let chain = format!("192.0.2.{number}, 203.0.113.8, 130.176.0.{number}");
        place.visitor().through_distribution(&chain)
    };
    for number in 0..6 {
        assert_eq!(fails(&direct(number), "ada", WRONG).await.0, Code::WrongCredentials);
        assert_eq!(fails(&through(number), "ada", WRONG).await.0, Code::WrongCredentials);
    }
    assert_eq!(fails(&direct(99), "ada", WRONG).await.0, Code::TooManyAttempts);
    assert_eq!(fails(&through(99), "ada", WRONG).await.0, Code::TooManyAttempts);
    for invented in ["192.0.2.1", "192.0.2.99"] {
        place.visitor().from(invented).log_in("ada", PASSWORD).await.expect("a burden for nobody else");
    }
}
