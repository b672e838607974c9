//! Observes which checksums a store verifies and reports.

use aws_sdk_s3::primitives::ByteStream;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest as _, Md5};
use sluice_domain::hash::Sha256;
use sluice_packs::crc64;
use sluice_storage::{CheckedUpload, Description, MultipartOptions, PartSha256, PutOptions};

use crate::test_store::{Observation, TestStore, outcome, raw_outcome, test_key, yes_if};

/// Replaces "yes" where success means that the store kept a body with a wrong checksum.
fn or_stored(outcome: String) -> String {
    if outcome == "yes" { "stored".to_owned() } else { outcome }
}

fn checked(sha256: &Sha256) -> PutOptions<'_> {
    PutOptions { sha256: Some(sha256), ..PutOptions::default() }
}

pub async fn sha256_right(store: &TestStore) -> Observation {
    let request = store.raw_put(&test_key("sha256-right"), b"bytes");
    Ok(raw_outcome(request.checksum_sha256(Sha256::of(b"bytes").to_base64()).send().await))
}

pub async fn sha256_wrong(store: &TestStore) -> Observation {
    let request = store.raw_put(&test_key("sha256-wrong"), b"bytes");
    Ok(or_stored(raw_outcome(request.checksum_sha256(Sha256::of(b"other").to_base64()).send().await)))
}

pub async fn part_sha256_wrong(store: &TestStore) -> Observation {
    let key = test_key("part-sha256-wrong");
    let options = MultipartOptions { part_sha256: PartSha256::ByClient, ..MultipartOptions::default() };
    let id = store.bucket.create_multipart(&key, options).await?;
    let request = store.client.upload_part().bucket(store.name()).key(key.as_str()).upload_id(&id);
    let request = request.part_number(1).checksum_sha256(Sha256::of(b"other").to_base64());
    let word = raw_outcome(request.body(b"bytes".to_vec().into()).send().await);
    store.bucket.abort_multipart(&key, &id).await?;
    Ok(or_stored(word))
}

pub async fn md5_wrong(store: &TestStore) -> Observation {
    let request = store.raw_put(&test_key("md5-wrong"), b"bytes");
    let md5 = BASE64_STANDARD.encode(Md5::digest(b"other"));
    Ok(or_stored(raw_outcome(request.content_md5(md5).send().await)))
}

/// The SDK's default: a CRC-32 in a trailer behind the body.
pub async fn sdk_defaults(store: &TestStore) -> Observation {
    let key = test_key("sdk-defaults");
    let request = store.default_client.put_object().bucket(store.name()).key(key.as_str());
    let file = tempfile::NamedTempFile::new()?;
    tokio::fs::write(file.path(), b"bytes").await?;
    let word = raw_outcome(request.body(ByteStream::from_path(file.path()).await?).send().await);
    if word != "yes" {
        return Ok(word);
    }
    yes_if(store.bytes(&key).await?.as_deref() == Some(b"bytes"), "other bytes")
}

pub async fn etag_is_md5(store: &TestStore) -> Observation {
    let answer = store.raw_put(&test_key("etag-is-md5"), b"bytes").send().await?;
    let etag = answer.e_tag().unwrap_or_default().trim_matches('"').to_owned();
    let md5 = hex::encode(Md5::digest(b"bytes"));
    Ok(match etag {
        etag if etag == md5 => "lower case",
        etag if etag == md5.to_uppercase() => "upper case",
        _ => "no",
    }
    .to_owned())
}

/// The CRC-64/XZ in the answer to a PUT.
pub async fn crc64_of_put(store: &TestStore) -> Observation {
    let key = test_key("crc64");
    let bytes = sluice_tests::bytes(3, 100_000);
    let sha256 = Sha256::of(&bytes);
    let written = store.bucket.put(&key, bytes.clone().into(), checked(&sha256)).await?;
    let head = store.bucket.head(&key).await?.ok_or("not there")?;
    Ok(right_or_none(&[written.crc64, head.crc64], crc64(&bytes)))
}

/// The CRC-64/XZ of parts and of the completed object.
pub async fn crc64_of_parts(store: &TestStore) -> Observation {
    let key = test_key("crc64-of-parts");
    let parts = [sluice_tests::bytes(4, crate::test_store::PART_BYTES), sluice_tests::bytes(5, 1000)];
    let mut upload = CheckedUpload::begin(&store.bucket, &key, &Description::default()).await?;
    for part in &parts {
        let reported = upload.send(part.clone().into()).await?;
        if reported.is_some_and(|crc| crc != crc64(part)) {
            return Ok("wrong".to_owned());
        }
    }
    let written = upload.complete().await?;
    let head = store.bucket.head(&key).await?.ok_or("not there")?;
    Ok(right_or_none(&[written.crc64, head.crc64], crc64(&parts.concat())))
}

fn right_or_none(reported: &[Option<u64>], right: u64) -> String {
    let word = if reported.iter().all(|crc| *crc == Some(right)) {
        "right"
    } else if reported.iter().all(Option::is_none) {
        "none"
    } else {
        "wrong"
    };
    word.to_owned()
}

/// Whether the functions' own write detects a body with a wrong SHA-256.
pub async fn checked_wrong(store: &TestStore) -> Observation {
    let key = test_key("checked-wrong");
    let bytes = bytes::Bytes::from_static(b"bytes");
    let sha256 = Sha256::of(b"other");
    Ok(or_stored(outcome(store.bucket.put(&key, bytes, checked(&sha256)).await)))
}
