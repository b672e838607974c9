//! Tests that features of S3 which OSS does not have are refused.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest as _, Md5};

use crate::raw::Raw;
use crate::support::{BUCKET, Setup, code, config};

#[tokio::test]
async fn an_sdk_with_its_default_settings_is_refused() {
    let setup = Setup::start().await;
    let calculation = RequestChecksumCalculation::WhenSupported;
    let client = Client::from_conf(config(&setup.double).request_checksum_calculation(calculation).build());
    // The SDK ends a body that it streams from a file with a trailer.
    let body = ByteStream::from_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).await.unwrap();
    let put = client.put_object().bucket(BUCKET).key("key").body(body).send().await;
    assert_eq!(code(put), "InvalidArgument");
    assert!(setup.store.state.lock().unwrap().objects.is_empty());
}

#[tokio::test]
async fn trailers_are_refused_under_every_name() {
    let setup = Setup::start().await;
    for payload in ["STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"] {
        let put = Raw { payload: Some(payload), ..Raw::new("PUT", "/key") };
        assert_eq!(put.send(&setup).await.refusal(), (400, "InvalidArgument".to_owned()), "{payload}");
    }
    let put = Raw::new("PUT", "/key").header("x-amz-trailer", "x-amz-checksum-crc32").body("abc");
    assert_eq!(put.send(&setup).await.refusal(), (400, "InvalidArgument".to_owned()));
}

#[tokio::test]
async fn conditional_writes_are_not_implemented() {
    let setup = Setup::start().await;
    let put = setup.client.put_object().bucket(BUCKET).key("key").if_none_match("*").send().await;
    assert_eq!(code(put), "NotImplemented");
    for (method, path) in [("PUT", "/key"), ("POST", "/key?uploadId=1"), ("DELETE", "/key")] {
        let write = Raw::new(method, path).header("if-match", "\"x\"").send(&setup).await;
        assert_eq!(write.refusal(), (501, "NotImplemented".to_owned()), "{method} {path}");
    }
}

#[tokio::test]
async fn unlisted_bucket_features_are_not_implemented() {
    let setup = Setup::start().await;
    for name in ["notification", "tagging", "cors", "policy", "versioning", "versions", "uploads"] {
        for method in ["GET", "PUT"] {
            let reply = Raw::new(method, &format!("/?{name}")).send(&setup).await;
            assert_eq!(reply.refusal(), (501, "NotImplemented".to_owned()), "{method} {name}");
        }
    }
    for (method, path) in [("GET", "/key?attributes"), ("PUT", "/key?tagging"), ("POST", "/key?select")] {
        assert_eq!(Raw::new(method, path).send(&setup).await.status, 501, "{method} {path}");
    }
    let tagged = Raw::new("PUT", "/key").header("x-amz-tagging", "a=b").send(&setup).await;
    assert_eq!(tagged.refusal(), (501, "NotImplemented".to_owned()));
    assert!(setup.store.state.lock().unwrap().seen.is_empty());
}

#[tokio::test]
async fn delete_objects_requires_the_md5_of_its_body() {
    let setup = Setup::start().await;
    setup.put("a", b"abc").await;
    let identifier = ObjectIdentifier::builder().key("a").build().unwrap();
    let delete = Delete::builder().objects(identifier).build().unwrap();
    let deleted = setup.client.delete_objects().bucket(BUCKET).delete(delete).send().await;
    assert_eq!(code(deleted), "MissingArgument");

    let body = "<Delete><Object><Key>a</Key></Object></Delete>";
    let delete =
        |md5: String| Raw::new("POST", "/?delete").header("content-md5", md5).body(body).send(&setup);
    let wrong = delete(BASE64_STANDARD.encode(Md5::digest("another"))).await;
    assert_eq!(wrong.refusal(), (400, "InvalidDigest".to_owned()));
    assert_eq!(setup.get("a").await, b"abc");
    assert_eq!(delete(BASE64_STANDARD.encode(Md5::digest(body))).await.status, 200);
    assert!(setup.store.state.lock().unwrap().objects.is_empty());
}

#[tokio::test]
async fn a_list_of_deletions_must_be_well_formed() {
    let setup = Setup::start().await;
    setup.put("a", b"abc").await;
    for body in ["<Delete><Object><Key>a</Key></Object>", "<Delete><Object/></Delete>"] {
        let md5 = BASE64_STANDARD.encode(Md5::digest(body));
        let delete = Raw::new("POST", "/?delete").header("content-md5", md5).body(body).send(&setup).await;
        assert_eq!(delete.refusal(), (400, "MalformedXML".to_owned()), "{body}");
    }
    assert_eq!(setup.get("a").await, b"abc");
}

#[tokio::test]
async fn a_body_that_does_not_match_its_md5_is_refused() {
    let setup = Setup::start().await;
    let put = |md5: &str| Raw::new("PUT", "/key").header("content-md5", md5).body("abc").send(&setup);
    assert_eq!(put("kAFQmDzST7DWlj99KOF/cg==").await.status, 200);
    assert_eq!(put("kAFQmDzST7DWlj99KOF/cQ==").await.refusal(), (400, "InvalidDigest".to_owned()));
    assert_eq!(put("no base64").await.refusal(), (400, "InvalidDigest".to_owned()));
}
