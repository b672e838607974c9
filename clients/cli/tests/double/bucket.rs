//! The bucket of the double.

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use sluice_domain::hash::Sha256;
use sluice_domain::part_plan::UploadMethod;
use std::io::Write as _;

use super::{Double, Fault};

/// Answers a presigned request.
pub async fn answer(
    double: &Double,
    parts: &Parts,
    segments: &[&str],
    body: Result<Bytes, axum::Error>,
) -> Response<Body> {
    assert!(!parts.headers.contains_key("authorization"), "a token went to the bucket");
    let Ok(body) = body else { return refuse(400, "IncompleteBody") };
    let fault = double.world().bucket_faults.pop_front().unwrap_or(Fault::None);
    let mut cut = usize::MAX;
    let mut damage = usize::MAX;
    match fault {
        Fault::Status(status, code) => return refuse(status, code),
        Fault::Hang => std::future::pending().await,
        Fault::Append(path) => {
            let file = std::fs::OpenOptions::new().append(true).open(path);
            file.and_then(|mut file| file.write_all(b"more")).expect("written");
            return refuse(503, "SlowDown");
        }
        Fault::Overwrite(path, text) => {
            let file = std::fs::OpenOptions::new().write(true).open(path);
            file.and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
            return refuse(503, "SlowDown");
        }
        Fault::Cut(bytes) => cut = bytes,
        Fault::Damage(byte) => damage = byte,
        Fault::None => {}
    }
    let generation = format!("generation={}", double.world().url_generation);
    if parts.uri.query() != Some(&generation) {
        return refuse(403, "AccessDenied");
    }
    match segments {
        ["parts", upload_id, number] => put(double, parts, upload_id, number, &body),
        ["packs", pack_id] => get(parts, &double.world().pack(pack_id).bytes, cut, damage),
        ["indexes", pack_id] => get(parts, &double.world().pack(pack_id).index.encode(), cut, damage),
        other => panic!("the bucket does not know {other:?}"),
    }
}

fn put(double: &Double, parts: &Parts, upload_id: &str, number: &str, body: &Bytes) -> Response<Body> {
    assert_eq!(parts.headers["content-length"], body.len().to_string().as_str());
    assert_eq!(parts.headers["x-signed"], "yes");
    let mut world = double.world();
    let upload_id = upload_id.parse().expect("an id");
    let number = number.parse().expect("a number");
    let Some(upload) = world.uploads.get_mut(&upload_id) else { return refuse(404, "NoSuchUpload") };
    if let Some(packs) = &upload.request.packs {
        if Sha256::of(body) != packs[number as usize - 1].sha256 {
            return refuse(400, "BadDigest");
        }
        if upload.received.contains_key(&number) {
            return refuse(412, "PreconditionFailed");
        }
    }
    if upload.signed.get(&number).is_some_and(|sha256| *sha256 != Sha256::of(body)) {
        return refuse(400, "BadDigest");
    }
    upload.received.insert(number, body.to_vec());
    if upload.request.packs.is_none() && upload.plan.method() == UploadMethod::Put {
        world.finish_upload(upload_id);
    }
    let answer = Response::builder().header("etag", format!("\"etag{number}\""));
    answer.body(Body::empty()).expect("an answer")
}

/// Answers with the whole object or the requested range.
fn get(parts: &Parts, object: &[u8], cut: usize, damage: usize) -> Response<Body> {
    let Some(range) = parts.headers.get("range") else { return Response::new(Body::from(object.to_vec())) };
    let range = range.to_str().expect("text").trim_start_matches("bytes=");
    let (first, last) = range.split_once('-').expect("a range");
    let first: usize = first.parse().expect("a number");
    let last: usize = last.parse().expect("a number");
    let mut bytes = object[first..=last].to_vec();
    if let Some(byte) = bytes.get_mut(damage) {
        *byte ^= 1;
    }
    let answer = Response::builder()
        .status(StatusCode::PARTIAL_CONTENT)
        .header("content-length", bytes.len())
        .header("content-range", format!("bytes {first}-{last}/{}", object.len()));
    answer.body(cut_after(bytes, cut)).expect("an answer")
}

/// A body that breaks off after `count` bytes, as if the connection was lost.
fn cut_after(mut bytes: Vec<u8>, count: usize) -> Body {
    if bytes.len() <= count {
        return Body::from(bytes);
    }
    bytes.truncate(count);
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    // The client must get the bytes before it sees the error. Nothing tells the server when it has.
    let end = async move {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        Err(broken)
    };
    let first = futures::stream::once(async { Ok(Bytes::from(bytes)) });
    Body::from_stream(futures::StreamExt::chain(first, futures::stream::once(end)))
}

fn refuse(status: u16, code: &str) -> Response<Body> {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
    Response::builder().status(status).body(Body::from(body)).expect("an answer")
}
