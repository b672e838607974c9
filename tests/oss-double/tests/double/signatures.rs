//! Tests signatures, presigned URLs and their expiry.

use aws_sdk_s3::presigning::PresigningConfig;
use bytes::Bytes;
use http_body_util::Full;
use sluice_oss_double::Settings;
use std::time::Duration;

use crate::raw::{Raw, Reply, send};
use crate::support::{BUCKET, Setup};

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

async fn follow(setup: &Setup, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let uri: http::Uri = url.parse().unwrap();
    let mut request =
        http::Request::builder().method(method).uri(&uri).header("host", uri.authority().unwrap().as_str());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(setup, request.body(Full::from(Bytes::from(body.to_owned()))).unwrap()).await
}

async fn presigned_get(setup: &Setup) -> String {
    let life = PresigningConfig::expires_in(Duration::from_mins(10)).unwrap();
    let get = setup
        .client
        .get_object()
        .bucket(BUCKET)
        .key("a b+c")
        .response_content_disposition("attachment; filename=é");
    get.presigned(life).await.unwrap().uri().to_owned()
}

#[tokio::test]
async fn a_signature_needs_the_known_key_and_this_region() {
    let setup = Setup::start().await;
    let get = Raw::new("GET", "/key?response-content-type=a%2Fb%20c&list=");
    assert_eq!(get.clone().send(&setup).await.refusal(), refused(404, "NoSuchKey"));
    let other_key = Raw { access_key: "other", ..get.clone() };
    assert_eq!(other_key.send(&setup).await.refusal(), refused(403, "InvalidAccessKeyId"));
    let other_secret = Raw { secret_key: "other", ..get.clone() };
    assert_eq!(other_secret.send(&setup).await.refusal(), refused(403, "SignatureDoesNotMatch"));
    let other_region = Raw { region: "us-east-1", ..get.clone() };
    assert_eq!(other_region.send(&setup).await.refusal(), refused(403, "SignatureDoesNotMatch"));
    let mut unsigned = get.sign(&setup, None);
    unsigned.headers_mut().remove("authorization");
    assert_eq!(send(&setup, unsigned).await.refusal(), refused(403, "AccessDenied"));
}

#[tokio::test]
async fn signed_parts_cannot_be_changed() {
    let setup = Setup::start().await;
    let put = || Raw::new("PUT", "/key?x=1").header("x-amz-meta-a", "1").body("abc").sign(&setup, None);
    assert_eq!(send(&setup, put()).await.status, 200);
    let mut other_path = put();
    *other_path.uri_mut() = "/other?x=1".parse().unwrap();
    assert_eq!(send(&setup, other_path).await.refusal(), refused(403, "SignatureDoesNotMatch"));
    let mut other_query = put();
    *other_query.uri_mut() = "/key?x=2".parse().unwrap();
    assert_eq!(send(&setup, other_query).await.refusal(), refused(403, "SignatureDoesNotMatch"));
    let mut other_header = put();
    other_header.headers_mut().insert("x-amz-meta-a", "2".parse().unwrap());
    assert_eq!(send(&setup, other_header).await.refusal(), refused(403, "SignatureDoesNotMatch"));
    let mut more_headers = put();
    more_headers.headers_mut().insert("x-oss-forbid-overwrite", "true".parse().unwrap());
    assert_eq!(send(&setup, more_headers).await.refusal(), refused(403, "AccessDenied"));
    let mut other_body = put();
    *other_body.body_mut() = Full::from("abd");
    assert_eq!(send(&setup, other_body).await.refusal(), refused(400, "XAmzContentSHA256Mismatch"));
}

#[tokio::test]
async fn a_payload_hash_is_required() {
    let setup = Setup::start().await;
    let mut without = Raw::new("GET", "/key").sign(&setup, None);
    without.headers_mut().remove("x-amz-content-sha256");
    assert_eq!(send(&setup, without).await.refusal(), refused(400, "InvalidArgument"));
    let unknown = Raw { payload: Some("SOMETHING-ELSE"), ..Raw::new("GET", "/key") };
    assert_eq!(unknown.send(&setup).await.refusal(), refused(400, "InvalidArgument"));
}

