//! Delivers the body of an answer, as slowly as a test wants.

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};
use http_body::Frame;
use http_body_util::StreamBody;
use std::convert::Infallible;
use std::time::Duration;

/// How the body of an answer comes, once its head has come.
#[derive(Debug)]
pub enum Delivery {
    AtOnce,
    After(Duration),
    HalfOnly,
}

impl Delivery {
    pub fn body(self, bytes: Bytes) -> SdkBody {
        match self {
            Self::AtOnce => SdkBody::from(bytes),
            Self::After(duration) => streamed(stream::once(async move {
                tokio::time::sleep(duration).await;
                bytes
            })),
            Self::HalfOnly => {
                let half = bytes.slice(..bytes.len() / 2);
                streamed(stream::iter([half]).chain(stream::pending()))
            }
        }
    }
}

fn streamed(pieces: impl Stream<Item = Bytes> + Send + Sync + 'static) -> SdkBody {
    SdkBody::from_body_1_x(StreamBody::new(pieces.map(|piece| Ok::<_, Infallible>(Frame::data(piece)))))
}
