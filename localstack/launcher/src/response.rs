//! The type of every response that the launcher's HTTP server gives.

use std::error::Error;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::Response;
use hyper::body::Body;

pub(crate) type BoxedResponse = Response<BoxedBody>;
pub(crate) type BoxedBody = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// Erases the body's type.
pub(crate) fn boxed<B>(body: B) -> BoxedBody
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    body.map_err(Into::into).boxed_unsync()
}
