//! What an object says of itself beside its bytes, which moves with them.

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use bytes::{Bytes, BytesMut};
use sluice_domain::key::ObjectKey;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::bucket::Bucket;
use crate::call;
use crate::error::{ErrorKind, StorageError};

/// The headers that describe an object rather than an answer.
const DESCRIBING: [&str; 5] =
    ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type"];

/// What the names of a user's own headers begin with.
const OF_USER: &str = "x-amz-meta-";

/// The headers that describe an object, as they are sent and received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description(pub(crate) BTreeMap<String, String>);

impl Description {
    /// Adds them to a request.
    pub(crate) fn add_to(&self, request: &mut aws_sdk_s3::config::http::HttpRequest) {
        for (name, value) in &self.0 {
            request.headers_mut().insert(name.clone(), value.clone());
        }
    }
}

/// Reads them from an answer.
#[derive(Debug, Clone, Default)]
struct Received(Arc<OnceLock<Description>>);

impl Intercept for Received {
    fn name(&self) -> &'static str {
        "Received"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.response().headers().iter();
        let headers = headers.filter(|(name, _)| DESCRIBING.contains(name) || name.starts_with(OF_USER));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.0.set(Description(headers.collect())).ok();
        Ok(())
    }
}

impl Bucket {
    /// The bytes of `range` of the object whose `ETag` is `etag`, or all of it, and what it says of itself. Takes memory
    /// for `length` bytes, of which there must be as many.
    ///
    /// # Errors
    /// `NotFound` if the object is gone, `Conflict` if another object has taken its place.
    pub async fn get_described(
        &self,
        key: &ObjectKey,
        etag: &str,
        range: Option<Range<u64>>,
        length: u64,
    ) -> Result<(Bytes, Description), StorageError> {
        const OPERATION: &str = "s3:GetObject";
        let received = Received::default();
        let range = range.map(|range| format!("bytes={}-{}", range.start, range.end - 1));
        let request = self.client.get_object().bucket(&self.name).key(key.as_str()).if_match(etag);
        let request = request.set_range(range).customize().interceptor(received.clone());
        let mut body = call::read(OPERATION, request.send()).await?.body;
        let mut bytes = BytesMut::with_capacity(length as usize);
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| StorageError::unavailable(OPERATION, error))?;
            if (bytes.len() + piece.len()) as u64 > length {
                return Err(StorageError::new(
                    ErrorKind::Fault,
                    OPERATION,
                    "the answer is longer than the object",
                ));
            }
            bytes.extend_from_slice(&piece);
        }
        if (bytes.len() as u64) < length {
            return Err(StorageError::new(
                ErrorKind::Unavailable,
                OPERATION,
                "the answer is shorter than the object",
            ));
        }
        Ok((bytes.freeze(), received.0.get().cloned().unwrap_or_default()))
    }
}
