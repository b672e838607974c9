//! Tests addresses: virtual hosts, names of buckets and keys.

use aws_sdk_s3::Client;

use crate::raw::{Raw, send};
use crate::support::{BUCKET, Setup, code, config};

#[tokio::test]
async fn path_style_is_forbidden() {
    let setup = Setup::start().await;
    let client = Client::from_conf(config(&setup.double).force_path_style(true).build());
    let get = client.get_object().bucket(BUCKET).key("key").send().await;
    assert_eq!(code(get), "SecondLevelDomainForbidden");
    assert_eq!(setup.double.refusals()["SecondLevelDomainForbidden"], 1);
}

#[tokio::test]
async fn a_host_that_is_not_a_bucket_is_forbidden() {
    let setup = Setup::start().await;
    for host in ["127.0.0.1", "s3.oss-test-1.localhost", "bucket-1.s3.example.org"] {
        let mut request = Raw::new("GET", "/bucket-1/key").sign(&setup, None);
        request.headers_mut().insert("host", host.parse().unwrap());
        let reply = send(&setup, request).await;
        assert_eq!(reply.refusal(), (403, "SecondLevelDomainForbidden".to_owned()), "{host}");
        assert!(!reply.header("x-oss-request-id").is_empty());
    }
}

#[tokio::test]
async fn names_of_buckets_and_keys_have_limits() {
    let setup = Setup::start().await;
    for bucket in ["ab", "under_score", "two.parts", "ends-"] {
        let get = Raw { bucket: bucket.to_owned(), ..Raw::new("GET", "/key") };
        assert_eq!(get.send(&setup).await.refusal(), (400, "InvalidBucketName".to_owned()), "{bucket}");
    }
    for key in ["//key", "/%5Ckey", &format!("/{}", "k".repeat(1024))] {
        let put = Raw::new("PUT", key).body("abc").send(&setup).await;
        assert_eq!(put.refusal(), (400, "InvalidObjectName".to_owned()), "{key}");
    }
    assert_eq!(Raw::new("PUT", &format!("/{}", "k".repeat(1023))).body("abc").send(&setup).await.status, 200);
    assert_eq!(Raw::new("PUT", "/inner//slashes/").body("abc").send(&setup).await.status, 200);
}

#[tokio::test]
async fn requests_are_forwarded_by_path() {
    let setup = Setup::start().await;
    setup.put("a b/é", b"abc").await;
    let state = setup.store.state.lock().unwrap();
    assert_eq!(state.seen.last().unwrap().path, "/bucket-1/a b/é");
    let authorization = state.seen.last().unwrap().headers["authorization"].to_str().unwrap();
    assert!(authorization.contains("Credential=any/"), "signed with the store's credentials");
}
