//! What is found, once for all tests.

use futures::future::join_all;
use sluice_storage::stores::StoreKind;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tokio::time::timeout;

use crate::behaviours::{Section, all};
use crate::bring_up;
use crate::place::Place;

/// The longest that one behaviour may take.
const LONGEST: Duration = Duration::from_mins(2);

/// What one store does.
pub struct Store {
    /// How the table calls it.
    pub label: String,
    /// As which kind it is registered.
    pub kind: StoreKind,
    /// By section and behaviour.
    pub words: BTreeMap<(&'static str, &'static str), String>,
}

/// What all do; asked once.
pub fn findings() -> &'static [Store] {
    static FINDINGS: OnceLock<Vec<Store>> = OnceLock::new();
    FINDINGS.get_or_init(|| {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(find_out())
    })
}

/// What could not be found out, a line each.
pub fn failures() -> Vec<String> {
    findings().iter().flat_map(failures_of).collect()
}

async fn find_out() -> Vec<Store> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let began = Instant::now();
    let (places, _double) = bring_up::all(folder.path()).await;
    println!("all stores are up after {:.1} s", began.elapsed().as_secs_f64());
    join_all(places.iter().map(ask)).await
}

async fn ask(place: &Place) -> Store {
    let began = Instant::now();
    let mut words = BTreeMap::new();
    for Section { name: section, behaviours } in all() {
        for behaviour in behaviours {
            let word = match timeout(LONGEST, (behaviour.ask)(place)).await {
                Ok(Ok(word)) => word,
                Ok(Err(error)) => format!("{FAILED}{error}"),
                Err(_) => format!("{FAILED}nothing for {LONGEST:?}"),
            };
            words.insert((section, behaviour.name), word);
        }
    }
    println!("{}: asked in {:.1} s", place.label, began.elapsed().as_secs_f64());
    Store { label: place.label.clone(), kind: place.kind, words }
}

/// What a word begins with that is no answer.
const FAILED: &str = "failed: ";

fn failures_of(store: &Store) -> Vec<String> {
    let failed = store.words.iter().filter(|(_, word)| word.starts_with(FAILED));
    failed.map(|((section, name), word)| format!("{}, {section}, {name}: {word}", store.label)).collect()
}
