//! Copies the bytes of one object from store to store: at once, or in parts.

use backon::{Retryable as _, RetryableWithContext as _};
use bytes::Bytes;
use sha2::Digest as _;
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::PART_MAX_COUNT;
use sluice_packs::mover::Sent;
use sluice_packs::{crc64, crc64_of_both};
use sluice_storage::{
    CheckedUpload, ErrorKind, GetOptions, Object, ObjectHead, PutOptions, StorageError, Written,
};
use std::ops::Range;

use super::job::{Job, MEMORY_MIB};
use super::transfer::TransferError;
use crate::retries::RETRIES;

const PART_MIN_BYTES: u64 = 16 << 20;
const PART_LARGEST_BYTES: u64 = 64 << 20;

/// The length of the parts of an object, in bytes. Fails if the object has too many parts.
fn part_bytes(size: u64) -> Result<u64, TransferError> {
    let needed = size.div_ceil(PART_MAX_COUNT).div_ceil(1 << 20) << 20;
    if needed > PART_LARGEST_BYTES { Err(TransferError::TooLarge) } else { Ok(needed.max(PART_MIN_BYTES)) }
}

/// The checksums of the bytes that were sent so far.
struct Digests {
    length_bytes: u64,
    sha256: sha2::Sha256,
    crc64: u64,
}

impl Digests {
    /// Adds bytes, and returns their own CRC-64/XZ.
    async fn add(mut self, bytes: Bytes) -> Result<(Self, u64), TransferError> {
        let work = move || {
            let length_bytes = bytes.len() as u64;
            let of_bytes = crc64(&bytes);
            self.length_bytes += length_bytes;
            self.sha256.update(&bytes);
            self.crc64 = crc64_of_both(self.crc64, of_bytes, length_bytes);
            (self, of_bytes)
        };
        let computed = tokio::task::spawn_blocking(work).await;
        computed.map_err(|error| StorageError::unavailable("compute checksums", error).into())
    }

    fn new() -> Self {
        Self { length_bytes: 0, sha256: sha2::Sha256::new(), crc64: 0 }
    }

    fn finish(self) -> Sent {
        let sha256 = <[u8; Sha256::LENGTH]>::from(self.sha256.finalize()).into();
        Sent { length_bytes: self.length_bytes, sha256, crc64: self.crc64 }
    }
}

impl Job {
    /// Copies the object. Fails if it no longer has this head.
    pub(super) async fn send(
        &self,
        key: &ObjectKey,
        head: &ObjectHead,
        target_key: &ObjectKey,
    ) -> Result<(Written, Sent), TransferError> {
        let in_parts = head.size > self.parts_above;
        // While one part is sent, the next is read.
        let bytes_in_memory = if in_parts { 2 * part_bytes(head.size)? } else { head.size };
        let mebibytes = u32::try_from(bytes_in_memory >> 20).unwrap_or(MEMORY_MIB) + 1;
        let _memory = self.memory.acquire_many(mebibytes.min(MEMORY_MIB)).await;
        if in_parts {
            return self.send_in_parts(key, head, target_key).await;
        }
        self.pace.wait(head.size).await;
        let read = self.source.get(key, GetOptions::whole_of(head.size).if_match(&head.etag)).await;
        let Object { bytes, description, .. } = read.map_err(TransferError::of_source)?;
        let (digests, _) = Digests::new().add(bytes.clone()).await?;
        let sent = digests.finish();
        let options = PutOptions {
            sha256: Some(&sent.sha256),
            description: Some(&description),
            ..PutOptions::default()
        };
        let put = self.target.put(target_key, bytes, options).await;
        Ok((put?, sent))
    }

