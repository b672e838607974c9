//! Observes how a store lists objects.

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::key::ObjectKey;
use sluice_storage::GetOptions;
use std::collections::BTreeSet;

use crate::test_store::{Observation, TestStore, test_key, yes_if};

/// More than fit on one page.
const OBJECTS: usize = 1101;
const WRITES_IN_FLIGHT: usize = 16;

/// Lists everything below a prefix. Returns the keys and the length of each page.
async fn walk(
    store: &TestStore,
    prefix: &str,
) -> Result<(Vec<String>, Vec<usize>), sluice_storage::StorageError> {
    let (mut keys, mut pages): (Vec<String>, Vec<usize>) = Default::default();
    loop {
        let page = store.bucket.list_after(prefix, keys.last().map(String::as_str)).await?;
        pages.push(page.len());
        keys.extend(page.into_iter().map(|(key, _)| key));
        if pages.last() < Some(&1000) || pages.len() > 5 {
            return Ok((keys, pages));
        }
    }
}

pub async fn pages(store: &TestStore) -> Observation {
    let names: BTreeSet<String> = (0..OBJECTS).map(|number| format!("listed/{number:05}")).collect();
    let writes = names.iter().map(|name| {
        let key = ObjectKey::from_stored(name);
        async move { store.put(&key, b"").await }
    });
    // Boxed, so that the whole future is Send: https://github.com/rust-lang/rust/issues/102211.
    let writes: Vec<BoxFuture<'_, _>> = writes.map(FutureExt::boxed).collect();
    stream::iter(writes).buffer_unordered(WRITES_IN_FLIGHT).try_collect::<()>().await?;
    let (keys, pages) = walk(store, "listed/").await?;
    if pages != [1000, 101] {
        return Ok(format!("pages of {pages:?}"));
    }
    yes_if(keys.iter().eq(&names), "in another order")
}

/// Keys are ordered by their bytes, and `/` is a byte like any other.
pub async fn order(store: &TestStore) -> Observation {
    let names = ["B", "a-b/1", "a.b", "a/1", "a0", "b", "\u{e9}"].map(|name| format!("order/{name}"));
    for name in &names {
        store.put(&ObjectKey::from_stored(name), b"").await?;
    }
    let (keys, _) = walk(store, "order/").await?;
    yes_if(keys == names, "otherwise")
}

/// Whether a walk that continues after each key finds every key, as an import does.
pub async fn one_by_one(store: &TestStore) -> Observation {
    let names = ["B", "a-b/1", "a.b", "a/1", "a0", "b"].map(|name| format!("walked/{name}"));
    for name in &names {
        store.put(&ObjectKey::from_stored(name), b"").await?;
    }
    let mut seen = BTreeSet::new();
    let mut after = None;
    while seen.len() < 20 {
        let page = store.bucket.list_after("walked/", after.as_deref()).await?;
        let Some((key, _)) = page.into_iter().next() else { break };
        if !seen.insert(key.clone()) {
            return Ok("in circles".to_owned());
        }
        after = Some(key);
    }
    yes_if(seen.iter().eq(&names), "keys are left out")
}

pub async fn etags_agree(store: &TestStore) -> Observation {
    let key = test_key("etags-agree");
    let put = store.raw_put(&key, b"bytes").send().await?;
    let listed = store.bucket.list_after(key.as_str(), None).await?;
    let (_, listed) = listed.into_iter().next().ok_or("not listed")?;
    let got = store.bucket.get(&key, GetOptions::start(5)).await?.head;
    let head = store.etag(&key).await?;
    let agree = listed.etag == head && got.etag == head && put.e_tag() == Some(&*head);
    yes_if(agree && listed.size == 5, "no")
}
