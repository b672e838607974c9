//! Observes keys with unusual characters, lengths and prefixes.

use sluice_domain::key::ObjectKey;

use crate::presigned::minutes;
use crate::test_store::{Observation, TestStore, test_key, yes_if};

/// Writes, heads, lists and reads an object, also by a presigned URL, and deletes it.
async fn round_trip(store: &TestStore, name: &str) -> Observation {
    let key = ObjectKey::from_stored(name);
    if let Err(error) = store.put(&key, b"bytes").await {
        return Ok(format!("PUT: {}", error.kind.as_str()));
    }
    if store.bucket.head(&key).await?.is_none_or(|head| head.size != 5) {
        return Ok("HEAD: none".to_owned());
    }
    let (prefix, _) = name.split_once('/').unwrap_or_default();
    let listed = store.bucket.list_after(&format!("{prefix}/"), None).await?;
    if listed.iter().all(|(listed, _)| listed != name) {
        return Ok("listed otherwise".to_owned());
    }
    let url = store.bucket.presign_read(&key, minutes()).await?.url;
    let answer = store.http.get(url).send().await?;
    if !answer.status().is_success() || answer.bytes().await? != "bytes" {
        return Ok("presigned GET: no".to_owned());
    }
    let body = store.bytes(&key).await?;
    store.bucket.delete(&key).await?;
    let gone = store.bucket.head(&key).await?.is_none();
    yes_if(gone && body.as_deref() == Some(b"bytes"), "no")
}

pub async fn space(store: &TestStore) -> Observation {
    round_trip(store, "key-space/a b  c").await
}

pub async fn plus(store: &TestStore) -> Observation {
    round_trip(store, "key-plus/a+b").await
}

pub async fn percent(store: &TestStore) -> Observation {
    round_trip(store, "key-percent/a%20b%2Fc%").await
}

pub async fn signs(store: &TestStore) -> Observation {
    round_trip(store, "key-signs/!*'()&?#=:@,;~[]{}<>\"$").await
}

pub async fn unicode(store: &TestStore) -> Observation {
    round_trip(store, "key-unicode/Ärger, 日本語, 🦀").await
}

pub async fn long(store: &TestStore) -> Observation {
    round_trip(store, &format!("key-long/{}", "x".repeat(891))).await
}

pub async fn long_in_pieces(store: &TestStore) -> Observation {
    round_trip(store, &format!("key-pieces/{}", vec!["x".repeat(98); 9].join("/"))).await
}

/// A store that keeps objects as files cannot have a file and a folder of the same name.
pub async fn object_and_prefix(store: &TestStore) -> Observation {
    let [outer, inner] = ["both", "both/inner"].map(test_key);
    store.put(&outer, b"outer").await?;
    if let Err(error) = store.put(&inner, b"inner").await {
        return Ok(error.kind.as_str().replace('_', " "));
    }
    let outer = store.bytes(&outer).await?;
    let inner = store.bytes(&inner).await?;
    yes_if(outer.as_deref() == Some(b"outer") && inner.as_deref() == Some(b"inner"), "one is lost")
}
