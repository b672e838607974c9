//! Prepares the small objects that the trials read, sends presigned requests, and cleans up.

use bytes::Bytes;
use md5::{Digest as _, Md5};
use sluice_deployment::clock;
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use sluice_packs::crc64;
use sluice_storage::presign::{PresignedUrl, Validity};
use sluice_storage::{Bucket, ErrorKind, MultipartOptions, ObjectHead, PutOptions, StorageError};
use std::time::Duration;

use crate::localhost::http_client;

/// How long presigned URLs of trials are valid. Beyond this clock skew, stores refuse every signature anyway.
const URL_LIFETIME: Duration = Duration::from_mins(15);

/// The trials on one bucket.
pub(super) struct Trial {
    pub bucket: Bucket,
    pub http: reqwest::Client,
    /// The body of the object that the trials read.
    pub body: Bytes,
    /// What the store answers about that object.
    pub head: Option<ObjectHead>,
    prefix: String,
    multiparts: Vec<(ObjectKey, String)>,
}

/// The answer to a presigned request.
pub(super) struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Bytes,
}

impl Trial {
    pub fn new(bucket: Bucket) -> Result<Self, StorageError> {
        let random = getrandom::u64().map_err(|error| StorageError::unavailable("draw a number", error))?;
        let http = http_client().map_err(|error| StorageError::unavailable("make a client", error))?;
        let prefix = format!("sluice-doctor/{random:016x}/");
        let body = Bytes::from(format!("what sluice-admin doctor has written {random:016x}"));
        Ok(Self { bucket, http, body, head: None, prefix, multiparts: Vec::new() })
    }

    /// The key of the object that the trials read.
    pub fn object(&self) -> ObjectKey {
        self.key("object")
    }

    /// A key under the prefix of these trials.
    pub fn key(&self, name: &str) -> ObjectKey {
        ObjectKey::from_stored(format!("{}{name}", self.prefix))
    }

    /// A different body of the same length.
    pub fn other_body(&self) -> Bytes {
        self.body.iter().map(u8::to_ascii_uppercase).collect::<Vec<u8>>().into()
    }

    /// Writes the objects that the trials read.
    pub async fn prepare(&mut self) -> Result<(), StorageError> {
        self.bucket.put(&self.object(), self.body.clone(), PutOptions::default()).await?;
        self.bucket.put(&self.key("another"), self.other_body(), PutOptions::default()).await?;
        self.head = self.bucket.head(&self.object()).await?;
        Ok(())
    }

    pub fn etag(&self) -> &str {
        self.head.as_ref().map_or("", |head| &head.etag)
    }

    pub fn crc64(&self) -> u64 {
        crc64(&self.body)
    }

    pub fn md5(&self) -> String {
        hex::encode(Md5::digest(&self.body))
    }

    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&self.body)
    }

    /// The validity of a URL that is used at once.
    pub fn validity() -> Validity {
        let now = clock::now();
        Validity { from: now, until: now.after(URL_LIFETIME) }
    }

    /// Begins a multipart upload. [`Self::clean_up`] aborts it if it was not completed.
    pub async fn begin(&mut self, key: &ObjectKey) -> Result<String, StorageError> {
        let multipart_id = self.bucket.create_multipart(key, MultipartOptions::default()).await?;
        self.multiparts.push((key.clone(), multipart_id.clone()));
        Ok(multipart_id)
    }

    /// Sends a presigned request, to `url` instead of the signed URL if it is given.
    pub async fn send(
        &self,
        method: reqwest::Method,
        signed: &PresignedUrl,
        url: Option<&str>,
        body: Bytes,
    ) -> Result<Answer, StorageError> {
        const OPERATION: &str = "send a presigned request";
        let mut request = self.http.request(method, url.unwrap_or(&signed.url)).body(body);
        for (name, value) in signed.headers.iter().filter(|(name, _)| *name != "content-length") {
            request = request.header(name, value);
        }
        // Leave out the URL: it grants access.
        let failed = |error: reqwest::Error| StorageError::unavailable(OPERATION, error.without_url());
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        Ok(Answer { status, headers, body: answer.bytes().await.map_err(failed)? })
    }

    /// Deletes everything that the trials have written.
    pub async fn clean_up(&self) -> Result<(), StorageError> {
        for (key, multipart_id) in &self.multiparts {
            match self.bucket.abort_multipart(key, multipart_id).await {
                // The upload was completed.
                Err(error) if error.kind == ErrorKind::NotFound => {}
                aborted => aborted?,
            }
        }
        let left = self.bucket.list_after(&self.prefix, None).await?;
        self.bucket.delete_all(left.into_iter().map(|(key, _)| ObjectKey::from_stored(key))).await
    }
}
