//! Reads consecutive chunks of an object, checks each, and writes them to the partial file.

use backon::BackoffBuilder as _;
use reqwest::header::CONTENT_RANGE;
use reqwest::{Response, StatusCode};
use sluice_domain::frames::decompress;
use sluice_domain::hash::ChunkId;

use super::partial::Partial;
use super::plan::{Piece, Request, WantedChunk, WantedUnit};
use crate::api::Api;
use crate::backoff::{self, at_least};
use crate::bucket::{self, Bucket, Failure};
use crate::error::{Error, Result};
use crate::progress::FileProgress;

/// How many bytes are gathered before they are written.
const WRITE_BYTES: usize = 1 << 20;

/// What one or several requests achieved.
#[derive(Default)]
pub struct Outcome {
    /// The numbers of the chunks that did not arrive.
    pub missing: Vec<usize>,
    /// How many units arrived.
    pub arrived: usize,
    /// Why chunks are missing: the URL expired, or the pack was moved.
    pub stale: Option<Error>,
}

impl Outcome {
    #[must_use]
    pub fn merged_with(mut self, other: Self) -> Self {
        self.missing.extend(other.missing);
        Self { arrived: self.arrived + other.arrived, stale: self.stale.or(other.stale), ..self }
    }
}

/// A request, and how much of it has arrived.
pub struct Reading<'a> {
    /// A client that counts calls and bytes for this file only.
    pub api: &'a Api,
    pub bucket: &'a Bucket,
    pub progress: &'a FileProgress,
    pub partial: &'a Partial,
    pub request: Request<'a>,
    /// The number of units that have arrived.
    pub arrived: usize,
}

/// Consecutive bytes of the version that were checked and have yet to be written.
#[derive(Default)]
struct Batch {
    offset: u64,
    bytes: Vec<u8>,
}

impl Reading<'_> {
    /// Reads until all chunks have arrived or a fresh URL is needed.
    pub async fn run(mut self) -> Result<Outcome> {
        let mut delays = backoff::LONG.build();
        let mut damaged_at = None;
        while self.arrived < self.request.units.len() {
            let before = self.arrived;
            let Err(failure) = self.read().await? else { continue };
            if self.arrived > before {
                delays = backoff::LONG.build();
            }
            match failure {
                Failure::Transient(error, asked) => match at_least(asked, delays.next()) {
                    Some(delay) => tokio::time::sleep(delay).await,
                    None => return Ok(self.outcome(Some(error))),
                },
                Failure::Damaged(_) if damaged_at != Some(self.arrived) => damaged_at = Some(self.arrived),
                Failure::Damaged(error) | Failure::Forbidden(error) | Failure::Gone(error) => {
                    return Ok(self.outcome(Some(error)));
                }
                Failure::Final(error) => return Err(error),
            }
        }
        Ok(self.outcome(None))
    }

    fn outcome(self, stale: Option<Error>) -> Outcome {
        let left = self.request.units[self.arrived..].iter().flat_map(|unit| &unit.chunks);
        let missing = left.map(|chunk| chunk.number).collect();
        Outcome { missing, arrived: self.arrived, stale }
    }

    /// Makes one attempt. Chunks that arrive count even if the attempt fails.
    async fn read(&mut self) -> Result<Result<(), Failure>> {
        self.api.meter().add_request();
        let (before, after) = self.request.units.split_at(self.arrived);
        let start = self.request.start + length(before);
        let range = start..start + length(after);
        let object = self.request.object;
        let mut response = match self.bucket.get(&object.url, &object.headers, &range).await {
            Ok(response) => response,
            Err(failure) => return Ok(Err(failure)),
        };
        if !begins_at(&response, start) {
            let error = Error::UnexpectedAnswer("the store sends a range that was not asked for".to_owned());
            return Ok(Err(Failure::Final(error)));
        }
        let mut batch = Batch::default();
        let received = self.receive(&mut response, &mut batch).await?;
        self.flush(&mut batch).await?;
        Ok(received)
    }

    async fn receive(&mut self, response: &mut Response, batch: &mut Batch) -> Result<Result<(), Failure>> {
        let mut bytes = Vec::new();
        while let Some(unit) = self.request.units.get(self.arrived) {
            let length = unit.stored_length as usize;
            while bytes.len() < length {
                match bucket::next_block(response).await {
                    Ok(Some(block)) => {
                        self.api.meter().add_bucket_bytes(block.len() as u64);
                        bytes.extend_from_slice(&block);
                    }
                    Ok(None) => return Ok(Err(bucket::cut_short(response.url()))),
                    Err(failure) => return Ok(Err(failure)),
                }
            }
            let Some(chunks) = chunks(unit, &bytes[..length]) else {
                let at = unit.chunks.first().map_or(0, |chunk| chunk.piece.offset);
                return Ok(Err(Failure::Damaged(Error::CorruptAt(at))));
            };
            for (piece, chunk) in &chunks {
                let follows = batch.offset + batch.bytes.len() as u64 == piece.offset;
                if !follows || batch.bytes.len() >= WRITE_BYTES {
                    self.flush(batch).await?;
                    batch.offset = piece.offset;
                }
                batch.bytes.extend_from_slice(chunk);
                self.progress.add(chunk.len() as u64);
            }
            bytes.drain(..length);
            self.arrived += 1;
        }
        Ok(Ok(()))
    }

    async fn flush(&self, batch: &mut Batch) -> Result<()> {
        if batch.bytes.is_empty() {
            return Ok(());
        }
        self.partial.write(batch.offset, std::mem::take(&mut batch.bytes)).await
    }
}

/// The total length of the units in the object, in bytes.
fn length(units: &[WantedUnit]) -> u64 {
    units.iter().map(|unit| u64::from(unit.stored_length)).sum()
}

/// Takes the wanted chunks from a unit and checks them. None if the unit does not hold them.
fn chunks(unit: &WantedUnit, stored: &[u8]) -> Option<Vec<(Piece, Vec<u8>)>> {
    let decoded = unit.decoded_length.map(|length| decompress(stored, length)).transpose().ok()?;
    let raw = decoded.as_deref().unwrap_or(stored);
    let take = |wanted: &WantedChunk| {
        let start = wanted.within as usize;
        let chunk = wanted.piece.chunk;
        let bytes = raw.get(start..start + chunk.length_bytes() as usize)?;
        (ChunkId::of(bytes) == chunk.id()).then(|| (wanted.piece, bytes.to_vec()))
    };
    unit.chunks.iter().map(take).collect()
}

/// Whether the body begins at this byte of the object. A server may ignore the range and send the whole
/// object.
fn begins_at(response: &Response, start: u64) -> bool {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return start == 0;
    }
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let first = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next());
    first.and_then(|first| first.parse().ok()) == Some(start)
}
