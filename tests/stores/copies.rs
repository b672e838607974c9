//! Observes copies that the store makes itself.

use crate::test_store::{
    Observation, PART_BYTES, TestStore, or_ignored, outcome, part_number, test_key, yes_if,
};
use sluice_storage::{Copy, CopySource, MultipartOptions, ObjectHead};

/// An `ETag` that no object of these tests has.
const OTHER: &str = "\"d41d8cd98f00b204e9800998ecf8427e\"";

/// Copies an object, on the condition that its `ETag` is `etag` or, without one, its real one.
async fn copy(store: &TestStore, name: &str, etag: Option<&str>) -> Observation {
    let source_key = test_key(name);
    let target_key = test_key(&format!("{name}-copy"));
    store.put(&source_key, b"bytes").await?;
    let mut head = store.bucket.head(&source_key).await?.ok_or("no source")?;
    if let Some(etag) = etag {
        etag.clone_into(&mut head.etag);
    }
    let copy = Copy {
        source: &store.bucket,
        source_key: &source_key,
        head: &head,
        target: &store.bucket,
        target_key: &target_key,
    };
    let word = outcome(copy.whole().await);
    let copied = store.bytes(&target_key).await?;
    yes_if(word == "yes" && copied.as_deref() == Some(b"bytes"), word)
}

pub async fn whole(store: &TestStore) -> Observation {
    copy(store, "copied", None).await
}

pub async fn whole_of_another(store: &TestStore) -> Observation {
    copy(store, "copied-of-another", Some(OTHER)).await.map(or_ignored)
}

/// An object that replaced the verified one must not be copied.
pub async fn replaced(store: &TestStore) -> Observation {
    let [source_key, target_key] = ["copy-replaced", "copy-replaced-copy"].map(test_key);
    store.put(&source_key, b"verified").await?;
    let head: ObjectHead = store.bucket.head(&source_key).await?.ok_or("no source")?;
    store.put(&source_key, b"replaced").await?;
    let source = &store.bucket;
    let target = &store.bucket;
    let copy = Copy { source, source_key: &source_key, head: &head, target, target_key: &target_key };
    Ok(or_ignored(outcome(copy.whole().await)))
}

/// Makes an object of two parts that are copied ranges of another object.
async fn part(store: &TestStore, name: &str, etag: Option<&str>) -> Observation {
    let source_key = test_key(name);
    let target_key = test_key(&format!("{name}-copy"));
    let bytes = sluice_tests::bytes(9, PART_BYTES + 100);
    store.put(&source_key, &bytes).await?;
    let right = store.etag(&source_key).await?;
    let id = store.bucket.create_multipart(&target_key, MultipartOptions::default()).await?;
    for (index, range) in [10..PART_BYTES + 10, 0..10].into_iter().enumerate() {
        let range = range.start as u64..range.end as u64;
        let etag = Some(etag.unwrap_or(&right));
        let source = CopySource { bucket: &store.bucket, key: &source_key, etag, range };
        let copied = store.bucket.copy_part(&target_key, &id, part_number(index + 1), &source).await;
        if copied.is_err() {
            store.bucket.abort_multipart(&target_key, &id).await?;
            return Ok(outcome(copied));
        }
    }
    let parts = store.bucket.list_parts(&target_key, &id).await?.ok_or("no upload")?;
    store.bucket.complete_multipart(&target_key, &id, &parts).await?;
    let expected = [&bytes[10..PART_BYTES + 10], &bytes[..10]].concat();
    yes_if(store.bytes(&target_key).await?.is_some_and(|body| body == expected), "other bytes")
}

pub async fn ranges(store: &TestStore) -> Observation {
    part(store, "copied-ranges", None).await
}

pub async fn ranges_of_another(store: &TestStore) -> Observation {
    part(store, "copied-ranges-of-another", Some(OTHER)).await.map(or_ignored)
}
