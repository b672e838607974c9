//! Buckets in memory, with S3's conditions, checksums and limits. They come into being when they are first
//! used.

mod object;
mod protocol;
mod upload;

use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Error, s3_error};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ACCESS_KEY;
use object::{Description, Object};
use upload::Upload;

/// All buckets, behind S3's protocol.
pub struct Buckets {
    service: S3Service,
    objects: Objects,
}

impl std::fmt::Debug for Buckets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Buckets").finish_non_exhaustive()
    }
}

impl Default for Buckets {
    fn default() -> Self {
        let [key, secret] = ACCESS_KEY;
        let objects = Objects::default();
        let mut builder = S3ServiceBuilder::new(objects.clone());
        builder.set_auth(SimpleAuth::from_single(key, secret));
        Self { service: builder.build(), objects }
    }
}

impl Buckets {
    /// The service, which can also be put behind a socket.
    pub fn service(&self) -> &S3Service {
        &self.service
    }

    /// Aborts all multipart uploads, as a lifecycle rule does in the end.
    pub fn abort_uploads(&self) {
        self.objects.lock().uploads.clear();
    }
}

/// The objects of all buckets.
#[derive(Debug, Default, Clone)]
struct Objects(Arc<Mutex<State>>);

/// The place of an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    bucket: String,
    key: String,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<Place, Object>,
    /// The unfinished multipart uploads, by id.
    uploads: BTreeMap<String, Upload>,
    /// How many uploads have begun.
    begun: u64,
}

impl Objects {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn object(&self, place: &Place) -> Result<&Object, S3Error> {
        self.objects.get(place).ok_or_else(|| s3_error!(NoSuchKey))
    }

    fn begin_upload(&mut self, place: Place, description: Description) -> String {
        self.begun += 1;
        let id = format!("upload-{}", self.begun);
        self.uploads.insert(id.clone(), Upload::new(place, description));
        id
    }

    fn upload(&mut self, place: &Place, id: &str) -> Result<&mut Upload, S3Error> {
        let upload = self.uploads.get_mut(id).filter(|upload| upload.place == *place);
        upload.ok_or_else(|| s3_error!(NoSuchUpload))
    }
}
