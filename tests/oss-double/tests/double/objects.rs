//! Tests objects with the SDK: bytes, `ETag`s, checksums, lists.

use aws_sdk_s3::primitives::ByteStream;
use http::Method;

use crate::raw::Raw;
use crate::support::{BUCKET, CRC, Setup, code, crc, data};

const MD5_OF_ABC: &str = "\"900150983CD24FB0D6963F7D28E17F72\"";

#[tokio::test]
async fn an_object_is_put_read_and_deleted() {
    let setup = Setup::start().await;
    let key = "folder/a b+c&é%.txt";
    let body = ByteStream::from_static(b"abc");
    let put = setup.client.put_object().bucket(BUCKET).key(key).content_type("text/plain").body(body);
    let put = put.metadata("origin", "here").send().await.unwrap();
    assert_eq!(put.e_tag(), Some(MD5_OF_ABC));

    let head = setup.client.head_object().bucket(BUCKET).key(key).send().await.unwrap();
    assert_eq!(head.e_tag(), Some(MD5_OF_ABC));
    assert_eq!(head.content_length(), Some(3));
    assert_eq!(head.content_type(), Some("text/plain"));
    assert_eq!(head.metadata().unwrap()["origin"], "here");
    assert_eq!(setup.get(key).await, b"abc");

    setup.client.delete_object().bucket(BUCKET).key(key).send().await.unwrap();
    let gone = setup.client.get_object().bucket(BUCKET).key(key).send().await;
    assert_eq!(code(gone), "NoSuchKey");
    let head = setup.client.head_object().bucket(BUCKET).key(key).send().await;
    assert!(head.unwrap_err().into_service_error().is_not_found());
}

#[tokio::test]
async fn every_answer_has_the_checksum_of_the_whole_object() {
    let setup = Setup::start().await;
    let bytes = data(300_000);
    let put = Raw::new("PUT", "/key").body(bytes.clone()).send(&setup).await;
    assert_eq!((put.status, put.header(CRC)), (200, crc(&bytes).as_str()));
    assert_eq!(Raw::new("HEAD", "/key").send(&setup).await.header(CRC), crc(&bytes));
    let range = Raw::new("GET", "/key").header("range", "bytes=10-19").send(&setup).await;
    assert_eq!((range.status, range.body.as_ref()), (206, &bytes[10..20]));
    assert_eq!(range.header(CRC), crc(&bytes));
    assert_eq!(range.header("content-range"), "bytes 10-19/300000");
    assert!(!range.header("x-oss-request-id").is_empty());
}

#[tokio::test]
async fn an_object_that_was_not_written_here_is_read_once_for_its_checksum() {
    let setup = Setup::start().await;
    setup.store.state.lock().unwrap().put("/bucket-1/key", "123456789".into(), http::HeaderMap::new());
    for _ in 0..2 {
        let head = Raw::new("HEAD", "/key").send(&setup).await;
        assert_eq!((head.header(CRC), head.header("content-length")), ("11051210869376104954", "9"));
    }
    assert_eq!(setup.store.count(&Method::GET), 1);
    // After it is overwritten without the double, it has another checksum.
    setup.store.state.lock().unwrap().put("/bucket-1/key", "abc".into(), http::HeaderMap::new());
    assert_eq!(Raw::new("HEAD", "/key").send(&setup).await.header(CRC), crc(b"abc"));
}

#[tokio::test]
async fn lists_have_the_same_etags() {
    let setup = Setup::start().await;
    setup.put("a/1", b"abc").await;
    setup.put("b/2", b"abc").await;
    let list = setup.client.list_objects_v2().bucket(BUCKET).prefix("a/").send().await.unwrap();
    let listed: Vec<_> = list.contents().iter().map(|object| (object.key(), object.e_tag())).collect();
    assert_eq!(listed, [(Some("a/1"), Some(MD5_OF_ABC))]);
}

