//! Lists.

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::key::ObjectKey;
use std::collections::BTreeSet;

use crate::place::{Found, Place, named, yes_if};

/// More than one page.
const OBJECTS: usize = 1101;
const WRITES_IN_FLIGHT: usize = 16;

/// Everything below a prefix, page by page; and how many were on each page.
async fn walk(
    place: &Place,
    prefix: &str,
) -> Result<(Vec<String>, Vec<usize>), sluice_storage::StorageError> {
    let (mut keys, mut pages): (Vec<String>, Vec<usize>) = Default::default();
    loop {
        let page = place.bucket.list_after(prefix, keys.last().map(String::as_str)).await?;
        pages.push(page.len());
        keys.extend(page.into_iter().map(|(key, _)| key));
        if pages.last() < Some(&1000) || pages.len() > 5 {
            return Ok((keys, pages));
        }
    }
}

pub async fn pages(place: &Place) -> Found {
    let names: BTreeSet<String> = (0..OBJECTS).map(|number| format!("listed/{number:05}")).collect();
    let writes = names.iter().map(|name| {
        let key = ObjectKey::from_stored(name);
        async move { place.put(&key, b"").await }
    });
    // Boxed, so that the future as a whole can be sent: https://github.com/rust-lang/rust/issues/102211.
    let writes: Vec<BoxFuture<'_, _>> = writes.map(FutureExt::boxed).collect();
    stream::iter(writes).buffer_unordered(WRITES_IN_FLIGHT).try_collect::<()>().await?;
    let (keys, pages) = walk(place, "listed/").await?;
    if pages != [1000, 101] {
        return Ok(format!("pages of {pages:?}"));
    }
    yes_if(keys.iter().eq(&names), "in another order")
}

/// Keys are ordered by their bytes, and `/` is one of them.
pub async fn order(place: &Place) -> Found {
    let names = ["B", "a-b/1", "a.b", "a/1", "a0", "b", "\u{e9}"].map(|name| format!("order/{name}"));
    for name in &names {
        place.put(&ObjectKey::from_stored(name), b"").await?;
    }
    let (keys, _) = walk(place, "order/").await?;
    yes_if(keys == names, "otherwise")
}

/// Whether a walk that goes on after each key meets every key, as an import does.
pub async fn one_by_one(place: &Place) -> Found {
    let names = ["B", "a-b/1", "a.b", "a/1", "a0", "b"].map(|name| format!("walked/{name}"));
    for name in &names {
        place.put(&ObjectKey::from_stored(name), b"").await?;
    }
    let (mut met, mut after) = (BTreeSet::new(), None);
    while met.len() < 20 {
        let page = place.bucket.list_after("walked/", after.as_deref()).await?;
        let Some((key, _)) = page.into_iter().next() else { break };
        if !met.insert(key.clone()) {
            return Ok("in circles".to_owned());
        }
        after = Some(key);
    }
    yes_if(met.iter().eq(&names), "keys are left out")
}

pub async fn etags_agree(place: &Place) -> Found {
    let key = named("etags-agree");
    let put = place.raw_put(&key, b"bytes").send().await?;
    let listed = place.bucket.list_after(key.as_str(), None).await?;
    let (_, listed) = listed.into_iter().next().ok_or("not listed")?;
    let (got, _) = place.bucket.get_start(&key, 5).await?.ok_or("not there")?;
    let head = place.etag(&key).await?;
    let agree = listed.etag == head && got.etag == head && put.e_tag() == Some(&*head);
    yes_if(agree && listed.size == 5, "no")
}
