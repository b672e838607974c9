//! A store in memory with the path-style S3 calls that the double forwards. It does not check signatures.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, State as SharedState};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, Method, StatusCode, Uri};
use md5::{Digest, Md5};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

pub type Answer = axum::response::Response;

/// An object with the headers of its PUT.
#[derive(Clone)]
pub struct Object {
    pub bytes: Bytes,
    pub etag: String,
    pub headers: HeaderMap,
}

/// A request that the store received.
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
}

#[derive(Default)]
pub struct State {
    /// Objects by `/bucket/key`.
    pub objects: BTreeMap<String, Object>,
    /// Uploads by id: headers and parts.
    pub uploads: BTreeMap<String, (HeaderMap, BTreeMap<u16, Bytes>)>,
    /// Versioned buckets, as `/bucket`.
    pub versioned: BTreeSet<String>,
    pub seen: Vec<Seen>,
    next_upload: u32,
}

/// The store. It serves until the test's runtime ends.
#[derive(Clone)]
pub struct Store {
    pub state: Arc<Mutex<State>>,
    pub endpoint: String,
}

impl Store {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let store = Self { state: Arc::default(), endpoint };
        let router = Router::new().fallback(Self::answer).with_state(store.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        store
    }

    /// The number of requests of a method.
    pub fn count(&self, method: &Method) -> usize {
        self.state.lock().unwrap().seen.iter().filter(|seen| seen.method == method).count()
    }

    async fn answer(
        SharedState(store): SharedState<Self>,
        method: Method,
        uri: Uri,
        Query(parameters): Query<BTreeMap<String, String>>,
        headers: HeaderMap,
        body: Body,
    ) -> Answer {
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let path = percent_encoding::percent_decode_str(uri.path()).decode_utf8().unwrap().into_owned();
        let mut state = store.state.lock().unwrap();
        state.seen.push(Seen { method: method.clone(), path: path.clone(), headers: headers.clone() });
        state.dispatch(&Call { method, path, parameters, headers, body })
    }
}

pub struct Call {
    pub method: Method,
    pub path: String,
    pub parameters: BTreeMap<String, String>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Call {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The headers that are stored with an object.
    pub fn description(&self) -> HeaderMap {
        let kept = |name: &HeaderName| {
            name.as_str().starts_with("x-amz-meta-")
                || name.as_str().starts_with("content-") && name != "content-length"
        };
        self.headers
            .iter()
            .filter(|(name, _)| kept(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

impl State {
    pub fn put(&mut self, path: &str, bytes: Bytes, headers: HeaderMap) -> String {
        let etag = format!("\"{}\"", hex::encode(Md5::digest(&bytes)));
        self.objects.insert(path.to_owned(), Object { bytes, etag: etag.clone(), headers });
        etag
    }

    pub fn begin_upload(&mut self, headers: HeaderMap) -> String {
        self.next_upload += 1;
        let upload_id = format!("upload-{}", self.next_upload);
        self.uploads.insert(upload_id.clone(), (headers, BTreeMap::new()));
        upload_id
    }

    /// Concatenates the parts. The body must list this store's `ETag`s.
    pub fn complete(&mut self, path: &str, upload_id: &str, body: &str) -> Option<String> {
        let (headers, parts) = self.uploads.get(upload_id)?.clone();
        let mut bytes = Vec::new();
        let mut digests = Vec::new();
        for part in body.split("<PartNumber>").skip(1) {
            let part = parts.get(&part.split_once('<')?.0.parse().ok()?)?;
            let digest = Md5::digest(part);
            body.contains(&hex::encode(digest)).then_some(())?;
            bytes.extend_from_slice(part);
            digests.extend_from_slice(&digest);
        }
        let count = digests.len() / 16;
        self.put(path, bytes.into(), headers);
        let object = self.objects.get_mut(path)?;
        object.etag = format!("\"{}-{count}\"", hex::encode(Md5::digest(&digests)));
        self.uploads.remove(upload_id);
        Some(object.etag.clone())
    }
}

pub fn answer(status: u16, body: impl Into<Bytes>) -> Answer {
    (StatusCode::from_u16(status).unwrap(), Body::from(body.into())).into_response()
}

pub fn error(status: u16, code: &str) -> Answer {
    answer(status, format!("<Error><Code>{code}</Code><Message>of the store</Message></Error>"))
}
