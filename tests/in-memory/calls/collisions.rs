//! A write that meets transactions.

use sluice_deployment::clock;
use sluice_in_memory::faults::Fault;
use sluice_storage::ErrorKind;
use sluice_storage::tables::{Lease, Update};
use std::time::Duration;

use crate::api::Api;

const HOLDER: &str = "a request";

fn collide(api: &Api, times: usize) {
    for _ in 0..times {
        api.services.faults.next("dynamodb:UpdateItem", Fault::Collided);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_meets_transactions_is_repeated() {
    let api = Api::new().await;
    let lease = Lease { holder: HOLDER, now: clock::now(), life: Duration::from_mins(1) };
    collide(&api, 3);
    let begun = api.tables.begin_waiting(api.account.account_id, lease).await.expect("an answer");
    assert_eq!((begun, api.services.faults.clear()), (Update::Done, 0));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_always_meets_transactions_was_not_refused() {
    let api = Api::new().await;
    collide(&api, 100);
    let ended = api.tables.end_waiting(api.account.account_id, HOLDER).await;
    assert_eq!(ended.expect_err("a failure").kind, ErrorKind::Throttled);
}