    async fn send_in_parts(
        &self,
        key: &ObjectKey,
        head: &ObjectHead,
        target_key: &ObjectKey,
    ) -> Result<(Written, Sent), TransferError> {
        let part_bytes = part_bytes(head.size)?;
        let first = self.read(key, head, 0..part_bytes.min(head.size)).await?;
        let begin = || CheckedUpload::begin(&self.target, target_key, &first.description);
        let mut upload = begin.retry(RETRIES).when(is_transient).await.map_err(of_step)?;
        let sent = async {
            let sent = self.send_parts(&mut upload, key, head, first.bytes).await?;
            let complete = || upload.complete();
            Ok((complete.retry(RETRIES).when(is_transient).await.map_err(of_step)?, sent))
        };
        match sent.await {
            Ok(done) => Ok(done),
            Err(error) => {
                let abort = || upload.abort();
                match abort.retry(RETRIES).when(is_transient).await {
                    // The upload was completed, or is gone.
                    Err(abort_error) if abort_error.kind != ErrorKind::NotFound => {
                        return Err(of_step(abort_error));
                    }
                    _ => {}
                }
                Err(error)
            }
        }
    }

    /// Sends one part after the other, and reads the next meanwhile.
    async fn send_parts(
        &self,
        upload: &mut CheckedUpload<'_>,
        key: &ObjectKey,
        head: &ObjectHead,
        first: Bytes,
    ) -> Result<Sent, TransferError> {
        let part_bytes = first.len() as u64;
        let mut part = first;
        let mut end = 0;
        let mut digests = Digests::new();
        loop {
            end += part.len() as u64;
            let (added, of_part) = digests.add(part.clone()).await?;
            digests = added;
            let (stored_crc64, next) = futures::try_join!(send_part(upload, part), async {
                match head.size.min(end + part_bytes) {
                    last if last == end => Ok(None),
                    last => self.read(key, head, end..last).await.map(Some),
                }
            })?;
            if stored_crc64.is_some_and(|stored_crc64| stored_crc64 != of_part) {
                return Err(TransferError::NotAsSent);
            }
            let Some(next) = next else { return Ok(digests.finish()) };
            part = next.bytes;
        }
    }

    async fn read(
        &self,
        key: &ObjectKey,
        head: &ObjectHead,
        range: Range<u64>,
    ) -> Result<Object, TransferError> {
        self.pace.wait(range.end - range.start).await;
        let read = || self.source.get(key, GetOptions::range(range.clone()).if_match(&head.etag));
        read.retry(RETRIES).when(is_transient).await.map_err(|error| match TransferError::of_source(error) {
            TransferError::Storage(error) => of_step(error),
            changed => changed,
        })
    }
}

async fn send_part(upload: &mut CheckedUpload<'_>, part: Bytes) -> Result<Option<u64>, TransferError> {
    let attempt = |upload| send_once(upload, part.clone());
    let (_, sent) = attempt.retry(RETRIES).context(upload).when(is_transient).await;
    sent.map_err(of_step)
}

/// Gives the upload back, so that the same call can be made again.
async fn send_once<'a, 'b>(
    upload: &'a mut CheckedUpload<'b>,
    part: Bytes,
) -> (&'a mut CheckedUpload<'b>, Result<Option<u64>, StorageError>) {
    let sent = upload.send(part).await;
    (upload, sent)
}

/// The error of a step that was repeated. Only an error that was not may repeat the whole copy.
fn of_step(error: StorageError) -> TransferError {
    if is_transient(&error) { TransferError::Step(error) } else { TransferError::Storage(error) }
}

fn is_transient(error: &StorageError) -> bool {
    matches!(error.kind, ErrorKind::Throttled | ErrorKind::Unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_parts_are_enough() {
        for (size, expected) in [(1, 16 << 20), (160_000 << 20, 16 << 20), (625 << 30, 64 << 20)] {
            let bytes = part_bytes(size).expect("a length");
            assert_eq!(bytes, expected, "{size}");
            assert!(size.div_ceil(bytes) <= PART_MAX_COUNT, "{size}");
        }
        assert!(matches!(part_bytes((625 << 30) + 1), Err(TransferError::TooLarge)));
    }

    #[tokio::test]
    async fn digests_of_parts_are_those_of_the_whole() {
        let (digests, of_first) = Digests::new().add(Bytes::from_static(b"1234")).await.expect("added");
        let (digests, _) = digests.add(Bytes::from_static(b"56789")).await.expect("added");
        let sent = digests.finish();
        assert_eq!((sent.sha256, sent.crc64), (Sha256::of(b"123456789"), 0x995D_C9BB_DF19_39FA));
        assert_eq!(of_first, crc64(b"1234"));
    }
}
