//! One pass over the object: ranged reads overlap with hashing and chunking.

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use sluice_domain::content_pass::{ContentDigest, ContentPass};
use sluice_domain::upload::Upload;
use sluice_storage::StorageError;
use sluice_storage::bucket::ObjectHead;
use std::ops::Range;
use tokio::sync::SemaphorePermit;

use crate::checkpoint::{Checkpoint, Progress};
use crate::error::DedupError;
use crate::packs::Packs;
use crate::{App, TimeCheck};

/// How many bytes one read asks for.
pub const RANGE_BYTES: u64 = 8 << 20;

/// How many reads one object has in flight or waiting to be hashed.
const READS_AHEAD: usize = 3;

/// Below this many bytes, hashing is over sooner than handing it to another thread.
const INLINE_MAX_BYTES: usize = 256 << 10;

/// An object to read.
pub struct Scan<'a> {
    pub app: &'a App,
    pub upload: &'a Upload,
    pub head: &'a ObjectHead,
    pub out_of_time: &'a TimeCheck,
}

/// What was read.
pub enum Scanned {
    /// All of it.
    Whole(Box<Content>),
    /// As much as the time allowed.
    OutOfTime(Checkpoint),
}

/// A content that has been read to the end.
pub struct Content {
    pub digest: ContentDigest,
    pub packs: Packs,
    /// The multipart upload that copies it into the vault, once begun.
    pub copy_multipart_id: Option<String>,
}

impl Scan<'_> {
    /// Reads on from the checkpoint, or from the `first` bytes.
    pub async fn run(&self, checkpoint: Option<Checkpoint>, first: Bytes) -> Result<Scanned, DedupError> {
        let (mut pass, mut packs) = match checkpoint {
            None => (ContentPass::new(), Packs::new(self.upload)),
            Some(Checkpoint { packs, progress: Progress::Reading(pass), .. }) => (*pass, packs),
            Some(Checkpoint { packs, progress: Progress::Hashed { digest, copy_multipart_id }, .. }) => {
                return Ok(Scanned::Whole(Box::new(Content { digest, packs, copy_multipart_id })));
            }
        };
        if pass.offset_bytes() == 0 && !first.is_empty() {
            pass = self.hash(pass, first, &mut packs).await?;
        }
        let mut reads = stream::iter(ranges(pass.offset_bytes(), self.head.size))
            .map(|range| self.read(range))
            .buffered(READS_AHEAD);
        while let Some(read) = reads.next().await {
            if (self.out_of_time)() {
                drop(read);
                packs.save_closed(self.app).await?;
                let progress = Progress::Reading(Box::new(pass));
                return Ok(Scanned::OutOfTime(Checkpoint { etag: self.head.etag.clone(), packs, progress }));
            }
            let (bytes, _permit) = read?;
            pass = self.hash(pass, bytes, &mut packs).await?;
        }
        let (digest, last) = pass.finish();
        packs.add(last);
        Ok(Scanned::Whole(Box::new(Content { digest, packs, copy_multipart_id: None })))
    }

    async fn read(&self, range: Range<u64>) -> Result<(Bytes, SemaphorePermit<'_>), DedupError> {
        // Held until the bytes are hashed: this is what bounds the memory.
        let permit = self.app.ranges.acquire().await;
        let permit = permit.map_err(|closed| StorageError::unavailable("wait for memory", closed))?;
        let key = self.upload.landing_key().object_key();
        let bytes = self.app.landing.get_range(&key, &self.head.etag, range).await?;
        Ok((bytes, permit))
    }

    async fn hash(
        &self,
        mut pass: ContentPass,
        bytes: Bytes,
        packs: &mut Packs,
    ) -> Result<ContentPass, DedupError> {
        let (pass, closed) = if bytes.len() <= INLINE_MAX_BYTES {
            let closed = pass.update(&bytes);
            (pass, closed)
        } else {
            tokio::task::spawn_blocking(move || {
                let closed = pass.update(&bytes);
                (pass, closed)
            })
            .await?
        };
        packs.add(closed);
        packs.save_surplus(self.app).await?;
        Ok(pass)
    }
}

fn ranges(offset: u64, size: u64) -> impl Iterator<Item = Range<u64>> {
    (offset..size).step_by(RANGE_BYTES as usize).map(move |start| start..size.min(start + RANGE_BYTES))
}
