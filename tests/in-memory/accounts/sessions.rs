//! Tests that a user sees and ends sessions.

use sluice_domain::session::SESSIONS_MAX;
use std::time::Duration;

use crate::support::{PASSWORD, Place};

#[tokio::test]
async fn sessions_are_listed_with_where_they_began() {
    let mut place = Place::with_registration("open").behind_the_distribution();
    place.user("ada").await;
    place.wait(Duration::from_secs(1));
    let visitor = place.visitor().through_distribution("203.0.113.9, 198.51.100.1, 130.176.0.1");
    let here = visitor.log_in("ada", PASSWORD).await.expect("a session");
    let sessions = here.sessions().await;
    assert_eq!(sessions.len(), 2);
    assert!(sessions[0].current && !sessions[1].current, "the latest first: {sessions:?}");
    assert_eq!((sessions[0].created_at, sessions[0].client.as_deref()), (place.now, Some("a visitor")));
    assert_eq!(sessions[0].address.as_deref(), Some("198.51.100.1"));
    assert_eq!(sessions[1].address, None);
}

#[tokio::test]
async fn an_expired_session_is_not_listed() {
    let mut place = Place::with_registration("open");
    place.user("ada").await;
    place.wait(Duration::from_hours(2));
    let here = place.visitor().log_in("ada", PASSWORD).await.expect("a session");
    assert_eq!(here.sessions().await.len(), 1);
}

#[tokio::test]
async fn an_account_with_too_many_sessions_loses_the_oldest() {
    let mut place = Place::with_registration("open");
    place.user("ada").await;
    let oldest = place.now;
    for _ in 0..SESSIONS_MAX {
        place.wait(Duration::from_secs(1));
        place.visitor().log_in("ada", PASSWORD).await.expect("a session");
    }
    let here = place.visitor().log_in("ada", PASSWORD).await.expect("a session");
    let listed = here.sessions().await;
    assert_eq!(listed.len(), SESSIONS_MAX);
    assert!(listed.iter().all(|session| session.created_at > oldest));
}

#[tokio::test]
async fn a_session_is_ended_by_its_id_only_by_its_account() {
    let place = Place::with_registration("open");
    let (ada, eve) = (place.user("ada").await, place.user("eve").await);
    let lost = place.visitor().log_in("ada", PASSWORD).await.expect("a session");
    let listed = ada.sessions().await;
    let id = listed.iter().find(|session| !session.current).expect("another").session_id;
    let path = format!("/sessions/{id}");
    eve.delete(&path).await.expect("nothing to end");
    assert!(lost.is_logged_in().await);
    ada.delete(&path).await.expect("ended");
    assert!(!lost.is_logged_in().await && ada.is_logged_in().await);
    ada.delete(&path).await.expect("a repeat");
    let own = ada.sessions().await[0].session_id;
    ada.delete(&format!("/sessions/{own}")).await.expect("ended");
    assert!(!ada.is_logged_in().await);
}

#[tokio::test]
async fn all_other_sessions_end_together() {
    let place = Place::with_registration("open");
    let (ada, eve) = (place.user("ada").await, place.user("eve").await);
    let other = place.visitor().log_in("ada", PASSWORD).await.expect("a session");
    ada.delete("/sessions").await.expect("ended");
    assert!(ada.is_logged_in().await && eve.is_logged_in().await && !other.is_logged_in().await);
}
