//! Keys that are hard to carry.

use sluice_domain::key::ObjectKey;
use sluice_lambda::clock;
use std::time::Duration;

use crate::place::{Found, Place, named, yes_if};

/// Writes, heads, lists and reads an object, also by a presigned URL, and deletes it.
async fn carried(place: &Place, name: &str) -> Found {
    let key = ObjectKey::from_stored(name);
    if let Err(error) = place.put(&key, b"bytes").await {
        return Ok(format!("PUT: {}", error.kind.as_str()));
    }
    if place.bucket.head(&key).await?.is_none_or(|head| head.size != 5) {
        return Ok("HEAD: none".to_owned());
    }
    let (prefix, _) = name.split_once('/').unwrap_or_default();
    let listed = place.bucket.list_after(&format!("{prefix}/"), None).await?;
    if listed.iter().all(|(listed, _)| listed != name) {
        return Ok("listed otherwise".to_owned());
    }
    let now = clock::now();
    let url = place.bucket.presign_read(&key, now, now.after(Duration::from_mins(1))).await?.url;
    let answer = place.http.get(url).send().await?;
    if !answer.status().is_success() || answer.bytes().await? != "bytes" {
        return Ok("presigned GET: no".to_owned());
    }
    let body = place.bucket.get(&key).await?;
    place.bucket.delete(&key).await?;
    let gone = place.bucket.head(&key).await?.is_none();
    yes_if(gone && body.as_deref() == Some(b"bytes"), "no")
}

pub async fn space(place: &Place) -> Found {
    carried(place, "key-space/a b  c").await
}

pub async fn plus(place: &Place) -> Found {
    carried(place, "key-plus/a+b").await
}

pub async fn percent(place: &Place) -> Found {
    carried(place, "key-percent/a%20b%2Fc%").await
}

pub async fn signs(place: &Place) -> Found {
    carried(place, "key-signs/!*'()&?#=:@,;~[]{}<>\"$").await
}

pub async fn unicode(place: &Place) -> Found {
    carried(place, "key-unicode/Ärger, 日本語, 🦀").await
}

pub async fn long(place: &Place) -> Found {
    carried(place, &format!("key-long/{}", "x".repeat(891))).await
}

pub async fn long_in_pieces(place: &Place) -> Found {
    carried(place, &format!("key-pieces/{}", vec!["x".repeat(98); 9].join("/"))).await
}

/// Stores that keep objects as files cannot have a file and a folder of one name.
pub async fn object_and_prefix(place: &Place) -> Found {
    let [outer, inner] = ["both", "both/inner"].map(named);
    place.put(&outer, b"outer").await?;
    if let Err(error) = place.put(&inner, b"inner").await {
        return Ok(error.kind.as_str().replace('_', " "));
    }
    let (outer, inner) = (place.bucket.get(&outer).await?, place.bucket.get(&inner).await?);
    yes_if(outer.as_deref() == Some(b"outer") && inner.as_deref() == Some(b"inner"), "one is lost")
}
