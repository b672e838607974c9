//! Observes single objects through [`sluice_storage::Bucket`].

use bytes::Bytes;
use sluice_storage::{ErrorKind, GetOptions, Object, PutOptions, found};

use crate::test_store::{Observation, TestStore, outcome, test_key, yes_if};

pub async fn round_trip(store: &TestStore) -> Observation {
    let key = test_key("round-trip");
    store.put(&key, b"bytes").await?;
    let head = store.bucket.head(&key).await?.ok_or("no head")?;
    let body = store.bytes(&key).await?.ok_or("no body")?;
    store.bucket.delete(&key).await?;
    let gone = store.bucket.head(&key).await?.is_none();
    yes_if(head.size == 5 && &*body == b"bytes" && gone, "no")
}

pub async fn overwrite(store: &TestStore) -> Observation {
    let key = test_key("overwrite");
    store.put(&key, b"before").await?;
    store.put(&key, b"after").await?;
    let body = store.bytes(&key).await?.ok_or("no body")?;
    yes_if(&*body == b"after", "the old one")
}

pub async fn missing(store: &TestStore) -> Observation {
    let key = test_key("missing");
    let none = store.bytes(&key).await?.is_none()
        && store.bucket.head(&key).await?.is_none()
        && found(store.bucket.get(&key, GetOptions::start(10)).await)?.is_none();
    yes_if(none, "there is one")
}

pub async fn range_of_missing(store: &TestStore) -> Observation {
    Ok(outcome(store.bucket.get(&test_key("missing"), GetOptions::range(0..10)).await))
}

pub async fn empty(store: &TestStore) -> Observation {
    let key = test_key("empty");
    store.put(&key, b"").await?;
    let head = store.bucket.head(&key).await?.ok_or("no head")?;
    let body = store.bytes(&key).await?.ok_or("no body")?;
    yes_if(head.size == 0 && body.is_empty(), "no")
}

pub async fn start_of_empty(store: &TestStore) -> Observation {
    let key = test_key("start-of-empty");
    store.put(&key, b"").await?;
    let Object { head, bytes, .. } = store.bucket.get(&key, GetOptions::start(8)).await?;
    yes_if(head.size == 0 && bytes.is_empty() && !head.etag.is_empty(), "no")
}

pub async fn start_of_another_empty(store: &TestStore) -> Observation {
    let key = test_key("start-of-another-empty");
    store.put(&key, b"").await?;
    let right = store.etag(&key).await?;
    store.bucket.get(&key, GetOptions::start(8).if_match(&right)).await?;
    let options = GetOptions::start(8).if_match("\"0cc175b9c0f1b6a831c399e269772661\"");
    Ok(crate::test_store::or_ignored(outcome(store.bucket.get(&key, options).await)))
}

pub async fn start(store: &TestStore) -> Observation {
    let key = test_key("start");
    store.put(&key, b"0123456789").await?;
    let Object { head, bytes, .. } = store.bucket.get(&key, GetOptions::start(4)).await?;
    let all = store.bucket.get(&key, GetOptions::start(100)).await?.bytes;
    yes_if(head.size == 10 && &*bytes == b"0123" && &*all == b"0123456789", "no")
}

pub async fn range(store: &TestStore) -> Observation {
    let key = test_key("range");
    store.put(&key, b"0123456789").await?;
    let middle = store.bucket.get(&key, GetOptions::range(3..7)).await?.bytes;
    let last = store.bucket.get(&key, GetOptions::range(9..10)).await?.bytes;
    yes_if(&*middle == b"3456" && &*last == b"9", "other bytes")
}

pub async fn range_behind(store: &TestStore) -> Observation {
    let key = test_key("range-behind");
    store.put(&key, b"0123456789").await?;
    let request = store.client.get_object().bucket(store.name()).key(key.as_str()).range("bytes=10-19");
    let answer = request.send().await;
    let status = answer.err().and_then(|error| Some(error.raw_response()?.status().as_u16()));
    Ok(status.map_or_else(|| "an answer".to_owned(), |status| status.to_string()))
}

pub async fn delete_missing(store: &TestStore) -> Observation {
    Ok(outcome(store.bucket.delete(&test_key("never-there")).await))
}

pub async fn modified_at(store: &TestStore) -> Observation {
    let key = test_key("modified-at");
    store.put(&key, b"bytes").await?;
    let head = store.bucket.head(&key).await?.ok_or("not there")?;
    let at = head.modified_at.ok_or("no time")?;
    let off = at.unix_seconds().abs_diff(sluice_deployment::clock::now().unix_seconds());
    yes_if(off < 60, "off")
}

pub async fn description(store: &TestStore) -> Observation {
    let [first, second] = ["described", "described-again"].map(test_key);
    let request = store.raw_put(&first, b"bytes").content_type("text/x-sluice").metadata("made-by", "us");
    request.cache_control("no-store").content_disposition("inline").send().await?;
    let etag = store.etag(&first).await?;
    let options = GetOptions::whole_of(5).if_match(&etag);
    let Object { bytes, description, .. } = store.bucket.get(&first, options).await?;
    let sha256 = sluice_domain::hash::Sha256::of(&bytes);
    let options =
        PutOptions { sha256: Some(&sha256), description: Some(&description), ..PutOptions::default() };
    store.bucket.put(&second, bytes, options).await?;
    let etag = store.etag(&second).await?;
    let options = GetOptions::range(0..5).if_match(&etag);
    let again = store.bucket.get(&second, options).await?.description;
    let text = format!("{again:?}");
    let all = ["text/x-sluice", "made-by", "no-store", "inline"].iter().all(|part| text.contains(part));
    yes_if(all && again == description, "in part")
}

pub async fn if_match_right(store: &TestStore) -> Observation {
    let key = test_key("if-match-right");
    store.put(&key, b"bytes").await?;
    let etag = store.etag(&key).await?;
    Ok(outcome(store.bucket.get(&key, GetOptions::range(0..5).if_match(&etag)).await))
}

pub async fn if_match_wrong(store: &TestStore) -> Observation {
    let key = test_key("if-match-wrong");
    store.put(&key, b"bytes").await?;
    let options = GetOptions::range(0..5).if_match("\"d41d8cd98f00b204e9800998ecf8427e\"");
    let answer = store.bucket.get(&key, options).await;
    Ok(crate::test_store::or_ignored(outcome(answer)))
}

pub async fn replaced(store: &TestStore) -> Observation {
    let key = test_key("replaced");
    store.put(&key, b"one of these").await?;
    let etag = store.etag(&key).await?;
    store.bucket.get(&key, GetOptions::range(0..3).if_match(&etag)).await?;
    store.bucket.put(&key, Bytes::from_static(b"another body"), PutOptions::default()).await?;
    match store.bucket.get(&key, GetOptions::range(3..6).if_match(&etag)).await {
        Err(error) if error.kind == ErrorKind::Conflict => yes_if(true, ""),
        answer => Ok(crate::test_store::or_ignored(outcome(answer))),
    }
}

pub async fn unsigned(store: &TestStore) -> Observation {
    let key = test_key("unsigned");
    store.put(&key, b"bytes").await?;
    let answer = store.http.get(format!("{}/{key}", store.address)).send().await?;
    Ok(answer.status().as_u16().to_string())
}
