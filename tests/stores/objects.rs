//! Observes single objects through [`sluice_storage::Bucket`].

use bytes::Bytes;
use sluice_storage::ErrorKind;

use crate::test_store::{Observation, TestStore, outcome, test_key, yes_if};

pub async fn round_trip(store: &TestStore) -> Observation {
    let key = test_key("round-trip");
    store.put(&key, b"bytes").await?;
    let head = store.bucket.head(&key).await?.ok_or("no head")?;
    let body = store.bucket.get(&key).await?.ok_or("no body")?;
    store.bucket.delete(&key).await?;
    let gone = store.bucket.head(&key).await?.is_none();
    yes_if(head.size == 5 && &*body == b"bytes" && gone, "no")
}

pub async fn overwrite(store: &TestStore) -> Observation {
    let key = test_key("overwrite");
    store.put(&key, b"before").await?;
    store.put(&key, b"after").await?;
    let body = store.bucket.get(&key).await?.ok_or("no body")?;
    yes_if(&*body == b"after", "the old one")
}

pub async fn missing(store: &TestStore) -> Observation {
    let key = test_key("missing");
    let none = store.bucket.get(&key).await?.is_none()
        && store.bucket.head(&key).await?.is_none()
        && store.bucket.get_start(&key, 10).await?.is_none();
    yes_if(none, "there is one")
}

pub async fn range_of_missing(store: &TestStore) -> Observation {
    Ok(outcome(store.bucket.get_range(&test_key("missing"), None, 0..10).await))
}

pub async fn empty(store: &TestStore) -> Observation {
    let key = test_key("empty");
    store.put(&key, b"").await?;
    let head = store.bucket.head(&key).await?.ok_or("no head")?;
    let body = store.bucket.get(&key).await?.ok_or("no body")?;
    yes_if(head.size == 0 && body.is_empty(), "no")
}

pub async fn start_of_empty(store: &TestStore) -> Observation {
    let key = test_key("start-of-empty");
    store.put(&key, b"").await?;
    let (head, bytes) = store.bucket.get_start(&key, 8).await?.ok_or("not there")?;
    yes_if(head.size == 0 && bytes.is_empty() && !head.etag.is_empty(), "no")
}

pub async fn start(store: &TestStore) -> Observation {
    let key = test_key("start");
    store.put(&key, b"0123456789").await?;
    let (head, bytes) = store.bucket.get_start(&key, 4).await?.ok_or("not there")?;
    let (_, all) = store.bucket.get_start(&key, 100).await?.ok_or("not there")?;
    yes_if(head.size == 10 && &*bytes == b"0123" && &*all == b"0123456789", "no")
}

pub async fn range(store: &TestStore) -> Observation {
    let key = test_key("range");
    store.put(&key, b"0123456789").await?;
    let middle = store.bucket.get_range(&key, None, 3..7).await?;
    let last = store.bucket.get_range(&key, None, 9..10).await?;
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
    let at = store.bucket.modified_at(&key).await?.ok_or("not there")?;
    let off = at.unix_seconds().abs_diff(sluice_deployment::clock::now().unix_seconds());
    yes_if(off < 60, "off")
}

pub async fn description(store: &TestStore) -> Observation {
    let [first, second] = ["described", "described-again"].map(test_key);
    let request = store.raw_put(&first, b"bytes").content_type("text/x-sluice").metadata("made-by", "us");
    request.cache_control("no-store").content_disposition("inline").send().await?;
    let etag = store.etag(&first).await?;
    let (bytes, description) = store.bucket.get_described(&first, &etag, None, 5).await?;
    let sha256 = sluice_domain::hash::Sha256::of(&bytes);
    let put_of = sluice_storage::presign::PutOf::AnyObject;
    let options = sluice_storage::PutOptions { put_of, description: Some(&description) };
    store.bucket.put_checked(&second, bytes, &sha256, options).await?;
    let etag = store.etag(&second).await?;
    let (_, again) = store.bucket.get_described(&second, &etag, Some(0..5), 5).await?;
    let text = format!("{again:?}");
    let all = ["text/x-sluice", "made-by", "no-store", "inline"].iter().all(|part| text.contains(part));
    yes_if(all && again == description, "in part")
}

pub async fn if_match_right(store: &TestStore) -> Observation {
    let key = test_key("if-match-right");
    store.put(&key, b"bytes").await?;
    let etag = store.etag(&key).await?;
    Ok(outcome(store.bucket.get_range(&key, Some(&etag), 0..5).await))
}

pub async fn if_match_wrong(store: &TestStore) -> Observation {
    let key = test_key("if-match-wrong");
    store.put(&key, b"bytes").await?;
    let answer = store.bucket.get_range(&key, Some("\"d41d8cd98f00b204e9800998ecf8427e\""), 0..5).await;
    Ok(crate::test_store::or_ignored(outcome(answer)))
}

pub async fn replaced(store: &TestStore) -> Observation {
    let key = test_key("replaced");
    store.put(&key, b"one of these").await?;
    let etag = store.etag(&key).await?;
    store.bucket.get_range(&key, Some(&etag), 0..3).await?;
    store.bucket.put(&key, Bytes::from_static(b"another body")).await?;
    match store.bucket.get_range(&key, Some(&etag), 3..6).await {
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
