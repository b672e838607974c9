//! Single objects, through [`sluice_storage::Bucket`].

use bytes::Bytes;
use sluice_storage::ErrorKind;

use crate::place::{Found, Place, named, said, yes_if};

pub async fn round_trip(place: &Place) -> Found {
    let key = named("round-trip");
    place.put(&key, b"bytes").await?;
    let head = place.bucket.head(&key).await?.ok_or("no head")?;
    let body = place.bucket.get(&key).await?.ok_or("no body")?;
    place.bucket.delete(&key).await?;
    let gone = place.bucket.head(&key).await?.is_none();
    yes_if(head.size == 5 && &*body == b"bytes" && gone, "no")
}

pub async fn overwrite(place: &Place) -> Found {
    let key = named("overwrite");
    place.put(&key, b"before").await?;
    place.put(&key, b"after").await?;
    let body = place.bucket.get(&key).await?.ok_or("no body")?;
    yes_if(&*body == b"after", "the old one")
}

pub async fn missing(place: &Place) -> Found {
    let key = named("missing");
    let none = place.bucket.get(&key).await?.is_none()
        && place.bucket.head(&key).await?.is_none()
        && place.bucket.get_start(&key, 10).await?.is_none();
    yes_if(none, "there is one")
}

pub async fn range_of_missing(place: &Place) -> Found {
    Ok(said(place.bucket.get_range(&named("missing"), None, 0..10).await))
}

pub async fn empty(place: &Place) -> Found {
    let key = named("empty");
    place.put(&key, b"").await?;
    let head = place.bucket.head(&key).await?.ok_or("no head")?;
    let body = place.bucket.get(&key).await?.ok_or("no body")?;
    yes_if(head.size == 0 && body.is_empty(), "no")
}

pub async fn start_of_empty(place: &Place) -> Found {
    let key = named("start-of-empty");
    place.put(&key, b"").await?;
    let (head, bytes) = place.bucket.get_start(&key, 8).await?.ok_or("not there")?;
    yes_if(head.size == 0 && bytes.is_empty() && !head.etag.is_empty(), "no")
}

pub async fn start(place: &Place) -> Found {
    let key = named("start");
    place.put(&key, b"0123456789").await?;
    let (head, bytes) = place.bucket.get_start(&key, 4).await?.ok_or("not there")?;
    let (_, all) = place.bucket.get_start(&key, 100).await?.ok_or("not there")?;
    yes_if(head.size == 10 && &*bytes == b"0123" && &*all == b"0123456789", "no")
}

pub async fn range(place: &Place) -> Found {
    let key = named("range");
    place.put(&key, b"0123456789").await?;
    let middle = place.bucket.get_range(&key, None, 3..7).await?;
    let last = place.bucket.get_range(&key, None, 9..10).await?;
    yes_if(&*middle == b"3456" && &*last == b"9", "other bytes")
}

pub async fn range_behind(place: &Place) -> Found {
    let key = named("range-behind");
    place.put(&key, b"0123456789").await?;
    let request = place.client.get_object().bucket(place.name()).key(key.as_str()).range("bytes=10-19");
    let answer = request.send().await;
    let status = answer.err().and_then(|error| Some(error.raw_response()?.status().as_u16()));
    Ok(status.map_or_else(|| "an answer".to_owned(), |status| status.to_string()))
}

pub async fn delete_missing(place: &Place) -> Found {
    Ok(said(place.bucket.delete(&named("never-there")).await))
}

pub async fn modified_at(place: &Place) -> Found {
    let key = named("modified-at");
    place.put(&key, b"bytes").await?;
    let at = place.bucket.modified_at(&key).await?.ok_or("not there")?;
    let off = at.unix_seconds().abs_diff(sluice_lambda::clock::now().unix_seconds());
    yes_if(off < 60, "off")
}

pub async fn description(place: &Place) -> Found {
    let [first, second] = ["described", "described-again"].map(named);
    let request = place.raw_put(&first, b"bytes").content_type("text/x-sluice").metadata("made-by", "us");
    request.cache_control("no-store").content_disposition("inline").send().await?;
    let etag = place.etag(&first).await?;
    let (bytes, description) = place.bucket.get_described(&first, &etag, None, 5).await?;
    let sha256 = sluice_domain::hash::Sha256::of(&bytes);
    let put_of = sluice_storage::presign::PutOf::AnyObject;
    let options = sluice_storage::PutOptions { put_of, description: Some(&description) };
    place.bucket.put_checked(&second, bytes, &sha256, options).await?;
    let etag = place.etag(&second).await?;
    let (_, again) = place.bucket.get_described(&second, &etag, Some(0..5), 5).await?;
    let text = format!("{again:?}");
    let all = ["text/x-sluice", "made-by", "no-store", "inline"].iter().all(|part| text.contains(part));
    yes_if(all && again == description, "in part")
}

pub async fn if_match_right(place: &Place) -> Found {
    let key = named("if-match-right");
    place.put(&key, b"bytes").await?;
    let etag = place.etag(&key).await?;
    Ok(said(place.bucket.get_range(&key, Some(&etag), 0..5).await))
}

pub async fn if_match_wrong(place: &Place) -> Found {
    let key = named("if-match-wrong");
    place.put(&key, b"bytes").await?;
    let answer = place.bucket.get_range(&key, Some("\"d41d8cd98f00b204e9800998ecf8427e\""), 0..5).await;
    Ok(crate::place::or_ignored(said(answer)))
}

pub async fn replaced(place: &Place) -> Found {
    let key = named("replaced");
    place.put(&key, b"one of these").await?;
    let etag = place.etag(&key).await?;
    place.bucket.get_range(&key, Some(&etag), 0..3).await?;
    place.bucket.put(&key, Bytes::from_static(b"another body")).await?;
    match place.bucket.get_range(&key, Some(&etag), 3..6).await {
        Err(error) if error.kind == ErrorKind::Conflict => yes_if(true, ""),
        answer => Ok(crate::place::or_ignored(said(answer))),
    }
}

pub async fn unsigned(place: &Place) -> Found {
    let key = named("unsigned");
    place.put(&key, b"bytes").await?;
    let answer = place.http.get(format!("{}/{key}", place.address)).send().await?;
    Ok(answer.status().as_u16().to_string())
}
