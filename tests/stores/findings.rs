//! Observes every behaviour on every store, once for all tests.

use futures::future::join_all;
use sluice_storage::stores::StoreKind;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tokio::time::timeout;

use crate::behaviours::{Section, all_sections};
use crate::start;
use crate::test_store::TestStore;

/// How long one behaviour may take.
const BEHAVIOUR_TIMEOUT: Duration = Duration::from_mins(2);

/// The observations of one store.
pub struct StoreFindings {
    /// The store's name in the table.
    pub label: String,
    /// The kind that the store is registered as.
    pub kind: StoreKind,
    /// The observations by section and behaviour.
    pub observations: BTreeMap<(&'static str, &'static str), String>,
}

/// The observations of all stores, made at the first call.
pub fn findings() -> &'static [StoreFindings] {
    static FINDINGS: OnceLock<Vec<StoreFindings>> = OnceLock::new();
    FINDINGS.get_or_init(|| {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(observe_all())
    })
}

/// The behaviours that could not be observed, a line each.
pub fn failures() -> Vec<String> {
    findings().iter().flat_map(failures_of).collect()
}

async fn observe_all() -> Vec<StoreFindings> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let began = Instant::now();
    let (stores, _double) = start::start_all(folder.path()).await;
    println!("all stores started in {:.1} s", began.elapsed().as_secs_f64());
    join_all(stores.iter().map(observe)).await
}

/// Observes every behaviour on one store.
pub async fn observe(store: &TestStore) -> StoreFindings {
    let began = Instant::now();
    let mut observations = BTreeMap::new();
    for Section { name: section, behaviours } in all_sections() {
        for behaviour in behaviours {
            let observation = match timeout(BEHAVIOUR_TIMEOUT, (behaviour.observe)(store)).await {
                Ok(Ok(observation)) => observation,
                Ok(Err(error)) => format!("{FAILED}{error}"),
                Err(_) => format!("{FAILED}not finished within {BEHAVIOUR_TIMEOUT:?}"),
            };
            observations.insert((section, behaviour.name), observation);
        }
    }
    println!("{}: observed in {:.1} s", store.label, began.elapsed().as_secs_f64());
    StoreFindings { label: store.label.clone(), kind: store.kind, observations }
}

/// The prefix of an observation that could not be made.
const FAILED: &str = "failed: ";

fn failures_of(store: &StoreFindings) -> Vec<String> {
    let failed = store.observations.iter().filter(|(_, observation)| observation.starts_with(FAILED));
    failed.map(|((section, name), reason)| format!("{}, {section}, {name}: {reason}", store.label)).collect()
}
