//! The API of the double.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use axum::http::request::Parts;
use futures::stream;
use serde::Serialize;
use serde_json::{Value, json};
use sluice_contracts::files::{FileChange, Lookup};
use sluice_contracts::problem::{Code, Problem};
use sluice_contracts::uploads::{
    Completion, PartUrl, PartUrls, PartUrlsRequest, ReceivedPart, UploadAnswer, UploadPlan, UploadRequest,
    UploadView,
};
use sluice_domain::id::{FileId, UploadId, VersionId};
use sluice_domain::part_plan::{PartNumber, PartPlan, UploadMethod};
use sluice_domain::upload::UploadState;
use std::collections::BTreeMap;
use std::io;

use super::{Double, Fault, StoredFile, Upload, World, account_id, bucket, never, packs};

pub async fn answer(State(double): State<Double>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    double.world().log.push(format!("{} {path}", parts.method));
    let body = to_bytes(body, usize::MAX).await;
    let segments: Vec<_> = path.trim_matches('/').split('/').collect();
    if let ["bucket", rest @ ..] = &*segments {
        return bucket::answer(&double, &parts, rest, body).await;
    }
    let body = body.expect("API bodies arrive whole");
    let mut world = double.world();
    if let Some(key) = parts.headers.get("idempotency-key") {
        world.idempotency_keys.push(key.to_str().expect("text").to_owned());
    }
    let faulty = path == "/uploads" && parts.method == "POST" || path.ends_with("/plan");
    match faulty.then(|| world.api_faults.pop_front()).flatten() {
        Some(Fault::Status(_, "quota_exceeded")) => return problem(Code::QuotaExceeded),
        Some(Fault::Status(status, _)) => return json(status, &json!({"message": "a fault"})),
        _ => {}
    }
    match (parts.method.as_str(), &*segments) {
        ("POST", ["sessions"]) => json(201, &json!({"token": "t0ken", "expires_at": never()})),
        // Ended by the call whose answer was lost.
        ("DELETE", ["sessions", _]) => lose(&mut world).unwrap_or_else(|| problem(Code::NotFound)),
        ("GET", ["accounts", "me"]) => json(200, &account()),
        ("POST", ["uploads"]) => begin(&mut world, &parts, &body),
        ("GET", ["uploads"]) if query.is_empty() => open_uploads(&world),
        ("GET", ["uploads"]) => by_ids(&world, &query),
        ("GET", ["uploads", id]) => found(view(&world, id)),
        ("DELETE", ["uploads", id]) => abort(&mut world, id),
        ("POST", ["uploads", id, "parts"]) => part_urls(&mut world, id, &body),
        ("POST", ["uploads", id, "complete"]) => complete(&mut world, id, &body),
        ("GET", ["files"]) => files(&world, &query),
        ("GET", ["files", id]) => by_file_id(&world, id),
        ("GET", ["files", id, "plan"]) => packs::plan(&world, id, &query),
        ("POST", ["lookups"]) => once(&mut world, &parts, |world| look_up(world, &body)),
        ("PATCH", ["files", id]) => once(&mut world, &parts, |world| rename(world, id, &body)),
        ("DELETE", ["files", id]) => once(&mut world, &parts, |world| delete(world, id)),
        ("POST", ["files", id, "restore"]) => once(&mut world, &parts, |world| restore(world, id)),
        ("POST", ["lookups", "hooks"]) => packs::look_up_hooks(&world, &body),
        other => panic!("the double does not know {other:?}"),
    }
}

fn account() -> Value {
    json!({
        "account_id": account_id(), "username": "ada", "quota_bytes": 1, "used_bytes": 0, "reserved_bytes": 0,
        "row_bytes": 3072, "unfinished_uploads": 2,
    })
}

fn begin(world: &mut World, parts: &Parts, body: &Bytes) -> Response<Body> {
    let request: UploadRequest = serde_json::from_slice(body).expect("an upload request");
    let existing = world.files.iter().find(|file| Some(file.sha256) == request.sha256).map(version);
    if let Some(existing) = existing {
        return once(world, parts, |_| (200, json!({"outcome": "instant", "version": existing})));
    }
    let plan = PartPlan::new(request.size, request.part_size).expect("a plan");
    let upload_id = UploadId::from_bytes(world.next_bytes());
    let method = if request.packs.is_some() { UploadMethod::Packs } else { plan.method() };
    let upload = Upload {
        request,
        plan,
        received: BTreeMap::new(),
        signed: BTreeMap::new(),
        manifest: None,
        state: UploadState::Open,
        reason: None,
    };
    let part_count = upload.part_count();
    let signed_count = if method == UploadMethod::Multipart { 0 } else { part_count };
    let parts = (1..=signed_count).map(|number| part_url(world, upload_id, &upload, number)).collect();
    world.uploads.insert(upload_id, upload);
    let answer = UploadAnswer::Upload(UploadPlan {
        upload_id,
        version_id: VersionId::from_bytes(*upload_id.as_bytes()),
        method,
        part_size: plan.part_size,
        part_count,
        parts,
        expires_at: never(),
    });
    json(201, &answer)
}

