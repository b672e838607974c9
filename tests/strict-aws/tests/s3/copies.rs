//! Tests copies and merges.

use axum::http::Method;
use http_body_util::BodyExt as _;
use sluice_strict_aws::{Odds, Settings};
use std::time::Duration;
use tokio::time::sleep;

use crate::support::{ANSWER, Ask, Setup};

fn copy() -> Ask {
    Ask::new(Method::PUT, "/bucket/copy").header("x-amz-copy-source", "bucket/key").sign()
}

fn silent(silence: Duration) -> impl FnOnce(Settings) -> Settings {
    move |settings| Settings {
        odds: Odds { silent_copy: 1, ..Odds::NEVER },
        copy_silence: silence,
        ..settings
    }
}

#[tokio::test]
async fn the_status_comes_first_and_the_rest_when_the_copy_is_made() {
    let setup = Setup::start(silent(Duration::from_hours(1))).await;
    let response = setup.begin(copy()).await;
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(ANSWER.as_bytes().starts_with(&first) && first.ends_with(b"?>"), "{first:?}");
    tokio::select! {
        more = body.frame() => panic!("{more:?}"),
        () = sleep(Duration::from_millis(100)) => {}
    }
}

#[tokio::test]
async fn a_silent_copy_has_the_whole_answer_in_the_end() {
    let setup = Setup::start(silent(Duration::from_millis(1))).await;
    assert_eq!(setup.send(copy()).await.body, ANSWER);
}

#[tokio::test]
async fn a_copy_can_fail_inside_a_200() {
    let odds = Odds { failed_copy: 1, ..Odds::NEVER };
    let setup = Setup::start(|settings| Settings { odds, ..settings }).await;
    let merge = Ask::new(Method::POST, "/bucket/key?uploadId=u").sign();
    let merge = merge.body("<CompleteMultipartUpload></CompleteMultipartUpload>");
    assert_eq!(setup.send(merge).await.refusal(), (200, "InternalError"));
    assert_eq!(setup.send(copy()).await.refusal(), (200, "InternalError"));
    assert_eq!(setup.forwarded(), 0, "nothing was done");
    let put = Ask::new(Method::PUT, "/bucket/key").sign();
    assert_eq!(setup.send(put).await.body, ANSWER);
}
