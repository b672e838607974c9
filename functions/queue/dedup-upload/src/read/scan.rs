//! Reads an object from start to end. Ranged reads overlap with hashing and chunking.

use bytes::Bytes;
use sluice_domain::content_pass::ContentPass;
use sluice_domain::time::TimeCheck;
use sluice_domain::upload::Upload;
use sluice_storage::{GetOptions, ObjectHead, StorageError};
use std::collections::VecDeque;
use std::ops::Range;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::AbortOnDropHandle;

use super::checkpoint::Checkpoint;
use super::cut_packs::CutPacks;
use super::hashed_object::HashedObject;
use crate::app::{App, RANGE_BYTES};
use crate::error::DedupError;

/// How many ranges of one object are being read or wait to be hashed.
const READS_AHEAD: usize = 3;

/// Up to this many bytes, hashing takes less time than handing the bytes to another thread.
const INLINE_MAX_BYTES: usize = 256 << 10;

/// An object to read.
pub struct Scan<'a> {
    pub app: &'a App,
    pub upload: &'a Upload,
    pub head: &'a ObjectHead,
    pub out_of_time: &'a TimeCheck,
}

/// A range that was read, with its memory permit.
type RangeRead = Result<(Bytes, OwnedSemaphorePermit), DedupError>;

pub enum Scanned {
    Complete(Box<HashedObject>),
    OutOfTime(Checkpoint),
}

impl Scan<'_> {
    /// Resumes from the checkpoint, or starts with the `first` bytes.
    pub async fn run(&self, checkpoint: Option<Checkpoint>, first: Bytes) -> Result<Scanned, DedupError> {
        let (mut pass, mut packs) = match checkpoint {
            None => (ContentPass::new(), CutPacks::new(self.upload, self.head)),
            Some(Checkpoint::Reading { packs, pass }) => (*pass, packs),
            Some(Checkpoint::Hashed(hashed)) => return Ok(Scanned::Complete(hashed)),
        };
        if pass.offset_bytes() == 0 && !first.is_empty() {
            pass = self.hash(pass, first, &mut packs).await?;
        }
        let mut ranges = ranges(pass.offset_bytes(), self.head.size).peekable();
        let mut reads = VecDeque::new();
        loop {
            while reads.len() < READS_AHEAD
                && ranges.peek().is_some()
                && let Some(permit) = self.permit(reads.len()).await?
                && let Some(range) = ranges.next()
            {
                reads.push_back(self.read(range, permit));
            }
            let Some(read) = reads.pop_front() else { break };
            if (self.out_of_time)() {
                packs.look_up_and_save(self.app, self.upload).await?;
                return Ok(Scanned::OutOfTime(Checkpoint::Reading { packs, pass: Box::new(pass) }));
            }
            let (bytes, _permit) = read.await??;
            pass = self.hash(pass, bytes, &mut packs).await?;
        }
        let (digest, last) = pass.finish();
        packs.add(self.upload, last);
        Ok(Scanned::Complete(Box::new(HashedObject::new(digest, packs))))
    }

    /// Takes a memory permit for one range. Waits only if it holds none: two objects that each hold permits
    /// and wait for more could wait for each other.
    async fn permit(&self, held_count: usize) -> Result<Option<OwnedSemaphorePermit>, DedupError> {
        let permits = self.app.range_permits.clone();
        if held_count > 0 {
            return Ok(permits.try_acquire_owned().ok());
        }
        let permit = permits.acquire_owned().await;
        Ok(Some(permit.map_err(|closed| StorageError::unavailable("wait for memory", closed))?))
    }

    /// Starts to read a range, in a task of its own, so that reading continues while earlier ranges are
    /// hashed.
    fn read(&self, range: Range<u64>, permit: OwnedSemaphorePermit) -> AbortOnDropHandle<RangeRead> {
        let landing = self.app.landing.clone();
        let etag = self.head.etag.clone();
        let key = self.upload.landing_key().object_key();
        AbortOnDropHandle::new(tokio::spawn(async move {
            let object = landing.get(&key, GetOptions::range(range).if_match(&etag)).await?;
            Ok((object.bytes, permit))
        }))
    }

    async fn hash(
        &self,
        mut pass: ContentPass,
        bytes: Bytes,
        packs: &mut CutPacks,
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
        packs.add(self.upload, closed);
        packs.save_surplus(self.app, self.upload).await?;
        Ok(pass)
    }
}

fn ranges(offset: u64, size: u64) -> impl Iterator<Item = Range<u64>> {
    (offset..size).step_by(RANGE_BYTES as usize).map(move |start| start..size.min(start + RANGE_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_each_other_up_to_the_end() {
        let size = 2 * RANGE_BYTES + 1;
        assert_eq!(ranges(5, size).collect::<Vec<_>>(), [5..RANGE_BYTES + 5, RANGE_BYTES + 5..size]);
        assert_eq!(ranges(size, size).count(), 0);
    }
}
