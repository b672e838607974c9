//! One pass over the object: ranged reads overlap with hashing and chunking.

use bytes::Bytes;
use sluice_domain::content_pass::{ContentDigest, ContentPass};
use sluice_domain::upload::Upload;
use sluice_storage::StorageError;
use sluice_storage::bucket::ObjectHead;
use std::collections::VecDeque;
use std::ops::Range;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::AbortOnDropHandle;

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

/// A range that has been read, and its share of the memory.
type Read = Result<(Bytes, OwnedSemaphorePermit), DedupError>;

/// What was read.
pub enum Scanned {
    /// All of it.
    Whole(Box<HashedObject>),
    /// As much as the time allowed.
    OutOfTime(Checkpoint),
}

/// A blob that has been read to the end.
pub struct HashedObject {
    pub digest: ContentDigest,
    pub packs: Packs,
    /// The multipart upload that copies it into the vault, once begun.
    pub copy_multipart_id: Option<String>,
}

impl Scan<'_> {
    /// Reads on from the checkpoint, or from the `first` bytes.
    pub async fn run(&self, checkpoint: Option<Checkpoint>, first: Bytes) -> Result<Scanned, DedupError> {
        let (mut pass, mut packs) = match checkpoint {
            None => (ContentPass::new(), Packs::new(self.upload, self.head)),
            Some(Checkpoint { packs, progress: Progress::Reading(pass), .. }) => (*pass, packs),
            Some(Checkpoint { packs, progress: Progress::Hashed { digest, copy_multipart_id }, .. }) => {
                return Ok(Scanned::Whole(Box::new(HashedObject { digest, packs, copy_multipart_id })));
            }
        };
        if pass.offset_bytes() == 0 && !first.is_empty() {
            pass = self.hash(pass, first, &mut packs).await?;
        }
        let mut ranges = ranges(pass.offset_bytes(), self.head.size).peekable();
        let mut reads = VecDeque::new();
        loop {
            while reads.len() < READS_AHEAD
                && ranges.peek().is_some()
                && let Some(permit) = self.permit(reads.is_empty()).await?
                && let Some(range) = ranges.next()
            {
                reads.push_back(self.read(range, permit));
            }
            let Some(read) = reads.pop_front() else { break };
            if (self.out_of_time)() {
                packs.save_closed(self.app, self.upload, None).await?;
                let progress = Progress::Reading(Box::new(pass));
                return Ok(Scanned::OutOfTime(Checkpoint { packs, progress }));
            }
            let (bytes, _permit) = read.await??;
            pass = self.hash(pass, bytes, &mut packs).await?;
        }
        let (digest, last) = pass.finish();
        packs.add(last);
        Ok(Scanned::Whole(Box::new(HashedObject { digest, packs, copy_multipart_id: None })))
    }

    /// A share of the memory for one range. Waits only for the `first`: an object that waited for more while it holds
    /// some could wait for another that does the same.
    async fn permit(&self, first: bool) -> Result<Option<OwnedSemaphorePermit>, DedupError> {
        let ranges = self.app.ranges.clone();
        if !first {
            return Ok(ranges.try_acquire_owned().ok());
        }
        let permit = ranges.acquire_owned().await;
        Ok(Some(permit.map_err(|closed| StorageError::unavailable("wait for memory", closed))?))
    }

    /// Begins to read a range, on a task of its own: it goes on while earlier ranges are hashed.
    fn read(&self, range: Range<u64>, permit: OwnedSemaphorePermit) -> AbortOnDropHandle<Read> {
        let (landing, etag) = (self.app.landing.clone(), self.head.etag.clone());
        let key = self.upload.landing_key().object_key();
        AbortOnDropHandle::new(tokio::spawn(async move {
            Ok((landing.get_range(&key, Some(&etag), range).await?, permit))
        }))
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
        packs.save_surplus(self.app, self.upload).await?;
        Ok(pass)
    }
}

fn ranges(offset: u64, size: u64) -> impl Iterator<Item = Range<u64>> {
    (offset..size).step_by(RANGE_BYTES as usize).map(move |start| start..size.min(start + RANGE_BYTES))
}
