//! Tests injected faults and the counters.

use sluice_oss_double::{Operation, OssDouble, Scope, Settings};
use std::pin::pin;
use std::time::Duration;
use tokio::time::sleep;

use crate::raw::Raw;
use crate::support::{CRC, Setup, crc};

fn put() -> Raw {
    Raw::new("PUT", "/key").body("abc")
}

#[tokio::test]
async fn writes_fail_as_planned_and_change_nothing() {
    let setup = Setup::start().await;
    setup.double.faults().fail_next(1, 503, "SlowDown");
    setup.double.faults().fail_next(1, 507, "InsufficientStorage");
    assert_eq!(Raw::new("GET", "/key").send(&setup).await.status, 404, "reads are not affected");
    assert_eq!(put().send(&setup).await.refusal(), (503, "SlowDown".to_owned()));
    assert_eq!(put().send(&setup).await.refusal(), (507, "InsufficientStorage".to_owned()));
    assert!(setup.store.state.lock().unwrap().objects.is_empty());
    assert_eq!(put().send(&setup).await.status, 200);
    assert_eq!(setup.double.faults().pending(), 0);
}

#[tokio::test]
async fn a_write_can_succeed_and_report_a_failure() {
    let setup = Setup::start().await;
    setup.double.faults().fail_afterwards_next(1, 500, "InternalError");
    assert_eq!(put().send(&setup).await.status, 500);
    assert_eq!(setup.get("key").await, b"abc");
}

#[tokio::test]
async fn a_checksum_can_be_wrong() {
    let setup = Setup::start().await;
    setup.double.faults().wrong_crc_next(1);
    let lie = put().send(&setup).await;
    assert_eq!(lie.status, 200);
    assert_ne!(lie.header(CRC), crc(b"abc"));
    assert!(lie.header(CRC).parse::<u64>().is_ok());
    assert_eq!(put().send(&setup).await.header(CRC), crc(b"abc"));
    setup.double.faults().on(Scope::Reads).wrong_crc_next(1);
    assert_ne!(Raw::new("HEAD", "/key").send(&setup).await.header(CRC), crc(b"abc"));
}

#[tokio::test]
async fn requests_of_one_operation_can_be_held() {
    let setup = Setup::start().await;
    put().send(&setup).await;
    let faults = setup.double.faults();
    let hold = faults.on(Scope::Only(Operation::GetObject)).hold_next(1);
    let mut get = pin!(Raw::new("GET", "/key").send(&setup));
    let taken = async {
        while faults.pending() > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        reply = &mut get => panic!("{reply:?}"),
        () = taken => {}
    }
    tokio::select! {
        reply = &mut get => panic!("{reply:?}"),
        reply = put().send(&setup) => assert_eq!(reply.status, 200),
    }
    drop(hold);
    assert_eq!(get.await.status, 200);
}

#[tokio::test]
async fn requests_and_refusals_are_counted() {
    let setup = Setup::start().await;
    put().send(&setup).await;
    put().header("if-none-match", "*").send(&setup).await;
    Raw::new("GET", "/missing").send(&setup).await;
    assert_eq!(setup.double.requests(Operation::PutObject), 2);
    assert_eq!(setup.double.requests(Operation::DeleteObject), 0);
    assert_eq!(setup.double.all_requests().len(), 2);
    let refusals: Vec<_> = setup.double.refusals().into_iter().collect();
    assert_eq!(refusals, [("NoSuchKey".to_owned(), 1), ("NotImplemented".to_owned(), 1)]);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_an_internal_error() {
    let setup =
        Setup::start_with(|settings| Settings { backing_endpoint: "http://127.0.0.1:9".into(), ..settings });
    assert_eq!(put().send(&setup.await).await.refusal(), (500, "InternalError".to_owned()));
}

#[test]
fn it_serves_until_it_is_dropped() {
    let settings = Settings::in_front_of("http://127.0.0.1:9", "any", "any");
    let double = OssDouble::start(settings.clone()).unwrap();
    let address = double.address();
    assert!(std::net::TcpStream::connect(address).is_ok());
    assert!(
        OssDouble::start(Settings { listen: address, ..settings.clone() }).is_err(),
        "the port is in use"
    );
    drop(double);
    let again = (0..600).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        OssDouble::start(Settings { listen: address, ..settings.clone() }).ok()
    });
    assert!(again.is_some(), "the port is free again");
    assert!(OssDouble::start(Settings { backing_endpoint: "127.0.0.1".into(), ..settings }).is_err());
}
