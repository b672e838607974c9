//! Sends all bytes of a file, in one PUT or in parts.

use super::context::PutContext;
use super::item::Item;
use super::prepare::Prepared;
use super::stage::Stage;
use super::{multipart, single};
use crate::error::Result;

/// Returns when the bytes are in the bucket.
pub async fn send(put: &PutContext, item: &Item, prepared: Prepared) -> Result<Stage> {
    match prepared {
        Prepared::Single(file) => single::send(put, item, &file).await,
        Prepared::Parts { memory, unfinished } => multipart::send(put, item, memory, unfinished).await,
    }
}
