//! A write whose answer is lost is repeated by the SDK. It has its effect once, and the caller learns it.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use sluice_deployment::{Deployment, clock};
use sluice_domain::blob::{Attachment, Life, Pack, Placement};
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::key::ObjectKey;
use sluice_in_memory::faults::Fault;
use sluice_in_memory::{Services, sample, settings};
use sluice_storage::presign::Credentials;
use sluice_storage::tables::{Lease, Update};
use sluice_storage::{Clients, Copy, CopyLimits, CopyProgress, PutOptions, Tables};
use std::time::Duration;

const RANDOM: [u8; 10] = [7; 10];

/// A deployment whose clients repeat failed requests, as a function's do.
fn deployment(services: &Services) -> Deployment {
    let sdk: SdkConfig = services.sdk().into_builder().retry_config(RetryConfig::standard()).build();
    Deployment::new(Clients::new(&sdk), Credentials::of(&sdk), settings())
}

fn tables(services: &Services) -> Tables {
    deployment(services).tables().expect("table names")
}

fn pack() -> Pack {
    let now = clock::now();
    let pack_id = PackId::new(now, RANDOM);
    Pack {
        pack_id,
        account_id: AccountId::new(now, RANDOM),
        life: Life::Live,
        references: 0,
        size: 1,
        chunk_count: 1,
        index: Attachment::Inline(Vec::new()),
        placement: Placement::first(format!("packs/{pack_id}"), 0, 1),
        former: None,
        created_at: now,
    }
}

#[tokio::test(start_paused = true)]
async fn saved_bytes_are_counted_once() {
    let services = Services::default();
    let tables = tables(&services);
    let account = AccountId::new(clock::now(), RANDOM);
    for operation in ["dynamodb:TransactWriteItems", "dynamodb:UpdateItem"] {
        services.faults.next(operation, Fault::AnswerLost);
    }
    tables.count_saved(account, 100).await.expect("a write");
    assert_eq!(services.faults.clear(), 1, "one of the two is called");
    assert_eq!(tables.saved_bytes(account).await.expect("a read"), 100);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_pack_is_returned() {
    let services = Services::default();
    let tables = tables(&services);
    let pack = pack();
    tables.create_pack(&pack).await.expect("a write");
    services.faults.next("dynamodb:DeleteItem", Fault::AnswerLost);
    let deleted = tables.delete_unreferenced_pack(pack.pack_id).await.expect("a write");
    assert_eq!(services.faults.clear(), 0);
    assert_eq!(deleted, Some(pack), "its objects are still to be deleted");
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_released() {
    let services = Services::default();
    let tables = tables(&services);
    let now = clock::now();
    let account = sample::account("ada", RANDOM, now);
    let upload = sample::upload(&account, "file", 1, RANDOM, now);
    tables.create_account(&account).await.expect("a write");
    tables.begin_upload(&upload, None).await.expect("a write");
    let lease = |holder| Lease { holder, now, life: Duration::from_secs(30) };
    assert_eq!(tables.lease_merge(&upload, lease("one")).await.expect("a write"), Update::Done);
    services.faults.next("dynamodb:UpdateItem", Fault::AnswerLost);
    assert_eq!(tables.release_merge(&upload, "one").await.expect("a write"), Update::Done);
    assert_eq!(services.faults.clear(), 0);
    assert_eq!(tables.lease_merge(&upload, lease("two")).await.expect("a write"), Update::Done);
    assert_eq!(tables.release_merge(&upload, "one").await.expect("a write"), Update::Refused, "another's");
}

#[tokio::test(start_paused = true)]
async fn a_copy_in_parts_is_merged() {
    let services = Services::default();
    let deployment = deployment(&services);
    let (source, target) = (&deployment.landing().expect("a bucket"), &deployment.vault().expect("a bucket"));
    let (source_key, target_key) = (&ObjectKey::from_stored("source"), &ObjectKey::from_stored("target"));
    source.put(source_key, vec![7; 11 << 20].into(), PutOptions::default()).await.expect("a PUT");
    let head = &source.head(source_key).await.expect("a HEAD").expect("an object");
    services.faults.next("s3:CompleteMultipartUpload", Fault::AnswerLost);
    let limits = CopyLimits { single_max_bytes: 0, part_bytes: 5 << 20 };
    let copy = Copy { source, source_key, head, target, target_key };
    let progress = copy.in_parts(&mut None, limits, || false).await.expect("a copy");
    assert_eq!(services.faults.clear(), 0);
    assert_eq!(progress, CopyProgress::Complete);
}
