//! Several messages about one upload: its bytes are read once.

use futures::FutureExt;
use sluice_contracts::event::UploadEvent;
use sluice_deployment::clock;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::Upload;
use sluice_in_memory::faults::Fault;
use std::time::Duration;

use super::INDEXED;
use super::delta::prepared;
use crate::support::{Worker, World, incompressible};

const HEARTBEAT_TIMEOUT: Duration = Duration::from_mins(2);

/// Lets another worker receive all messages at the next request of this operation.
fn receive_meanwhile(world: &World, operation: &'static str) {
    let other = Worker::dedup(world);
    let meanwhile = async move { assert_eq!(other.run().await, Vec::<String>::new()) };
    world.services.faults.next(operation, Fault::Meanwhile(meanwhile.boxed()));
}

/// Checks that a message about the upload waits for the end of the lease.
fn check_put_off(world: &World, upload: &Upload, begun: Timestamp) {
    let Upload { account_id, upload_id, .. } = *upload;
    let body = UploadEvent::UploadReceived { account_id, upload_id }.to_json();
    let [waiting] = &world.messages("landing")[..] else { panic!("one message") };
    assert_eq!((&waiting.body, waiting.receive_count), (&body, 0));
    assert!(waiting.visible_at >= begun.after(HEARTBEAT_TIMEOUT));
}

#[tokio::test]
async fn a_second_message_about_an_upload_that_is_being_read_is_put_off() {
    let begun = clock::now();
    let content = incompressible(1, INDEXED);
    let world = World::new().await;
    let upload = world.new_upload("file", INDEXED as u64);
    world.land(&upload, &content).await;
    world.send_to("landing", &World::received(&upload)).await;
    receive_meanwhile(&world, "s3:GetObject");
    Worker::dedup(&world).receive(&World::notification(&upload)).await;
    check_put_off(&world, &upload, begun);
    world.check_version(&upload, &content, "").await;
    Worker::dedup(&world).finish().await;
    world.check_available(&upload, &content, INDEXED, "").await;
}

#[tokio::test]
async fn a_second_message_about_a_delta_upload_is_put_off() {
    let begun = clock::now();
    let (world, delta) = prepared().await;
    delta.begin(&world).await;
    receive_meanwhile(&world, "s3:CopyObject");
    Worker::dedup(&world).receive(&World::received(&delta.upload)).await;
    check_put_off(&world, &delta.upload, begun);
    Worker::dedup(&world).finish().await;
    world.check_available(&delta.upload, &delta.content(), delta.used_bytes(), "").await;
}

#[tokio::test]
async fn a_lease_ends_when_its_verification_fails() {
    let content = incompressible(1, INDEXED);
    let world = World::new().await;
    let upload = world.send("file", &content).await;
    world.services.faults.next("s3:CopyObject", Fault::InternalError);
    assert_eq!(Worker::dedup(&world).run().await.len(), 1);
    Worker::dedup(&world).receive(&World::received(&upload)).await;
    world.check_version(&upload, &content, "").await;
}
