//! Copies on the store's side.

use sluice_storage::bucket::ObjectHead;
use sluice_storage::copy::{Copy, CopySource};

use crate::place::{Found, PART_BYTES, Place, named, number, or_ignored, said, yes_if};

/// The `ETag` of no object here.
const OTHER: &str = "\"d41d8cd98f00b204e9800998ecf8427e\"";

/// Copies an object that has `etag`, or is to be taken for one that has.
async fn copy(place: &Place, name: &str, etag: Option<&str>) -> Found {
    let (source_key, target_key) = (named(name), named(&format!("{name}-copy")));
    place.put(&source_key, b"bytes").await?;
    let mut head = place.bucket.head(&source_key).await?.ok_or("no source")?;
    if let Some(etag) = etag {
        etag.clone_into(&mut head.etag);
    }
    let copy = Copy {
        source: &place.bucket,
        source_key: &source_key,
        head: &head,
        target: &place.bucket,
        target_key: &target_key,
    };
    let word = said(copy.whole().await);
    let copied = place.bucket.get(&target_key).await?;
    yes_if(word == "yes" && copied.as_deref() == Some(b"bytes"), word)
}

pub async fn whole(place: &Place) -> Found {
    copy(place, "copied", None).await
}

pub async fn whole_of_another(place: &Place) -> Found {
    copy(place, "copied-of-another", Some(OTHER)).await.map(or_ignored)
}

/// An object that takes the place of the verified one must not be copied.
pub async fn replaced(place: &Place) -> Found {
    let [source_key, target_key] = ["copy-replaced", "copy-replaced-copy"].map(named);
    place.put(&source_key, b"verified").await?;
    let head: ObjectHead = place.bucket.head(&source_key).await?.ok_or("no source")?;
    place.put(&source_key, b"replaced").await?;
    let (source, target) = (&place.bucket, &place.bucket);
    let copy = Copy { source, source_key: &source_key, head: &head, target, target_key: &target_key };
    Ok(or_ignored(said(copy.whole().await)))
}

/// A part that is a range of an object: the rest of the store's answer is what came of it.
async fn part(place: &Place, name: &str, etag: Option<&str>) -> Found {
    let (source_key, target_key) = (named(name), named(&format!("{name}-copy")));
    let bytes = sluice_tests::bytes(9, PART_BYTES + 100);
    place.put(&source_key, &bytes).await?;
    let right = place.etag(&source_key).await?;
    let id = place.bucket.create_multipart(&target_key, false).await?;
    for (index, range) in [10..PART_BYTES + 10, 0..10].into_iter().enumerate() {
        let range = range.start as u64..range.end as u64;
        let etag = Some(etag.unwrap_or(&right));
        let source = CopySource { bucket: &place.bucket, key: &source_key, etag, range };
        let copied = place.bucket.copy_part(&target_key, &id, number(index + 1), &source).await;
        if copied.is_err() {
            place.bucket.abort_multipart(&target_key, &id).await?;
            return Ok(said(copied));
        }
    }
    let parts = place.bucket.list_parts(&target_key, &id).await?.ok_or("no upload")?;
    place.bucket.complete_multipart(&target_key, &id, &parts).await?;
    let expected = [&bytes[10..PART_BYTES + 10], &bytes[..10]].concat();
    yes_if(place.bucket.get(&target_key).await?.is_some_and(|body| body == expected), "other bytes")
}

pub async fn ranges(place: &Place) -> Found {
    part(place, "copied-ranges", None).await
}

pub async fn ranges_of_another(place: &Place) -> Found {
    part(place, "copied-ranges-of-another", Some(OTHER)).await.map(or_ignored)
}
