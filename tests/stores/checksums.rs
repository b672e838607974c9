//! Checksums of both sides.

use aws_sdk_s3::primitives::ByteStream;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest as _, Md5};
use sluice_domain::hash::Sha256;
use sluice_packs::crc64;
use sluice_storage::Description;
use sluice_storage::presign::PutOf;

use crate::place::{Found, Place, code, named, said, yes_if};

/// What it means that a body was taken which is not what it was said to be.
fn or_stored(word: String) -> String {
    if word == "yes" { "stored".to_owned() } else { word }
}

pub async fn sha256_right(place: &Place) -> Found {
    let request = place.raw_put(&named("sha256-right"), b"bytes");
    Ok(code(request.checksum_sha256(Sha256::of(b"bytes").to_base64()).send().await))
}

pub async fn sha256_wrong(place: &Place) -> Found {
    let request = place.raw_put(&named("sha256-wrong"), b"bytes");
    Ok(or_stored(code(request.checksum_sha256(Sha256::of(b"other").to_base64()).send().await)))
}

pub async fn part_sha256_wrong(place: &Place) -> Found {
    let key = named("part-sha256-wrong");
    let id = place.bucket.create_multipart(&key, true).await?;
    let request = place.client.upload_part().bucket(place.name()).key(key.as_str()).upload_id(&id);
    let request = request.part_number(1).checksum_sha256(Sha256::of(b"other").to_base64());
    let word = code(request.body(b"bytes".to_vec().into()).send().await);
    place.bucket.abort_multipart(&key, &id).await?;
    Ok(or_stored(word))
}

pub async fn md5_wrong(place: &Place) -> Found {
    let request = place.raw_put(&named("md5-wrong"), b"bytes");
    let md5 = BASE64_STANDARD.encode(Md5::digest(b"other"));
    Ok(or_stored(code(request.content_md5(md5).send().await)))
}

/// What an SDK does that is not told otherwise: a CRC-32 behind the body.
pub async fn sdk_defaults(place: &Place) -> Found {
    let key = named("sdk-defaults");
    let request = place.default_client.put_object().bucket(place.name()).key(key.as_str());
    let file = tempfile::NamedTempFile::new()?;
    tokio::fs::write(file.path(), b"bytes").await?;
    let word = code(request.body(ByteStream::from_path(file.path()).await?).send().await);
    if word != "yes" {
        return Ok(word);
    }
    yes_if(place.bucket.get(&key).await?.as_deref() == Some(b"bytes"), "other bytes")
}

pub async fn etag_is_md5(place: &Place) -> Found {
    let answer = place.raw_put(&named("etag-is-md5"), b"bytes").send().await?;
    let etag = answer.e_tag().unwrap_or_default().trim_matches('"').to_owned();
    let md5 = hex::encode(Md5::digest(b"bytes"));
    Ok(match etag {
        etag if etag == md5 => "lower case",
        etag if etag == md5.to_uppercase() => "upper case",
        _ => "no",
    }
    .to_owned())
}

/// The CRC-64/XZ of a PUT's answer.
pub async fn crc64_of_put(place: &Place) -> Found {
    let (key, bytes) = (named("crc64"), sluice_tests::bytes(3, 100_000));
    let sha256 = Sha256::of(&bytes);
    let written = place.bucket.put_checked(&key, bytes.clone().into(), &sha256, PutOf::AnyObject).await?;
    let head = place.bucket.head_checked(&key).await?.ok_or("not there")?;
    Ok(right_or_none(&[written.crc64, head.crc64], crc64(&bytes)))
}

/// The same of parts and of the object that is made of them.
pub async fn crc64_of_parts(place: &Place) -> Found {
    let key = named("crc64-of-parts");
    let parts = [sluice_tests::bytes(4, crate::place::PART_BYTES), sluice_tests::bytes(5, 1000)];
    let mut upload = place.bucket.begin_checked(&key, &Description::default()).await?;
    for part in &parts {
        let said = upload.send(part.clone().into()).await?;
        if said.is_some_and(|crc| crc != crc64(part)) {
            return Ok("wrong".to_owned());
        }
    }
    let written = upload.complete().await?;
    let head = place.bucket.head_checked(&key).await?.ok_or("not there")?;
    Ok(right_or_none(&[written.crc64, head.crc64], crc64(&parts.concat())))
}

fn right_or_none(said: &[Option<u64>], right: u64) -> String {
    let word = if said.iter().all(|crc| *crc == Some(right)) {
        "right"
    } else if said.iter().all(Option::is_none) {
        "none"
    } else {
        "wrong"
    };
    word.to_owned()
}

/// Whether a body that is not what was announced is noticed by what functions do.
pub async fn checked_wrong(place: &Place) -> Found {
    let key = named("checked-wrong");
    let (bytes, sha256) = (bytes::Bytes::from_static(b"bytes"), Sha256::of(b"other"));
    Ok(or_stored(said(place.bucket.put_checked(&key, bytes, &sha256, PutOf::AnyObject).await)))
}
