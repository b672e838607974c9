//! Tests what is refused before the emulator sees it.

use axum::http::Method;
use sluice_strict_aws::{Odds, Settings, SizeLimits};

use crate::support::{Ask, Setup};

fn put(path: &str) -> Ask {
    Ask::new(Method::PUT, path)
}

#[tokio::test]
async fn headers_that_are_not_signed_are_refused() {
    let setup = Setup::start(|settings| settings).await;
    let unsigned = put("/bucket/key").sign().header("x-amz-meta-a", "b");
    assert_eq!(setup.send(unsigned).await.refusal(), (403, "AccessDenied"));
    let signed = put("/bucket/key").header("x-amz-meta-a", "b").sign().header("content-type", "text/plain");
    assert_eq!(setup.send(signed).await.status, 200);
    assert_eq!(setup.forwarded(), 1);
}

#[tokio::test]
async fn a_url_lasts_a_week_at_most() {
    let setup = Setup::start(|settings| settings).await;
    let url = |seconds: u32| {
        let path = format!(
            "/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20260101%2Fus-east-1%2Fs3%2F\
             aws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host&\
             X-Amz-Signature=0"
        );
        Ask { headers: Vec::new(), ..Ask::new(Method::GET, &path) }
    };
    assert_eq!(setup.send(url(604_800)).await.status, 200);
    let refusal = setup.send(url(604_801)).await;
    assert_eq!(refusal.refusal(), (400, "AuthorizationQueryParametersError"));
}

#[tokio::test]
async fn requests_without_a_signature_pass_untouched() {
    let setup =
        Setup::start(|settings| Settings { odds: Odds { slow_down: 1, ..Odds::NEVER }, ..settings }).await;
    for method in [Method::OPTIONS, Method::POST, Method::GET] {
        let anonymous = Ask { headers: Vec::new(), ..Ask::new(method, "/bucket/key") };
        assert_eq!(setup.send(anonymous).await.status, 200);
    }
}

#[tokio::test]
async fn requests_are_slowed_down() {
    let setup =
        Setup::start(|settings| Settings { odds: Odds { slow_down: 1, ..Odds::NEVER }, ..settings }).await;
    let refusal = setup.send(put("/bucket/key").sign().body(vec![0; 1 << 20])).await;
    assert_eq!(refusal.refusal(), (503, "SlowDown"));
    let head = setup.send(Ask::new(Method::HEAD, "/bucket/key").sign()).await;
    assert_eq!((head.status, head.body.as_str()), (503, ""));
    assert_eq!(setup.forwarded(), 0);
}

#[tokio::test]
async fn only_conditional_writes_conflict() {
    let odds = Odds { write_conflict: 1, ..Odds::NEVER };
    let setup = Setup::start(|settings| Settings { odds, ..settings }).await;
    assert_eq!(setup.send(put("/bucket/key").sign()).await.status, 200);
    let conditional = put("/bucket/key").header("if-none-match", "*").sign();
    assert_eq!(setup.send(conditional).await.refusal(), (409, "ConditionalRequestConflict"));
    let read = Ask::new(Method::GET, "/bucket/key").header("if-match", "\"a\"").sign();
    assert_eq!(setup.send(read).await.status, 200);
}

#[tokio::test]
async fn all_parts_but_the_last_have_the_smallest_size() {
    let sizes = SizeLimits { part_min_bytes: 10, ..SizeLimits::default() };
    let setup = Setup::start(|settings| Settings { sizes, ..settings }).await;
    for (number, size_bytes) in [(1, 10), (2, 9), (3, 1)] {
        let part = put(&format!("/bucket/key?partNumber={number}&uploadId=u")).sign();
        assert_eq!(setup.send(part.body(vec![0; size_bytes])).await.status, 200);
    }
    let copied = put("/bucket/key?partNumber=4&uploadId=u")
        .header("x-amz-copy-source", "bucket/other")
        .header("x-amz-copy-source-range", "bytes=0-8");
    assert_eq!(setup.send(copied.sign()).await.status, 200);
    let merge = |numbers: &[u64]| {
        let parts = numbers.iter().map(|number| format!("<Part><PartNumber>{number}</PartNumber></Part>"));
        let list: String = parts.collect();
        let ask = Ask::new(Method::POST, "/bucket/key?uploadId=u").sign();
        ask.body(format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>"))
    };
    assert_eq!(setup.send(merge(&[1, 2, 3])).await.refusal(), (400, "EntityTooSmall"));
    assert_eq!(setup.send(merge(&[1, 4, 3])).await.refusal(), (400, "EntityTooSmall"));
    assert_eq!(setup.send(merge(&[1, 3])).await.status, 200);
}

#[tokio::test]
async fn one_request_puts_or_copies_so_much_and_no_more() {
    let sizes = SizeLimits { put_max_bytes: 10, part_min_bytes: 1 };
    let setup = Setup::start(|settings| Settings { sizes, ..settings }).await;
    let too_large = (400, "EntityTooLarge");
    assert_eq!(setup.send(put("/bucket/key").sign().body([0; 11])).await.refusal(), too_large);
    for number in [1, 2] {
        let part = put(&format!("/bucket/whole?partNumber={number}&uploadId=u")).sign().body([0; 10]);
        assert_eq!(setup.send(part).await.status, 200);
    }
    let list = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part><Part><PartNumber>2</PartNumber>\
                </Part></CompleteMultipartUpload>";
    let merge = Ask::new(Method::POST, "/bucket/whole?uploadId=u").sign().body(list);
    assert_eq!(setup.send(merge).await.status, 200);
    let copy = |path: &str| put(path).header("x-amz-copy-source", "/bucket/whole");
    assert_eq!(setup.send(copy("/bucket/copy").sign()).await.refusal(), too_large);
    let ranged = copy("/bucket/copy?partNumber=1&uploadId=v").header("x-amz-copy-source-range", "bytes=0-9");
    assert_eq!(setup.send(ranged.sign()).await.status, 200);
}
