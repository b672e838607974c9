//! Observes conditional writes.

use aws_sdk_s3::types::CompletedMultipartUpload;
use bytes::Bytes;
use futures::future::join_all;
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use sluice_storage::presign::PutOf;
use sluice_storage::probe::NotOverwriting;
use sluice_storage::{PutOptions, StorageError, Written};

use crate::multipart::listed;
use crate::test_store::{Observation, TestStore, or_ignored, outcome, raw_outcome, test_key, yes_if};

const NEW: Bytes = Bytes::from_static(b"new");

pub async fn if_none_match_new(store: &TestStore) -> Observation {
    let answer = store.raw_put(&test_key("none-match-new"), b"new").if_none_match("*").send().await;
    Ok(raw_outcome(answer))
}

pub async fn if_none_match(store: &TestStore) -> Observation {
    let key = test_key("none-match");
    store.put(&key, b"old").await?;
    Ok(or_ignored(raw_outcome(store.raw_put(&key, b"new").if_none_match("*").send().await)))
}

pub async fn if_match(store: &TestStore) -> Observation {
    let key = test_key("put-if-match");
    store.put(&key, b"old").await?;
    let other = "\"d41d8cd98f00b204e9800998ecf8427e\"";
    Ok(or_ignored(raw_outcome(store.raw_put(&key, b"new").if_match(other).send().await)))
}

/// How many of eight concurrent writes succeed.
pub async fn race(store: &TestStore) -> Observation {
    let key = test_key("race");
    let bytes = sluice_tests::bytes(1, 1 << 20);
    let put = |_| store.raw_put(&key, &bytes).if_none_match("*").send();
    let won = join_all((0..8).map(put)).await.into_iter().flatten().count();
    Ok(match won {
        0 => "none wins",
        1 => "one wins",
        _ => "several win",
    }
    .to_owned())
}

pub async fn forbid_overwrite(store: &TestStore) -> Observation {
    let key = test_key("forbid-overwrite");
    store.put(&key, b"old").await?;
    Ok(or_ignored(outcome(store.bucket.put_new(&key, NEW, NotOverwriting::ForbidOverwrite).await)))
}

/// Writes only a new object, as the functions do.
async fn put_checked(store: &TestStore, key: &ObjectKey) -> Result<Written, StorageError> {
    let sha256 = Sha256::of(&NEW);
    let options = PutOptions { put_of: PutOf::NewObject, sha256: Some(&sha256), ..PutOptions::default() };
    store.bucket.put(key, NEW, options).await
}

pub async fn checked_new(store: &TestStore) -> Observation {
    let key = test_key("checked-new");
    let written = put_checked(store, &key).await;
    Ok(outcome(written))
}

pub async fn checked_existing(store: &TestStore) -> Observation {
    let key = test_key("checked-existing");
    store.put(&key, b"old").await?;
    let written = put_checked(store, &key).await;
    Ok(or_ignored(outcome(written)))
}

pub async fn complete_if_none_match(store: &TestStore) -> Observation {
    let key = test_key("complete-none-match");
    store.put(&key, b"old").await?;
    let (id, parts) = store.upload(&key, &[7]).await?;
    let parts = CompletedMultipartUpload::builder().set_parts(Some(listed(&parts))).build();
    let request = store.client.complete_multipart_upload().bucket(store.name()).key(key.as_str());
    let answer = request.upload_id(id).multipart_upload(parts).if_none_match("*").send().await;
    Ok(or_ignored(raw_outcome(answer)))
}

pub async fn delete_if_match(store: &TestStore) -> Observation {
    let key = test_key("delete-if-match");
    store.put(&key, b"old").await?;
    let request = store.client.delete_object().bucket(store.name()).key(key.as_str());
    let word = raw_outcome(request.if_match("\"d41d8cd98f00b204e9800998ecf8427e\"").send().await);
    if store.bucket.head(&key).await?.is_some() {
        return yes_if(word == "yes", word);
    }
    Ok("ignored".to_owned())
}
