//! Reads objects: all of one, a range, its start, or only what the store reports about it.

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use bytes::{Bytes, BytesMut};
use sluice_domain::key::ObjectKey;
use sluice_domain::time::Timestamp;
use std::ops::Range;
use std::time::Duration;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::answer_headers::{AnswerHeaders, Description};
use crate::bucket::{Bucket, normalise_etag};
use crate::call::{self, found};
use crate::chain::Chain;
use crate::error::{ErrorKind, StorageError};

const GET: &str = "s3:GetObject";

/// What a store reports about an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObjectHead {
    /// The size in bytes.
    pub size: u64,
    /// The `ETag` as the store writes it, for conditions.
    pub etag: String,
    /// When the object was last written, by the clock of the store.
    pub modified_at: Option<Timestamp>,
    /// The CRC-64/XZ, if the store computes any.
    pub crc64: Option<u64>,
}

impl ObjectHead {
    /// Whether both are heads of the same bytes, as far as size and `ETag` tell.
    pub fn is_of_same_bytes(&self, other: &Self) -> bool {
        self.size == other.size && self.etag == other.etag
    }
}

/// An object, or the part of it that was read.
#[derive(Debug, Clone)]
pub struct Object {
    /// The head of the whole object.
    pub head: ObjectHead,
    pub description: Description,
    pub bytes: Bytes,
}

/// Which bytes of an object are read, and on what condition.
#[derive(Debug, Clone)]
pub struct GetOptions<'a> {
    span: Span,
    if_match: Option<&'a str>,
}

#[derive(Debug, Clone)]
enum Span {
    Whole,
    WholeOf(u64),
    Start(u64),
    Range(Range<u64>),
}

impl<'a> GetOptions<'a> {
    /// All bytes, however many.
    pub fn whole() -> Self {
        Self::of(Span::Whole)
    }

    /// All bytes, which must be this many.
    pub fn whole_of(size_bytes: u64) -> Self {
        Self::of(Span::WholeOf(size_bytes))
    }

    /// Up to this many bytes from the start.
    pub fn start(length_bytes: u64) -> Self {
        Self::of(Span::Start(length_bytes))
    }

    /// The bytes of a range, which must be there.
    pub fn range(range: Range<u64>) -> Self {
        Self::of(Span::Range(range))
    }

    fn of(span: Span) -> Self {
        Self { span, if_match: None }
    }

    /// Only if the object has this `ETag`: give it where another object might replace the one that is meant.
    #[must_use]
    pub fn if_match(self, etag: &'a str) -> Self {
        Self { if_match: Some(etag), ..self }
    }
}

impl Span {
    /// The value of the header `Range`, if the span needs one.
    fn header(&self) -> Option<String> {
        match self {
            Self::Whole | Self::WholeOf(_) => None,
            Self::Start(length) => Some(format!("bytes=0-{}", length - 1)),
            Self::Range(range) => Some(format!("bytes={}-{}", range.start, range.end - 1)),
        }
    }

    /// The number of bytes that an object of this size has in the span. Nothing if any number is right.
    fn length(&self, size: u64) -> Option<u64> {
        match self {
            Self::Whole => None,
            Self::WholeOf(length) => Some(*length),
            Self::Start(length) => Some(size.min(*length)),
            Self::Range(range) => Some(range.end - range.start),
        }
    }

    /// The range of the bytes that are left of an object of this size, once `received` bytes have come.
    fn rest(&self, size: u64, received: u64) -> Range<u64> {
        let whole = match self {
            Self::Whole | Self::WholeOf(_) => 0..size,
            Self::Start(length) => 0..size.min(*length),
            Self::Range(range) => range.clone(),
        };
        whole.start + received..whole.end
    }

    /// Receives the body of an answer, and never holds more of it than the span has. Fails once nothing has
    /// come for as long as `silence`; `bytes` has what came before.
    async fn receive(
        &self,
        mut body: ByteStream,
        size: u64,
        silence: Duration,
        bytes: &mut BytesMut,
    ) -> Result<(), StorageError> {
        let length = self.length(size);
        let stalled = |elapsed: Elapsed| StorageError::unavailable(GET, elapsed);
        while let Some(piece) = timeout(silence, body.next()).await.map_err(stalled)? {
            let piece = piece.map_err(|error| StorageError::unavailable(GET, error))?;
            if length.is_some_and(|length| (bytes.len() + piece.len()) as u64 > length) {
                return Err(StorageError::new(ErrorKind::Fault, GET, "the answer is too long"));
            }
            bytes.extend_from_slice(&piece);
        }
        if length.is_some_and(|length| (bytes.len() as u64) < length) {
            return Err(StorageError::new(ErrorKind::Unavailable, GET, "the answer is too short"));
        }
        Ok(())
    }
}

