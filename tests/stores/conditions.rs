//! Writing on condition.

use aws_sdk_s3::types::CompletedMultipartUpload;
use bytes::Bytes;
use futures::future::join_all;
use sluice_domain::hash::Sha256;
use sluice_storage::presign::PutOf;
use sluice_storage::probe::NotOverwriting;

use crate::multipart::listed;
use crate::place::{Found, Place, code, named, or_ignored, said, yes_if};

const NEW: Bytes = Bytes::from_static(b"new");

pub async fn if_none_match_new(place: &Place) -> Found {
    let answer = place.raw_put(&named("none-match-new"), b"new").if_none_match("*").send().await;
    Ok(code(answer))
}

pub async fn if_none_match(place: &Place) -> Found {
    let key = named("none-match");
    place.put(&key, b"old").await?;
    Ok(or_ignored(code(place.raw_put(&key, b"new").if_none_match("*").send().await)))
}

pub async fn if_match(place: &Place) -> Found {
    let key = named("put-if-match");
    place.put(&key, b"old").await?;
    let other = "\"d41d8cd98f00b204e9800998ecf8427e\"";
    Ok(or_ignored(code(place.raw_put(&key, b"new").if_match(other).send().await)))
}

/// How many of eight win.
pub async fn race(place: &Place) -> Found {
    let key = named("race");
    let bytes = sluice_tests::bytes(1, 1 << 20);
    let put = |_| place.raw_put(&key, &bytes).if_none_match("*").send();
    let won = join_all((0..8).map(put)).await.into_iter().flatten().count();
    Ok(match won {
        0 => "none wins",
        1 => "one wins",
        _ => "several win",
    }
    .to_owned())
}

pub async fn forbid_overwrite(place: &Place) -> Found {
    let key = named("forbid-overwrite");
    place.put(&key, b"old").await?;
    Ok(or_ignored(said(place.bucket.put_new(&key, NEW, NotOverwriting::ForbidOverwrite).await)))
}

pub async fn checked_new(place: &Place) -> Found {
    let key = named("checked-new");
    let written = place.bucket.put_checked(&key, NEW, &Sha256::of(&NEW), PutOf::NewObject).await;
    Ok(said(written))
}

pub async fn checked_existing(place: &Place) -> Found {
    let key = named("checked-existing");
    place.put(&key, b"old").await?;
    let written = place.bucket.put_checked(&key, NEW, &Sha256::of(&NEW), PutOf::NewObject).await;
    Ok(or_ignored(said(written)))
}

pub async fn complete_if_none_match(place: &Place) -> Found {
    let key = named("complete-none-match");
    place.put(&key, b"old").await?;
    let (id, parts) = place.upload(&key, &[7]).await?;
    let parts = CompletedMultipartUpload::builder().set_parts(Some(listed(&parts))).build();
    let request = place.client.complete_multipart_upload().bucket(place.name()).key(key.as_str());
    let answer = request.upload_id(id).multipart_upload(parts).if_none_match("*").send().await;
    Ok(or_ignored(code(answer)))
}

pub async fn delete_if_match(place: &Place) -> Found {
    let key = named("delete-if-match");
    place.put(&key, b"old").await?;
    let request = place.client.delete_object().bucket(place.name()).key(key.as_str());
    let word = code(request.if_match("\"d41d8cd98f00b204e9800998ecf8427e\"").send().await);
    if place.bucket.head(&key).await?.is_some() {
        return yes_if(word == "yes", word);
    }
    Ok("ignored".to_owned())
}