fn part_url(world: &World, upload_id: UploadId, upload: &Upload, number: u32) -> PartUrl {
    let url = &world.url;
    let generation = world.url_generation;
    let number = PartNumber::try_from(number).expect("a part number");
    PartUrl {
        number,
        size: match &upload.request.packs {
            Some(packs) => packs[number.index()].size.into(),
            None => upload.plan.size_of(number).expect("a part of the plan"),
        },
        url: format!("{url}/bucket/parts/{upload_id}/{}?generation={generation}", number.get()),
        headers: [("x-signed".to_owned(), "yes".to_owned())].into(),
        expires_at: never(),
    }
}

fn part_urls(world: &mut World, id: &str, body: &Bytes) -> Response<Body> {
    let upload_id: UploadId = id.parse().expect("an id");
    let request: PartUrlsRequest = serde_json::from_slice(body).expect("a request for URLs");
    assert!(request.parts.len() <= 100);
    let Some(upload) = world.uploads.get_mut(&upload_id) else { return problem(Code::NotFound) };
    assert!(request.parts.iter().all(|part| part.sha256.is_some() == upload.request.part_sha256));
    let signed = request.parts.iter().filter_map(|part| Some((part.number.get(), part.sha256?)));
    upload.signed.extend(signed);
    let upload = &world.uploads[&upload_id];
    let urls = request.parts.iter().map(|part| part_url(world, upload_id, upload, part.number.get()));
    json(200, &PartUrls { parts: urls.collect() })
}

fn complete(world: &mut World, id: &str, body: &Bytes) -> Response<Body> {
    let upload_id: UploadId = id.parse().expect("an id");
    let completion: Completion = serde_json::from_slice(body).expect("a completion");
    let Some(upload) = world.uploads.get_mut(&upload_id) else { return problem(Code::NotFound) };
    if upload.received.len() != upload.part_count() as usize {
        return problem(Code::PartsMissing);
    }
    if let Some(packs) = &upload.request.packs {
        let manifest = completion.manifest.as_ref().expect("packs want a manifest");
        if manifest.check(packs, upload.request.size).is_err() {
            return problem(Code::InvalidManifest);
        }
    }
    upload.manifest = completion.manifest;
    let stored = StoredFile {
        file_id: FileId::from_bytes(*upload_id.as_bytes()),
        version_id: VersionId::from_bytes(*upload_id.as_bytes()),
        path: upload.request.path.to_string(),
        sha256: upload.request.sha256.expect("declared"),
        content: Vec::new(),
        terms: Vec::new(),
    };
    world.finish_upload(upload_id);
    json(202, &json!({"version": version(&stored)}))
}

fn abort(world: &mut World, id: &str) -> Response<Body> {
    match world.uploads.get_mut(&id.parse().expect("an id")) {
        Some(upload) => upload.state = UploadState::Aborted,
        None => return problem(Code::NotFound),
    }
    json(204, &Value::Null)
}

fn by_ids(world: &World, query: &str) -> Response<Body> {
    let ids: Vec<_> = query.trim_start_matches("ids=").split("%2C").collect();
    assert!(ids.len() <= 100);
    let uploads: Vec<_> = ids.iter().filter_map(|id| view(world, id)).collect();
    json(200, &json!({ "uploads": uploads }))
}

fn open_uploads(world: &World) -> Response<Body> {
    let open = world.uploads.iter().filter(|(_, upload)| upload.state == UploadState::Open);
    let uploads: Vec<_> = open.filter_map(|(id, _)| view(world, &id.to_string())).collect();
    json(200, &json!({ "uploads": uploads }))
}

fn view(world: &World, id: &str) -> Option<UploadView> {
    let upload_id: UploadId = id.parse().expect("an id");
    let upload = world.uploads.get(&upload_id)?;
    let received = upload.received.iter().map(|(number, bytes)| ReceivedPart {
        number: PartNumber::try_from(*number).expect("a part number"),
        size: bytes.len() as u64,
        etag: format!("etag{number}"),
    });
    Some(UploadView {
        upload_id,
        version_id: VersionId::from_bytes(*upload_id.as_bytes()),
        file_id: FileId::from_bytes(*upload_id.as_bytes()),
        path: upload.request.path.clone(),
        size: upload.request.size,
        state: upload.state,
        reason: upload.reason,
        method: upload.plan.method(),
        part_size: upload.plan.part_size,
        part_count: upload.part_count(),
        received: received.collect(),
        expires_at: never(),
        version: None,
    })
}