impl Bucket {
    /// What the store reports about an object; nothing if there is none.
    pub async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectHead>, StorageError> {
        let headers = AnswerHeaders::default();
        let request = self.client.head_object().bucket(&self.name).key(key.as_str());
        let request = request.customize().interceptor(headers.clone());
        let answer = found(call::read("s3:HeadObject", request.send()).await)?;
        Ok(answer.map(|answer| ObjectHead {
            size: size(answer.content_length()),
            etag: answer.e_tag().unwrap_or_default().to_owned(),
            modified_at: answer.last_modified().map(timestamp),
            crc64: headers.take().crc64,
        }))
    }

    /// Reads an object, or a part of it, into memory. If the body stops coming, the rest is asked for once.
    ///
    /// # Errors
    /// `NotFound` if there is none; `Conflict` if it has another `ETag` than the options name, or was
    /// replaced while it was read.
    pub async fn get(&self, key: &ObjectKey, options: GetOptions<'_>) -> Result<Object, StorageError> {
        let GetOptions { span, if_match } = options;
        let headers = AnswerHeaders::default();
        let request = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key.as_str())
            .set_if_match(if_match.map(str::to_owned))
            .set_range(span.header())
            .customize()
            .interceptor(headers.clone());
        let answer = Box::pin(request.send()).await;
        if matches!(span, Span::Start(_)) && answer.as_ref().is_err_and(is_unsatisfiable) {
            return self.get_empty(key, if_match).await;
        }
        let answer = call::interpret(GET, answer)?;
        let headers = headers.take();
        let total = answer.content_range().and_then(|range| range.rsplit('/').next()?.parse().ok());
        let head = ObjectHead {
            size: total.unwrap_or_else(|| size(answer.content_length())),
            etag: answer.e_tag().unwrap_or_default().to_owned(),
            modified_at: answer.last_modified().map(timestamp),
            crc64: headers.crc64,
        };
        let mut bytes = BytesMut::with_capacity(span.length(head.size).unwrap_or(0) as usize);
        let received = span.receive(answer.body, head.size, self.time_limits.silence(), &mut bytes).await;
        if let Err(error) = received {
            let rest = span.rest(head.size, bytes.len() as u64);
            if error.kind != ErrorKind::Unavailable || rest.is_empty() {
                return Err(error);
            }
            tracing::warn!(error = %Chain(&error), received = bytes.len(), "the rest of a body is asked for");
            self.get_rest(key, &head, rest, &mut bytes).await?;
        }
        Ok(Object { head, description: headers.description, bytes: bytes.freeze() })
    }

    /// Appends the rest of an object whose first bytes have come, if it is still the same object.
    async fn get_rest(
        &self,
        key: &ObjectKey,
        head: &ObjectHead,
        rest: Range<u64>,
        bytes: &mut BytesMut,
    ) -> Result<(), StorageError> {
        let span = Span::Range(rest);
        let request = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key.as_str())
            .if_match(&head.etag)
            .set_range(span.header());
        let answer = call::read(GET, Box::pin(request.send())).await?;
        let mut rest = BytesMut::new();
        span.receive(answer.body, head.size, self.time_limits.silence(), &mut rest).await?;
        bytes.extend_from_slice(&rest);
        Ok(())
    }

    /// Reads an object that has no first byte. Stores may say so before they look at the condition.
    async fn get_empty(&self, key: &ObjectKey, if_match: Option<&str>) -> Result<Object, StorageError> {
        let gone = || StorageError::new(ErrorKind::NotFound, GET, "the object is gone");
        let head = self.head(key).await?.ok_or_else(gone)?;
        let is_other = |etag| normalise_etag(etag) != normalise_etag(&head.etag);
        if head.size > 0 || if_match.is_some_and(is_other) {
            return Err(StorageError::new(ErrorKind::Conflict, GET, "the object was replaced"));
        }
        Ok(Object { head, description: Description::default(), bytes: Bytes::new() })
    }
}

/// Whether the object has no byte of the range.
fn is_unsatisfiable<E>(error: &SdkError<E>) -> bool {
    error.raw_response().is_some_and(|response| response.status().as_u16() == 416)
}

pub(crate) fn size(length: Option<i64>) -> u64 {
    u64::try_from(length.unwrap_or(0)).unwrap_or(0)
}

pub(crate) fn timestamp(time: &DateTime) -> Timestamp {
    Timestamp::from_unix_milliseconds(time.secs().unsigned_abs() * 1000)
}
