//! Compares the buckets in memory, on which the workers' tests run, with those of the AWS emulator.

use bytes::Bytes;
use futures::FutureExt as _;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use sluice_in_memory::Services;
use sluice_in_memory::faults::Fault;
use sluice_storage::{Clients, ErrorKind, GetOptions, PutOptions};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;

use crate::findings::observe;
use crate::start;
use crate::test_store::test_key;

const TABLE: &str = include_str!("../../docs/stores/behaviours.md");

/// Where the buckets in memory differ, by section and behaviour: they do what S3 documents and the emulator
/// does not, or lack settings, which no worker uses.
const DIFFERENCES: [((&str, &str), &str); 7] = [
    (("Multipart uploads", "Complete repeated"), "NoSuchUpload"),
    (("Multipart uploads", "part below 5 MiB"), "EntityTooSmall"),
    (("Presigned URLs", "HEAD: `response-content-disposition`"), "yes"),
    (("Settings of a bucket", "CORS exposes the ETag"), "no"),
    (("Settings of a bucket", "CORS: one origin, no other"), "NotImplemented, no origin"),
    (("Settings of a bucket", "lifecycle rule for unfinished uploads"), "NotImplemented"),
    (("Settings of a bucket", "notifications configured"), "no"),
];

/// What the emulator does, by section and behaviour: the first column of the table.
fn of_emulator() -> BTreeMap<(&'static str, &'static str), &'static str> {
    let mut section = "";
    let mut observations = BTreeMap::new();
    for line in TABLE.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            section = name;
        } else if let [behaviour, word, ..] =
            line.trim_start_matches("| ").split(" | ").collect::<Vec<_>>()[..]
            && !section.is_empty()
        {
            observations.insert((section, behaviour), word);
        }
    }
    observations
}

async fn serve(services: Services) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = services.buckets.service().clone();
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_in_memory_do_what_those_of_the_emulator_do() {
    let services = Services::default();
    let clients = Clients::new(&services.sdk());
    let store = start::in_memory(&clients, serve(services).await);
    let differences = BTreeMap::from(DIFFERENCES);
    let of_emulator = of_emulator();
    let mut wrong = Vec::new();
    for (behaviour, found) in observe(&store).await.observations {
        let expected = differences.get(&behaviour).or(of_emulator.get(&behaviour)).copied();
        if expected != Some(&*found) {
            wrong.push(format!("{behaviour:?}: {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_object_that_is_replaced_while_it_is_read_is_a_conflict() {
    let services = Services::default();
    let bucket = start::in_memory(&Clients::new(&services.sdk()), serve(services.clone()).await).bucket;
    let key = test_key("replaced-empty");
    bucket.put(&key, Bytes::new(), PutOptions::default()).await.expect("a PUT");
    let other = bucket.clone();
    let same_key = key.clone();
    let replace = async move {
        other.put(&same_key, Bytes::from_static(b"bytes"), PutOptions::default()).await.expect("a PUT");
    };
    services.faults.next("s3:HeadObject", Fault::Meanwhile(replace.boxed()));
    let read = bucket.get(&key, GetOptions::start(8)).await;
    assert_eq!(read.expect_err("a conflict").kind, ErrorKind::Conflict);
}
