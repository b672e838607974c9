//! Observes multipart uploads.

use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadOutput;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use md5::{Digest as _, Md5};
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use sluice_storage::{MultipartOptions, PartSha256, StoredPart, normalise_etag};

use crate::test_store::{
    Observation, PART_BYTES, TestStore, outcome, part_number, raw_outcome, test_key, yes_if,
};

/// Parts in the form that a completion lists.
pub fn listed(parts: &[StoredPart]) -> Vec<CompletedPart> {
    let part = |part: &StoredPart| {
        let number = part.number.get().cast_signed();
        CompletedPart::builder().part_number(number).e_tag(&part.written_etag).build()
    };
    parts.iter().map(part).collect()
}

async fn complete(
    store: &TestStore,
    key: &ObjectKey,
    id: &str,
    parts: Vec<CompletedPart>,
) -> Result<CompleteMultipartUploadOutput, String> {
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let request = store.client.complete_multipart_upload().bucket(store.name()).key(key.as_str());
    let answer = request.upload_id(id).multipart_upload(parts).send().await;
    answer.map_err(|error| raw_outcome::<(), _, _>(Err(error)))
}

/// "yes", or the code of the refusal.
fn word<T>(result: Result<T, String>) -> String {
    result.map_or_else(|code| code, |_| "yes".to_owned())
}

pub async fn whole(store: &TestStore) -> Observation {
    let key = test_key("whole");
    let (id, parts) = store.upload(&key, &[PART_BYTES, 7]).await?;
    store.bucket.complete_multipart(&key, &id, &parts).await?;
    let sizes: Vec<_> = parts.iter().map(|part| part.size).collect();
    let expected = [sluice_tests::bytes(0, PART_BYTES), sluice_tests::bytes(1, 7)].concat();
    let body = store.bytes(&key).await?.ok_or("no body")?;
    yes_if(sizes == [PART_BYTES as u64, 7] && body == expected, "other bytes")
}

pub async fn answer_etag(store: &TestStore) -> Observation {
    let key = test_key("answer-etag");
    let (id, parts) = store.upload(&key, &[7]).await?;
    let answer = complete(store, &key, &id, listed(&parts)).await?;
    let etag = answer.e_tag().unwrap_or_default();
    Ok(match etag {
        "" => "empty",
        etag if etag.starts_with('"') => "yes",
        _ => "unquoted",
    }
    .to_owned())
}

pub async fn etag(store: &TestStore) -> Observation {
    let key = test_key("multipart-etag");
    let (id, parts) = store.upload(&key, &[PART_BYTES, 7]).await?;
    store.bucket.complete_multipart(&key, &id, &parts).await?;
    let sums = [(0, PART_BYTES), (1, 7)].map(|(seed, size)| Md5::digest(sluice_tests::bytes(seed, size)));
    let expected = format!("{}-2", hex::encode(Md5::digest(sums.concat())));
    let etag = store.etag(&key).await?;
    let otherwise = if etag.to_ascii_lowercase() == etag { "otherwise" } else { "otherwise, upper case" };
    yes_if(normalise_etag(&etag) == expected, otherwise)
}

pub async fn repeated(store: &TestStore) -> Observation {
    let key = test_key("repeated");
    let (id, parts) = store.upload(&key, &[7]).await?;
    complete(store, &key, &id, listed(&parts)).await?;
    Ok(word(complete(store, &key, &id, listed(&parts)).await))
}

pub async fn subset(store: &TestStore) -> Observation {
    let key = test_key("subset");
    let (id, parts) = store.upload(&key, &[PART_BYTES, PART_BYTES, 7]).await?;
    let some = [parts[0].clone(), parts[2].clone()];
    Ok(word(complete(store, &key, &id, listed(&some)).await))
}

pub async fn small_parts(store: &TestStore) -> Observation {
    let key = test_key("small-parts");
    let (id, parts) = store.upload(&key, &[1 << 20, 7]).await?;
    Ok(word(complete(store, &key, &id, listed(&parts)).await))
}

pub async fn wrong_etag(store: &TestStore) -> Observation {
    let key = test_key("wrong-part-etag");
    let (id, mut parts) = store.upload(&key, &[7]).await?;
    "\"d41d8cd98f00b204e9800998ecf8427e\"".clone_into(&mut parts[0].written_etag);
    Ok(word(complete(store, &key, &id, listed(&parts)).await))
}

/// If a part is sent twice, a completion can name the last one.
pub async fn part_twice(store: &TestStore) -> Observation {
    let key = test_key("part-twice");
    let (id, _) = store.upload(&key, &[7]).await?;
    store.bucket.upload_part(&key, &id, part_number(1), "another".into()).await?;
    let etag = hex::encode(md5::Md5::digest("another"));
    let mut parts = store.bucket.list_every_part(&key, &id).await?.ok_or("no upload")?;
    parts.retain(|part| part.etag == etag);
    store.bucket.complete_multipart(&key, &id, &parts).await?;
    yes_if(store.bytes(&key).await?.as_deref() == Some(b"another"), "the first")
}

pub async fn abort(store: &TestStore) -> Observation {
    let key = test_key("abort");
    let (id, _) = store.upload(&key, &[7]).await?;
    store.bucket.abort_multipart(&key, &id).await?;
    let gone = store.bucket.list_parts(&key, &id).await?.is_none();
    yes_if(gone && store.bucket.head(&key).await?.is_none(), "parts remain")
}

pub async fn abort_missing(store: &TestStore) -> Observation {
    let key = test_key("abort-missing");
    let (id, _) = store.upload(&key, &[7]).await?;
    store.bucket.abort_multipart(&key, &id).await?;
    Ok(outcome(store.bucket.abort_multipart(&key, &id).await))
}

pub async fn complete_missing(store: &TestStore) -> Observation {
    let key = test_key("complete-missing");
    let (id, parts) = store.upload(&key, &[7]).await?;
    store.bucket.abort_multipart(&key, &id).await?;
    Ok(outcome(store.bucket.complete_multipart(&key, &id, &parts).await))
}

/// Parts with their SHA-256, as a client sends them to a store that verifies it.
pub async fn parts_with_sha256(store: &TestStore) -> Observation {
    let key = test_key("parts-with-sha256");
    let sha256 = Sha256::of(b"a part").to_base64();
    let options = MultipartOptions { part_sha256: PartSha256::ByClient, ..MultipartOptions::default() };
    let id = store.bucket.create_multipart(&key, options).await?;
    let request = store.client.upload_part().bucket(store.name()).key(key.as_str()).upload_id(&id);
    let request = request.part_number(1).checksum_sha256(&sha256).body(b"a part".to_vec().into());
    request.send().await?;
    let parts = store.bucket.list_parts(&key, &id).await?.ok_or("no upload")?;
    let listed = parts[0].sha256_base64.as_ref() == Some(&sha256);
    let completed = outcome(store.bucket.complete_multipart(&key, &id, &parts).await);
    Ok(if completed == "yes" && !listed { "yes, not listed".to_owned() } else { completed })
}
