//! Tests how long read-content waits for a blob to be materialized.

use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorFuture};
use http::{Method, StatusCode};
use serde_json::Value;
use sluice_contracts::files::VersionView;
use sluice_tests::{Client, paused};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::reading::{materialize, packed_by_hand};
use crate::support::{Worker, call, unhurried, watched};

const MIB: usize = 1 << 20;

/// Reads a blob with read-content's own code. `look` is called with the number of each request for the
/// object's head, before it is sent.
async fn read_watched<F>(user: &Client, version: &VersionView, prefer: &str, look: F) -> StatusCode
where
    F: Fn(usize) -> Duration + Clone + Send + Sync + 'static,
{
    let heads = Arc::new(AtomicUsize::new(0));
    let deployment = watched(paused(), move |connector, request| {
        if request.method() != "HEAD" {
            return connector.call(request);
        }
        let delay = look(heads.fetch_add(1, SeqCst) + 1);
        let connector = connector.clone();
        HttpConnectorFuture::new(async move {
            sleep(delay).await;
            connector.call(request).await
        })
    });
    let app = Arc::new(read_content::App::new(&deployment).expect("an app"));
    let path = format!("/files/{}/content", version.file_id);
    let mut call = call(user, Method::GET, &path, &Value::Null);
    call.headers.insert("prefer", prefer.parse().expect("a header"));
    read_content::handle(app, call).await.expect("an answer").status()
}

#[tokio::test]
async fn a_reader_that_waits_gets_the_object_once_it_is_materialized() {
    let worker = Worker::new(paused());
    let (user, version, landed) = packed_by_hand(&worker, 632, 2 * MIB).await;
    let waits = Arc::new(Notify::new());
    let waiting = waits.clone();
    let look = move |head| {
        // After the first, the reader waits.
        if head == 2 {
            waiting.notify_one();
        }
        Duration::ZERO
    };
    let materialized = async {
        waits.notified().await;
        materialize(&worker, &landed, "a", 1, unhurried()).await
    };
    let read = async {
        let status = read_watched(&user, &version, "wait=20", look).await;
        // A reader that did not wait fails the story, rather than to leave it waiting.
        waits.notify_one();
        status
    };
    let (status, failed) = tokio::join!(read, materialized);
    assert_eq!((status, failed), (StatusCode::FOUND, Vec::new()));
}

#[tokio::test]
async fn slow_answers_of_the_bucket_count_in_how_long_a_reader_waits() {
    let worker = Worker::new(paused());
    let (user, version, _) = packed_by_hand(&worker, 634, 2 * MIB).await;
    let heads = Arc::new(AtomicUsize::new(0));
    let counted = heads.clone();
    let look = move |head| {
        counted.store(head, SeqCst);
        Duration::from_secs(1)
    };
    assert_eq!(read_watched(&user, &version, "wait=2", look).await, StatusCode::ACCEPTED);
    // Each takes a second. With the pauses alone, there is time for six.
    let heads = heads.load(SeqCst);
    assert!((1..=3).contains(&heads), "{heads} requests");
}
