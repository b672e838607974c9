//! Turns a panic of the work on one message into an error, so that the others of its batch go on.

use futures::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;

use crate::message::ProcessError;
use crate::metrics::{self, Metric};

/// The work on a message panicked.
#[derive(Debug, thiserror::Error)]
#[error("the worker panicked: {0}")]
pub struct Panicked(String);

impl ProcessError for Panicked {
    /// Other messages of the batch, or a service's answer, may have been the cause.
    fn is_permanent(&self) -> bool {
        false
    }

    fn code(&self) -> &'static str {
        "panicked"
    }
}

impl From<Panicked> for Box<dyn ProcessError> {
    fn from(panicked: Panicked) -> Self {
        Box::new(panicked)
    }
}

/// Does a part of the work. What outlives a panic is behind locks that are not poisoned, and every write can
/// be repeated.
pub async fn catch_panic<T, E: From<Panicked>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|payload| {
        metrics::write(&[Metric::count("Panics", 1)]);
        Err(Panicked(text(&*payload)).into())
    })
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no text").to_owned()
}
