//! Reads the headers of answers that the SDK does not know.

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The header of OSS with the CRC-64/XZ of an object, in decimal.
const CRC64: &str = "x-oss-hash-crc64ecma";

/// The headers that describe an object rather than a response.
const DESCRIBING: [&str; 5] =
    ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type"];

/// The prefix of the names of user-defined headers.
const OF_USER: &str = "x-amz-meta-";

/// The descriptive headers of an object, by name. They move with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description(BTreeMap<String, String>);

impl Description {
    pub(crate) fn add_to(&self, request: &mut aws_sdk_s3::config::http::HttpRequest) {
        for (name, value) in &self.0 {
            request.headers_mut().insert(name.clone(), value.clone());
        }
    }
}

/// Holds the headers of the latest answer to a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnswerHeaders(Arc<Mutex<Headers>>);

#[derive(Debug, Clone, Default)]
pub(crate) struct Headers {
    /// The CRC-64/XZ that the store has computed, if it computes any.
    pub crc64: Option<u64>,
    pub description: Description,
}

impl AnswerHeaders {
    pub(crate) fn take(&self) -> Headers {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for AnswerHeaders {
    fn name(&self) -> &'static str {
        "AnswerHeaders"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.response().headers();
        let describing =
            headers.iter().filter(|(name, _)| DESCRIBING.contains(name) || name.starts_with(OF_USER));
        let describing = describing.map(|(name, value)| (name.to_owned(), value.to_owned()));
        // The SDK may repeat the request: the last answer is the one that counts.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Headers {
            crc64: headers.get(CRC64).and_then(|value| value.parse().ok()),
            description: Description(describing.collect()),
        };
        Ok(())
    }
}