fn files(world: &World, query: &str) -> Response<Body> {
    let files: Vec<_> = match query.split_once('=') {
        Some(("path", path)) => world
            .files
            .iter()
            .rev()
            .filter(|file| file.path == path.replace("%2F", "/"))
            .map(version)
            .collect(),
        // Ignores the prefix, as a hostile server might.
        _ => world.files.iter().map(version).collect(),
    };
    json(200, &json!({ "files": files, "common_prefixes": [] }))
}

fn by_file_id(world: &World, id: &str) -> Response<Body> {
    let file = world.files.iter().find(|file| file.file_id.to_string() == id);
    file.map_or_else(|| problem(Code::NotFound), |file| json(200, &version(file)))
}

/// Changes files once for each idempotency key, as the API does, and loses answers on demand.
fn once(world: &mut World, parts: &Parts, change: impl FnOnce(&mut World) -> (u16, Value)) -> Response<Body> {
    let key = parts.headers["idempotency-key"].to_str().expect("text").to_owned();
    let (status, answer) = match world.answers.get(&key) {
        Some(answer) => answer.clone(),
        None => change(world),
    };
    world.answers.insert(key, (status, answer.clone()));
    lose(world).unwrap_or_else(|| json(status, &answer))
}

/// An answer that breaks off, if one is to be lost.
fn lose(world: &mut World) -> Option<Response<Body>> {
    world.lost_answers = world.lost_answers.checked_sub(1)?;
    let broken = stream::once(async { Err::<Bytes, _>(io::Error::other("lost")) });
    Some(Response::new(Body::from_stream(broken)))
}

/// Renames a file, unless it has the path already.
fn rename(world: &mut World, id: &str, body: &Bytes) -> (u16, Value) {
    let change: FileChange = serde_json::from_slice(body).expect("a change");
    let path = change.path.expect("a path").to_string();
    match world.files.iter_mut().find(|file| file.file_id.to_string() == id && file.path != path) {
        Some(file) => {
            file.path = path;
            (200, version(file))
        }
        None => refusal(Code::PreconditionFailed),
    }
}

fn delete(world: &mut World, id: &str) -> (u16, Value) {
    match world.files.iter().position(|file| file.file_id.to_string() == id) {
        Some(index) => (200, version(&world.files.remove(index))),
        None => refusal(Code::NotFound),
    }
}

/// Restores a file once: a new version follows.
fn restore(world: &mut World, id: &str) -> (u16, Value) {
    let next = VersionId::from_bytes(world.next_bytes());
    let file = world.files.iter_mut().find(|file| file.file_id.to_string() == id).expect("a file");
    file.version_id = next;
    (201, version(file))
}

fn refusal(code: Code) -> (u16, Value) {
    (code.status(), json!(Problem::new(code, "a fault", "request")))
}

fn look_up(world: &World, body: &Bytes) -> (u16, Value) {
    let lookup: Lookup = serde_json::from_slice(body).expect("a lookup");
    let existing = world.files.iter().find(|file| file.sha256 == lookup.sha256);
    match existing {
        Some(existing) => (200, json!({"outcome": "instant", "version": version(existing)})),
        None => (200, json!({"outcome": "unknown"})),
    }
}

/// Built as JSON, so that the path can be invalid.
fn version(file: &StoredFile) -> Value {
    json!({
        "file_id": file.file_id, "path": file.path, "version_id": file.version_id, "state": "available",
        "size": file.content.len(), "sha256": file.sha256, "sha1": null, "content_type": "text/plain",
        "metadata": {}, "created_at": never(), "updated_at": never(),
        "new_bytes": 0, "shared_bytes": 0, "stored_bytes": 0,
    })
}

fn found(view: Option<UploadView>) -> Response<Body> {
    view.map_or_else(|| problem(Code::NotFound), |view| json(200, &view))
}

pub fn problem(code: Code) -> Response<Body> {
    json(code.status(), &Problem::new(code, "a fault", "request"))
}

pub fn json<T: Serialize>(status: u16, body: &T) -> Response<Body> {
    let body = serde_json::to_vec(body).expect("serializable");
    let answer = Response::builder().status(status).header("retry-after", "0");
    answer.body(Body::from(body)).expect("an answer")
}