#[tokio::test]
async fn conditional_reads_match_only_the_upper_case_etag() {
    let setup = Setup::start().await;
    setup.put("key", b"abc").await;
    let read = |etag: &str| setup.client.get_object().bucket(BUCKET).key("key").if_match(etag).send();
    assert!(read(MD5_OF_ABC).await.is_ok());
    assert_eq!(code(read(&MD5_OF_ABC.to_lowercase()).await), "PreconditionFailed");
    let unchanged = Raw::new("GET", "/key").header("if-none-match", MD5_OF_ABC).send(&setup).await;
    assert_eq!((unchanged.status, unchanged.header("etag")), (304, MD5_OF_ABC));
    assert_eq!(Raw::new("GET", "/key").header("if-none-match", "\"x\"").send(&setup).await.status, 200);
}

#[tokio::test]
async fn checksums_of_s3_are_neither_stored_nor_returned() {
    let setup = Setup::start().await;
    let put = Raw::new("PUT", "/key").header("x-amz-checksum-sha256", "wrong").body("abc");
    let put = put.header("x-amz-sdk-checksum-algorithm", "SHA256").send(&setup).await;
    assert_eq!(put.status, 200);
    let is_checksum = |name: &http::HeaderName| name.as_str().contains("checksum");
    assert!(!setup.store.state.lock().unwrap().seen.iter().any(|seen| seen.headers.keys().any(is_checksum)));
    assert!(!Raw::new("GET", "/key").send(&setup).await.headers.keys().any(is_checksum));
}

#[tokio::test]
async fn copies_have_a_limit() {
    let setup =
        Setup::start_with(|settings| sluice_oss_double::Settings { copy_object_max_bytes: 10, ..settings })
            .await;
    setup.put("small name", b"0123456789").await;
    setup.put("large", b"0123456789+").await;
    let copy = |source: &str| {
        let source = format!("{BUCKET}/{source}");
        setup.client.copy_object().bucket(BUCKET).key("copy").copy_source(source).send()
    };
    let copied = copy("small%20name").await.unwrap();
    let etag = copied.copy_object_result().and_then(|result| result.e_tag()).unwrap();
    assert_eq!(etag, etag.to_uppercase());
    assert_eq!(setup.get("copy").await, b"0123456789");
    assert_eq!(Raw::new("HEAD", "/copy").send(&setup).await.header(CRC), crc(b"0123456789"));
    assert_eq!(code(copy("large").await), "EntityTooLarge");
    assert_eq!(code(copy("missing").await), "NoSuchKey");
}

#[tokio::test]
async fn storage_classes_are_checked_and_kept() {
    let setup = Setup::start().await;
    let put =
        |class: &str| Raw::new("PUT", &format!("/{class}")).header("x-amz-storage-class", class).body("abc");
    assert_eq!(put("STANDARD").send(&setup).await.status, 200);
    assert_eq!(put("STANDARD_IA").send(&setup).await.status, 200);
    assert_eq!(put("GLACIER").send(&setup).await.status, 200);
    assert_eq!(put("DEEP_ARCHIVE").send(&setup).await.refusal(), (400, "InvalidStorageClass".to_owned()));
    let class = |key: &'static str| Raw::new("HEAD", key).send(&setup);
    assert_eq!(class("/STANDARD").await.header("x-amz-storage-class"), "");
    assert_eq!(class("/STANDARD_IA").await.header("x-amz-storage-class"), "STANDARD_IA");
    assert_eq!(class("/GLACIER").await.header("x-amz-storage-class"), "GLACIER");
    let archived = Raw::new("GET", "/GLACIER").send(&setup).await;
    assert_eq!(archived.refusal(), (403, "InvalidObjectState".to_owned()));
}

#[tokio::test]
async fn a_length_is_required_and_may_be_zero() {
    let setup = Setup::start().await;
    setup.put("empty", b"").await;
    let head = Raw::new("HEAD", "/empty").send(&setup).await;
    assert_eq!((head.header("content-length"), head.header(CRC)), ("0", "0"));
    let put = Raw::new("PUT", "/empty").send(&setup).await;
    assert_eq!(put.refusal(), (411, "MissingContentLength".to_owned()));
}

#[tokio::test]
async fn a_large_object_is_accepted() {
    let setup = Setup::start().await;
    let bytes = data(64 << 20);
    let mut put = Raw::new("PUT", "/large").body(bytes.clone());
    put.payload = Some("UNSIGNED-PAYLOAD");
    assert_eq!(put.send(&setup).await.header(CRC), crc(&bytes));
    assert!(setup.get("large").await == bytes);
}
