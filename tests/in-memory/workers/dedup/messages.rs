//! Messages that are late, repeated or unreadable, and what becomes of failed ones.

use sluice_deployment::clock;
use sluice_domain::upload::Upload;
use sluice_in_memory::faults::Fault;
use std::time::Duration;

use super::SMALL;
use crate::support::{Worker, World, incompressible};

#[tokio::test]
async fn an_unreadable_message_goes_to_the_dead_letters_at_once() {
    let world = World::new().await;
    world.send_to("landing", "{").await;
    assert_eq!(Worker::dedup(&world).run().await, Vec::<String>::new());
    assert_eq!(world.dead_letters("landing"), ["unreadable"]);
    assert_eq!(world.messages("landing"), []);
}

#[tokio::test]
async fn an_unreadable_message_does_not_keep_others_of_its_batch() {
    let world = World::new().await;
    let content = incompressible(1, SMALL);
    world.send_to("landing", "{").await;
    let upload = world.send("file", &content).await;
    assert_eq!(Worker::dedup(&world).run().await, Vec::<String>::new());
    world.check_available(&upload, &content, SMALL, "").await;
}

#[tokio::test]
async fn a_dead_letter_stays_hidden_until_its_batch_ends() {
    let world = World::with_settings(&[("SLUICE_HEARTBEAT_TIMEOUT_SECONDS", "4")]).await;
    let stray = world.new_upload("stray", SMALL as u64);
    world.put_landed(&stray, b"bytes").await;
    world.notify(&stray).await;
    let upload = world.send("file", &incompressible(1, SMALL)).await;
    // The first beat comes before the message fails, and the batch lasts longer than that hides it.
    let pause = || Fault::Slow(Duration::from_millis(300));
    for operation in ["dynamodb:GetItem", "s3:HeadObject"] {
        world.services.faults.next(operation, pause());
    }
    let queues = world.services.queues.clone();
    let (tell, is_hidden) = tokio::sync::oneshot::channel();
    let look = async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let hidden = queues.messages("landing").iter().all(|message| message.visible_at > clock::now());
        tell.send(hidden).expect("the test waits");
    };
    world.services.faults.next("s3:GetObject", Fault::Meanwhile(Box::pin(look)));
    assert_eq!(Worker::dedup(&world).run().await, Vec::<String>::new());
    assert!(is_hidden.await.expect("a look"));
    assert_eq!(world.dead_letters("landing"), ["unknown_upload"]);
    assert!(world.upload(&upload).await.state.is_final());
}

#[tokio::test]
async fn an_object_of_no_upload_goes_to_the_dead_letters() {
    let world = World::new().await;
    let upload = world.new_upload("file", SMALL as u64);
    world.put_landed(&upload, b"bytes").await;
    world.notify(&upload).await;
    Worker::dedup(&world).run().await;
    assert_eq!(world.dead_letters("landing"), ["unknown_upload"]);
}

#[tokio::test]
async fn a_message_about_an_upload_that_is_long_gone_is_done() {
    let world = World::new().await;
    world.notify(&world.new_upload("file", SMALL as u64)).await;
    assert_eq!(Worker::dedup(&world).run().await, Vec::<String>::new());
    assert_eq!(world.dead_letters("landing"), Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_of_another_account_is_not_found() {
    let world = World::new().await;
    let upload = world.new_upload("file", SMALL as u64);
    world.begin(&upload).await;
    let other = world.register("eve").await;
    let forged = Upload { account_id: other.account_id, ..upload.clone() };
    world.put_landed(&forged, &incompressible(1, SMALL)).await;
    world.notify(&forged).await;
    Worker::dedup(&world).run().await;
    assert_eq!(world.dead_letters("landing"), ["unknown_upload"]);
    assert!(!world.upload(&upload).await.state.is_final());
}

#[tokio::test]
async fn bytes_that_land_after_the_upload_has_finished_are_deleted() {
    let world = World::new().await;
    let content = incompressible(1, SMALL);
    let upload = world.send("file", &content).await;
    let worker = Worker::dedup(&world);
    worker.finish().await;
    world.put_landed(&upload, &incompressible(2, SMALL)).await;
    world.notify(&upload).await;
    worker.finish().await;
    world.check_available(&upload, &content, SMALL, "").await;
}

#[tokio::test]
async fn a_repeated_message_changes_nothing() {
    let world = World::new().await;
    let content = incompressible(1, SMALL);
    let upload = world.send("file", &content).await;
    world.notify(&upload).await;
    world.send_to("landing", &World::received(&upload)).await;
    Worker::dedup(&world).finish().await;
    world.check_available(&upload, &content, SMALL, "").await;
    assert_eq!(world.blob(&content).await.map(|blob| blob.references), Some(1));
}

#[tokio::test]
async fn a_message_before_the_bytes_is_retried_later_each_time_and_then_given_up() {
    let world = World::new().await;
    let upload = world.new_upload("file", SMALL as u64);
    world.begin(&upload).await;
    world.send_to("landing", &World::received(&upload)).await;
    let worker = Worker::dedup(&world);
    for pause in [15, 30] {
        let before = clock::now();
        assert_eq!(worker.run().await.len(), 1);
        let visible_at = world.messages("landing")[0].visible_at;
        assert!(visible_at >= before.after(Duration::from_secs(pause)), "hidden for {pause} seconds");
        assert!(visible_at <= clock::now().after(Duration::from_secs(pause)));
    }
    assert_eq!(worker.run().await, Vec::<String>::new());
    let [letter] = &world.messages("landing-dead-letters")[..] else { panic!("one dead letter") };
    assert_eq!((&*letter.attributes["code"], &*letter.attributes["receive_count"]), ("bytes_missing", "3"));
    assert_eq!(letter.body, World::received(&upload));
}

#[tokio::test]
async fn a_message_stays_if_it_cannot_be_acknowledged() {
    let world = World::new().await;
    world.send_to("landing", "{").await;
    let worker = Worker::dedup(&world);
    world.services.faults.next("sqs:SendMessage", Fault::NotSent);
    assert_eq!(worker.run().await.len(), 1);
    assert_eq!(worker.run().await, Vec::<String>::new());
    assert_eq!(world.dead_letters("landing"), ["unreadable"]);
}

#[tokio::test]
async fn a_condemned_blob_is_waited_for() {
    let world = World::new().await;
    let content = incompressible(1, SMALL);
    world.send("file", &content).await;
    let worker = Worker::dedup(&world);
    worker.finish().await;
    let again = world.send("again", &content).await;
    world.condemn_blob(&content).await;
    assert_eq!(worker.run().await.len(), 1);
    assert!(!world.upload(&again).await.state.is_final());
    assert_eq!(world.blob(&content).await.map(|blob| blob.references), Some(1));
}
