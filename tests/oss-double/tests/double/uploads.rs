//! Tests multipart uploads.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use md5::{Digest as _, Md5};
use sluice_oss_double::{OssDouble, Settings};

use crate::raw::Raw;
use crate::support::{BUCKET, CRC, Setup, code, config, crc, data};

/// 100 KiB, the smallest size of a part.
const MIN_PART_BYTES: usize = 100 << 10;

async fn create(setup: &Setup) -> String {
    let created = setup.client.create_multipart_upload().bucket(BUCKET).key("key").send().await.unwrap();
    created.upload_id().unwrap().to_owned()
}

async fn upload(setup: &Setup, upload_id: &str, number: i32, bytes: &[u8]) -> CompletedPart {
    let part = setup.client.upload_part().bucket(BUCKET).key("key").upload_id(upload_id).part_number(number);
    let part = part.body(ByteStream::from(bytes.to_vec())).send().await.unwrap();
    assert_eq!(part.e_tag().unwrap(), format!("\"{}\"", hex::encode_upper(Md5::digest(bytes))));
    CompletedPart::builder().part_number(number).set_e_tag(part.e_tag).build()
}

async fn complete(setup: &Setup, upload_id: &str, parts: Vec<CompletedPart>) -> Result<String, String> {
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let upload = setup.client.complete_multipart_upload().bucket(BUCKET).key("key");
    match upload.upload_id(upload_id).multipart_upload(parts).send().await {
        Ok(done) => Ok(done.e_tag().unwrap().to_owned()),
        Err(error) => Err(code::<(), _, _>(Err(error))),
    }
}

#[tokio::test]
async fn parts_become_an_object_with_one_checksum() {
    let setup = Setup::start().await;
    let bytes = data(2 * MIN_PART_BYTES + 7);
    let upload_id = create(&setup).await;
    let last = upload(&setup, &upload_id, 9, &bytes[2 * MIN_PART_BYTES..]).await;
    let first = upload(&setup, &upload_id, 2, &bytes[..MIN_PART_BYTES]).await;
    let second = upload(&setup, &upload_id, 3, &bytes[MIN_PART_BYTES..2 * MIN_PART_BYTES]).await;
    let listed =
        setup.client.list_parts().bucket(BUCKET).key("key").upload_id(&upload_id).send().await.unwrap();
    assert_eq!(listed.parts()[0].e_tag(), first.e_tag());

    let etag = complete(&setup, &upload_id, vec![first, second, last]).await.unwrap();
    assert_eq!(setup.get("key").await, bytes);
    let head = Raw::new("HEAD", "/key").send(&setup).await;
    assert_eq!((head.header(CRC), head.header("etag")), (crc(&bytes).as_str(), etag.as_str()));
    let reads = setup.store.count(&http::Method::GET);
    assert_eq!(reads, 2, "ListParts and one GetObject: the checksum is combined from the parts");
    let of_store = setup.store.state.lock().unwrap().objects["/bucket-1/key"].etag.clone();
    assert!(!etag.eq_ignore_ascii_case(&of_store), "a multipart ETag is unlike S3's");
    assert!(setup.client.get_object().bucket(BUCKET).key("key").if_match(etag).send().await.is_ok());
}

#[tokio::test]
async fn an_upload_ends_with_its_completion_or_abort() {
    let setup = Setup::start().await;
    let upload_id = create(&setup).await;
    let part = upload(&setup, &upload_id, 1, b"abc").await;
    assert!(complete(&setup, &upload_id, vec![part.clone()]).await.is_ok());
    assert_eq!(complete(&setup, &upload_id, vec![part]).await, Err("NoSuchUpload".to_owned()));

    let upload_id = create(&setup).await;
    let part = upload(&setup, &upload_id, 1, b"abd").await;
    let abort = setup.client.abort_multipart_upload().bucket(BUCKET).key("key").upload_id(&upload_id);
    abort.send().await.unwrap();
    assert_eq!(complete(&setup, &upload_id, vec![part]).await, Err("NoSuchUpload".to_owned()));
    assert_eq!(setup.get("key").await, b"abc");
}

#[tokio::test]
async fn every_part_but_the_last_has_a_minimum_size() {
    let setup = Setup::start().await;
    let upload_id = create(&setup).await;
    let small = upload(&setup, &upload_id, 1, &data(MIN_PART_BYTES - 1)).await;
    let last = upload(&setup, &upload_id, 2, b"abc").await;
    assert_eq!(
        complete(&setup, &upload_id, vec![small, last.clone()]).await,
        Err("EntityTooSmall".to_owned())
    );
    let enough = upload(&setup, &upload_id, 1, &data(MIN_PART_BYTES)).await;
    assert!(complete(&setup, &upload_id, vec![enough, last]).await.is_ok());
}

