//! Multipart uploads.

use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadOutput;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use md5::{Digest as _, Md5};
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use sluice_storage::bucket::{StoredPart, normalise_etag};

use crate::place::{Found, PART_BYTES, Place, code, named, number, said, yes_if};

/// Parts as a completion lists them.
pub fn listed(parts: &[StoredPart]) -> Vec<CompletedPart> {
    let part = |part: &StoredPart| {
        let number = part.number.get().cast_signed();
        CompletedPart::builder().part_number(number).e_tag(&part.written_etag).build()
    };
    parts.iter().map(part).collect()
}

/// A raw completion.
async fn complete(
    place: &Place,
    key: &ObjectKey,
    id: &str,
    parts: Vec<CompletedPart>,
) -> Result<CompleteMultipartUploadOutput, String> {
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let request = place.client.complete_multipart_upload().bucket(place.name()).key(key.as_str());
    let answer = request.upload_id(id).multipart_upload(parts).send().await;
    answer.map_err(|error| code::<(), _, _>(Err(error)))
}

/// "yes", or with which code it was refused.
fn word<T>(result: Result<T, String>) -> String {
    result.map_or_else(|code| code, |_| "yes".to_owned())
}

pub async fn whole(place: &Place) -> Found {
    let key = named("whole");
    let (id, parts) = place.upload(&key, &[PART_BYTES, 7]).await?;
    place.bucket.complete_multipart(&key, &id, &parts).await?;
    let sizes: Vec<_> = parts.iter().map(|part| part.size).collect();
    let expected = [sluice_tests::bytes(0, PART_BYTES), sluice_tests::bytes(1, 7)].concat();
    let body = place.bucket.get(&key).await?.ok_or("no body")?;
    yes_if(sizes == [PART_BYTES as u64, 7] && body == expected, "other bytes")
}

pub async fn answer_etag(place: &Place) -> Found {
    let key = named("answer-etag");
    let (id, parts) = place.upload(&key, &[7]).await?;
    let answer = complete(place, &key, &id, listed(&parts)).await?;
    let etag = answer.e_tag().unwrap_or_default();
    Ok(match etag {
        "" => "empty",
        etag if etag.starts_with('"') => "yes",
        _ => "unquoted",
    }
    .to_owned())
}

pub async fn etag(place: &Place) -> Found {
    let key = named("multipart-etag");
    let (id, parts) = place.upload(&key, &[PART_BYTES, 7]).await?;
    place.bucket.complete_multipart(&key, &id, &parts).await?;
    let sums = [(0, PART_BYTES), (1, 7)].map(|(seed, size)| Md5::digest(sluice_tests::bytes(seed, size)));
    let expected = format!("{}-2", hex::encode(Md5::digest(sums.concat())));
    let etag = place.etag(&key).await?;
    let otherwise = if etag.to_ascii_lowercase() == etag { "otherwise" } else { "otherwise, upper case" };
    yes_if(normalise_etag(&etag) == expected, otherwise)
}

pub async fn repeated(place: &Place) -> Found {
    let key = named("repeated");
    let (id, parts) = place.upload(&key, &[7]).await?;
    complete(place, &key, &id, listed(&parts)).await?;
    Ok(word(complete(place, &key, &id, listed(&parts)).await))
}

pub async fn subset(place: &Place) -> Found {
    let key = named("subset");
    let (id, parts) = place.upload(&key, &[PART_BYTES, PART_BYTES, 7]).await?;
    let some = [parts[0].clone(), parts[2].clone()];
    Ok(word(complete(place, &key, &id, listed(&some)).await))
}

pub async fn small_parts(place: &Place) -> Found {
    let key = named("small-parts");
    let (id, parts) = place.upload(&key, &[1 << 20, 7]).await?;
    Ok(word(complete(place, &key, &id, listed(&parts)).await))
}

pub async fn wrong_etag(place: &Place) -> Found {
    let key = named("wrong-part-etag");
    let (id, mut parts) = place.upload(&key, &[7]).await?;
    "\"d41d8cd98f00b204e9800998ecf8427e\"".clone_into(&mut parts[0].written_etag);
    Ok(word(complete(place, &key, &id, listed(&parts)).await))
}

/// Of a part that comes twice, the one that was sent last can be named.
pub async fn part_twice(place: &Place) -> Found {
    let key = named("part-twice");
    let (id, _) = place.upload(&key, &[7]).await?;
    place.bucket.upload_part(&key, &id, number(1), "another".into()).await?;
    let etag = hex::encode(md5::Md5::digest("another"));
    let mut parts = place.bucket.list_every_part(&key, &id).await?.ok_or("no upload")?;
    parts.retain(|part| part.etag == etag);
    place.bucket.complete_multipart(&key, &id, &parts).await?;
    yes_if(place.bucket.get(&key).await?.as_deref() == Some(b"another"), "the first")
}

pub async fn abort(place: &Place) -> Found {
    let key = named("abort");
    let (id, _) = place.upload(&key, &[7]).await?;
    place.bucket.abort_multipart(&key, &id).await?;
    let gone = place.bucket.list_parts(&key, &id).await?.is_none();
    yes_if(gone && place.bucket.head(&key).await?.is_none(), "parts remain")
}

pub async fn abort_missing(place: &Place) -> Found {
    let key = named("abort-missing");
    let (id, _) = place.upload(&key, &[7]).await?;
    place.bucket.abort_multipart(&key, &id).await?;
    Ok(said(place.bucket.abort_multipart(&key, &id).await))
}

pub async fn complete_missing(place: &Place) -> Found {
    let key = named("complete-missing");
    let (id, parts) = place.upload(&key, &[7]).await?;
    place.bucket.abort_multipart(&key, &id).await?;
    Ok(said(place.bucket.complete_multipart(&key, &id, &parts).await))
}

/// Parts with their SHA-256, as a client sends them where the store checks it.
pub async fn parts_with_sha256(place: &Place) -> Found {
    let key = named("parts-with-sha256");
    let sha256 = Sha256::of(b"a part").to_base64();
    let id = place.bucket.create_multipart(&key, true).await?;
    let request = place.client.upload_part().bucket(place.name()).key(key.as_str()).upload_id(&id);
    let request = request.part_number(1).checksum_sha256(&sha256).body(b"a part".to_vec().into());
    request.send().await?;
    let parts = place.bucket.list_parts(&key, &id).await?.ok_or("no upload")?;
    let listed = parts[0].sha256_base64.as_ref() == Some(&sha256);
    let completed = said(place.bucket.complete_multipart(&key, &id, &parts).await);
    Ok(if completed == "yes" && !listed { "yes, not listed".to_owned() } else { completed })
}
