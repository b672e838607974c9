//! Tests `x-oss-forbid-overwrite`, OSS's own condition.

use futures::future::join_all;

use crate::raw::{Raw, Reply};
use crate::support::{Setup, data};

async fn put_new(setup: &Setup, body: &str) -> Reply {
    Raw::new("PUT", "/key").header("x-oss-forbid-overwrite", "true").body(body).send(setup).await
}

#[tokio::test]
async fn an_existing_object_is_kept() {
    let setup = Setup::start().await;
    assert_eq!(put_new(&setup, "first").await.status, 200);
    assert_eq!(put_new(&setup, "second").await.refusal(), (409, "FileAlreadyExists".to_owned()));
    assert_eq!(setup.get("key").await, b"first");
    let put =
        Raw::new("PUT", "/key").header("x-oss-forbid-overwrite", "false").body("third").send(&setup).await;
    assert_eq!(put.status, 200);
    assert_eq!(setup.get("key").await, b"third");
}

#[tokio::test]
async fn of_many_concurrent_writes_only_one_succeeds() {
    let setup = Setup::start().await;
    let bodies: Vec<_> = (0..16).map(|number| number.to_string()).collect();
    let replies = join_all(bodies.iter().map(|body| put_new(&setup, body))).await;
    let written: Vec<_> = replies.iter().zip(&bodies).filter(|(reply, _)| reply.status == 200).collect();
    assert_eq!(written.len(), 1);
    assert_eq!(setup.get("key").await, written[0].1.as_bytes());
}

#[tokio::test]
async fn it_is_ignored_in_versioned_buckets() {
    let setup = Setup::start().await;
    setup.store.state.lock().unwrap().versioned.insert("/bucket-1".to_owned());
    assert_eq!(put_new(&setup, "first").await.status, 200);
    assert_eq!(put_new(&setup, "second").await.status, 200);
}

#[tokio::test]
async fn copies_and_uploads_obey_it_too() {
    let setup = Setup::start().await;
    setup.put("key", b"first").await;
    setup.put("source", b"second").await;
    let copy = Raw::new("PUT", "/key").header("x-amz-copy-source", "/bucket-1/source");
    let copy = copy.header("x-oss-forbid-overwrite", "true").send(&setup).await;
    assert_eq!(copy.refusal(), (409, "FileAlreadyExists".to_owned()));

    let created = Raw::new("POST", "/key?uploads").send(&setup).await;
    let text = String::from_utf8_lossy(&created.body).into_owned();
    let upload_id = text.split_once("<UploadId>").unwrap().1.split_once('<').unwrap().0;
    let part =
        Raw::new("PUT", &format!("/key?partNumber=1&uploadId={upload_id}")).body(data(10)).send(&setup).await;
    let list = format!("<C><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></C>", part.header("etag"));
    let complete = || Raw::new("POST", &format!("/key?uploadId={upload_id}")).body(list.clone());
    let forbidden = complete().header("x-oss-forbid-overwrite", "true").send(&setup).await;
    assert_eq!(forbidden.refusal(), (409, "FileAlreadyExists".to_owned()));
    assert_eq!(setup.get("key").await, b"first");
    assert_eq!(complete().send(&setup).await.status, 200);
    assert_eq!(setup.get("key").await, data(10));
}