#[tokio::test]
async fn a_completion_must_list_uploaded_parts_in_order() {
    let setup = Setup::start().await;
    let upload_id = create(&setup).await;
    let first = upload(&setup, &upload_id, 1, &data(MIN_PART_BYTES)).await;
    let second = upload(&setup, &upload_id, 2, b"abc").await;
    let part = |number: i32, etag: &str| CompletedPart::builder().part_number(number).e_tag(etag).build();
    let refusals = [
        (vec![second.clone(), first.clone()], "InvalidPartOrder"),
        (vec![part(1, second.e_tag().unwrap())], "InvalidPart"),
        (vec![part(1, &first.e_tag().unwrap().to_lowercase())], "InvalidPart"),
        (vec![part(3, first.e_tag().unwrap())], "InvalidPart"),
        (vec![part(0, first.e_tag().unwrap())], "InvalidArgument"),
        (vec![], "MalformedXML"),
    ];
    for (parts, expected) in refusals {
        assert_eq!(complete(&setup, &upload_id, parts).await, Err(expected.to_owned()));
    }
    assert!(complete(&setup, &upload_id, vec![first, second]).await.is_ok());
}

#[tokio::test]
async fn a_completion_must_be_well_formed() {
    let setup = Setup::start().await;
    let upload_id = create(&setup).await;
    let etag = upload(&setup, &upload_id, 1, b"abc").await.e_tag.unwrap();
    let part =
        format!("<Part a='>'><!-- 1 --><ETag><![CDATA[{etag}]]></ETag><PartNumber>1</PartNumber></Part>");
    let complete =
        |body: &str| Raw::new("POST", &format!("/key?uploadId={upload_id}")).body(body).send(&setup);
    let malformed = [
        "",
        "no XML",
        "<C><Part><PartNumber>1</PartNumber></Part></C>",
        &format!("<C>{part}"),
        &format!("<C>{part}</D>"),
        &format!("<C><D>{part}</D></C>"),
    ];
    for body in malformed {
        assert_eq!(complete(body).await.refusal(), (400, "MalformedXML".to_owned()), "{body}");
    }
    let body = format!("<?xml version='1.0'?>\n<o:C xmlns:o='oss'>\n  {part}\n</o:C>");
    assert_eq!(complete(&body).await.status, 200);
}

#[tokio::test]
async fn part_numbers_are_one_to_ten_thousand() {
    let setup = Setup::start().await;
    let upload_id = create(&setup).await;
    for (number, status) in [("0", 400), ("1", 200), ("10000", 200), ("10001", 400), ("x", 400)] {
        let part = Raw::new("PUT", &format!("/key?partNumber={number}&uploadId={upload_id}")).body("abc");
        let reply = part.send(&setup).await;
        assert_eq!(reply.status, status, "part {number}");
        assert_eq!(reply.header(CRC), if status == 200 { crc(b"abc") } else { String::new() });
    }
}

#[tokio::test]
async fn parts_may_be_copied() {
    let setup = Setup::start().await;
    let source = data(2 * MIN_PART_BYTES);
    setup.put("source", &source).await;
    let upload_id = create(&setup).await;
    let copy = setup.client.upload_part_copy().bucket(BUCKET).key("key").upload_id(&upload_id).part_number(1);
    let copy =
        copy.copy_source(format!("{BUCKET}/source")).copy_source_range(format!("bytes=0-{MIN_PART_BYTES}"));
    let copied = copy.send().await.unwrap().copy_part_result.unwrap();
    let first = CompletedPart::builder().part_number(1).set_e_tag(copied.e_tag).build();
    let second = upload(&setup, &upload_id, 2, b"abc").await;
    complete(&setup, &upload_id, vec![first, second]).await.unwrap();
    let whole = [&source[..=MIN_PART_BYTES], b"abc"].concat();
    assert_eq!(setup.get("key").await, whole);
    assert_eq!(Raw::new("HEAD", "/key").send(&setup).await.header(CRC), crc(&whole));
}

#[tokio::test]
async fn an_upload_outlives_the_double_that_started_it() {
    let mut setup = Setup::start().await;
    let upload_id = create(&setup).await;
    let part = upload(&setup, &upload_id, 1, b"abc").await;
    let settings = Settings::in_front_of(&setup.store.endpoint, "any", "any");
    setup.double = OssDouble::start(settings).unwrap();
    setup.client = Client::from_conf(config(&setup.double).build());
    complete(&setup, &upload_id, vec![part]).await.unwrap();
    assert_eq!(Raw::new("HEAD", "/key").send(&setup).await.header(CRC), crc(b"abc"));
}