#[tokio::test]
async fn clocks_may_differ_by_fifteen_minutes() {
    let setup = Setup::start_with(|settings| Settings { clock_skew_seconds: 14 * 60, ..settings }).await;
    let get = || Raw::new("GET", "/key").send(&setup);
    assert_eq!(get().await.refusal(), refused(404, "NoSuchKey"));
    for skew in [16 * 60, -16 * 60] {
        setup.double.set_clock_skew(skew);
        assert_eq!(get().await.refusal(), refused(403, "RequestTimeTooSkewed"), "{skew}");
    }
    setup.double.set_clock_skew(365 * 24 * 3600);
    let date = get().await.header("date").to_owned();
    assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
}

#[tokio::test]
async fn a_presigned_url_works_until_it_expires() {
    let setup = Setup::start().await;
    setup.put("a b+c", b"abc").await;
    let url = presigned_get(&setup).await;
    let reply = follow(&setup, "GET", &url, &[], "").await;
    assert_eq!((reply.status, reply.body.as_ref()), (200, b"abc".as_ref()));
    assert_eq!(reply.headers["content-disposition"], "attachment; filename=é");
    setup.double.set_clock_skew(540);
    assert_eq!(follow(&setup, "GET", &url, &[], "").await.status, 200);
    setup.double.set_clock_skew(602);
    let reply = follow(&setup, "GET", &url, &[], "").await;
    assert_eq!(reply.refusal(), refused(403, "AccessDenied"));
    assert!(String::from_utf8_lossy(&reply.body).contains("Request has expired"));
}

#[tokio::test]
async fn a_presigned_url_cannot_be_changed() {
    let setup = Setup::start().await;
    let url = presigned_get(&setup).await;
    let changes = [
        ("X-Amz-Expires=600", "X-Amz-Expires=6000"),
        ("a%20b", "a%20c"),
        ("attachment", "inline"),
        ("bucket-1", "bucket-2"),
    ];
    for (from, to) in changes {
        assert!(url.contains(from), "{from} in {url}");
        let reply = follow(&setup, "GET", &url.replace(from, to), &[], "").await;
        assert_eq!(reply.refusal(), refused(403, "SignatureDoesNotMatch"), "{from} to {to}");
    }
    assert_eq!(follow(&setup, "DELETE", &url, &[], "").await.status, 403);
    let longer_than_a_week = url.replace("X-Amz-Expires=600", "X-Amz-Expires=604801");
    let reply = follow(&setup, "GET", &longer_than_a_week, &[], "").await;
    assert_eq!(reply.refusal(), refused(400, "AuthorizationQueryParametersError"));
}

#[tokio::test]
async fn headers_of_a_presigned_put_are_signed() {
    let setup = Setup::start().await;
    let life = PresigningConfig::expires_in(Duration::from_mins(10)).unwrap();
    let put = setup.client.put_object().bucket(BUCKET).key("key").content_length(3).metadata("a", "1");
    let put = put.presigned(life).await.unwrap();
    let headers: Vec<_> =
        put.headers().filter(|(name, _)| !["host", "content-length"].contains(name)).collect();
    assert_eq!(follow(&setup, "PUT", put.uri(), &headers, "abc").await.status, 200);
    assert_eq!(
        follow(&setup, "PUT", put.uri(), &headers, "abcd").await.refusal(),
        refused(403, "SignatureDoesNotMatch")
    );
    let none = follow(&setup, "PUT", put.uri(), &[], "abc").await;
    assert_eq!(none.refusal(), refused(403, "SignatureDoesNotMatch"));
}

#[tokio::test]
async fn a_body_may_come_in_signed_chunks() {
    const PAYLOAD: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    let setup = Setup::start().await;
    let put = |length: &str| {
        let put = Raw { payload: Some(PAYLOAD), ..Raw::new("PUT", "/key") };
        let put = put.header("content-encoding", "aws-chunked,gzip");
        put.header("x-amz-decoded-content-length", length).sign_in_chunks(&setup, &[b"abc", b"de", b""])
    };
    assert_eq!(send(&setup, put("5")).await.status, 200);
    assert_eq!(setup.get("key").await, b"abcde");
    let head = Raw::new("HEAD", "/key").send(&setup).await;
    assert_eq!(head.header("content-encoding"), "gzip");
    assert_eq!(send(&setup, put("6")).await.refusal(), refused(400, "IncompleteBody"));
}

#[tokio::test]
async fn urls_presigned_by_hand_work_too() {
    let setup = Setup::start().await;
    let put = Raw::new("PUT", "/key").body("abc").presign(&setup, 60);
    assert_eq!(send(&setup, put).await.status, 200);
    assert_eq!(setup.get("key").await, b"abc");
}
