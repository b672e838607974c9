//! Reading consecutive chunks of an object.

use reqwest::header::CONTENT_RANGE;
use reqwest::{Response, StatusCode};
use sluice_domain::frames::decompress;
use sluice_domain::hash::ChunkId;

use super::download::Download;
use super::partial::Partial;
use super::plan::{Piece, Request, Wanted, WantedUnit};
use crate::backoff::Backoff;
use crate::bucket::{self, Failure};
use crate::error::{Error, Result};

/// So much is gathered before it is written.
const WRITE_BYTES: usize = 1 << 20;

/// How far requests came.
#[derive(Default)]
pub struct Outcome {
    /// The numbers of the chunks that did not arrive.
    pub missing: Vec<usize>,
    /// How many did.
    pub arrived: usize,
    /// Why the others did not: their URL has expired, or what it led to has moved.
    pub stale: Option<Error>,
}

impl Outcome {
    /// Both together.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.missing.extend(other.missing);
        Self { arrived: self.arrived + other.arrived, stale: self.stale.or(other.stale), ..self }
    }
}

/// A request on its way.
pub struct Reading<'a> {
    /// Whose.
    pub download: &'a Download<'a>,
    /// Where the bytes go.
    pub partial: &'a Partial,
    /// What is asked for.
    pub request: Request<'a>,
    /// How many units have arrived.
    pub arrived: usize,
}

/// Chunks that were checked and lie end to end in the version.
#[derive(Default)]
struct Batch {
    offset: u64,
    bytes: Vec<u8>,
}

impl Reading<'_> {
    /// Reads until all chunks have arrived, or a fresh URL is needed.
    pub async fn run(mut self) -> Result<Outcome> {
        let mut backoff = Backoff::patient();
        let mut damaged_at = None;
        while self.arrived < self.request.units.len() {
            let before = self.arrived;
            let Err(failure) = self.read().await? else { continue };
            if self.arrived > before {
                backoff.reset();
            }
            match failure {
                Failure::Transient(error, asked) => match backoff.next_delay(asked) {
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

    /// One attempt. What arrived of it stays.
    async fn read(&mut self) -> Result<Result<(), Failure>> {
        self.download.api.meter().add_request();
        let (before, after) = self.request.units.split_at(self.arrived);
        let start = self.request.start + length(before);
        let range = start..start + length(after);
        let term = self.request.term;
        let url = term.url.as_deref().unwrap_or_default();
        let mut response = match self.download.bucket.get(url, &term.headers, &range).await {
            Ok(response) => response,
            Err(failure) => return Ok(Err(failure)),
        };
        if !begins_at(&response, start) {
            let error = Error::UnexpectedAnswer("the store sends another range than asked for".to_owned());
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
                        self.download.api.meter().add_bucket_bytes(block.len() as u64);
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
                self.download.progress.add(chunk.len() as u64);
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

/// The length of units together, as they are stored, in bytes.
fn length(units: &[WantedUnit]) -> u64 {
    units.iter().map(|unit| u64::from(unit.stored_length)).sum()
}

/// The chunks that are wanted of a unit, taken out of it and checked; nothing if it does not hold them.
fn chunks(unit: &WantedUnit, stored: &[u8]) -> Option<Vec<(Piece, Vec<u8>)>> {
    let decoded = unit.decoded_length.map(|length| decompress(stored, length)).transpose().ok()?;
    let raw = decoded.as_deref().unwrap_or(stored);
    let take = |wanted: &Wanted| {
        let (start, chunk) = (wanted.within as usize, wanted.piece.chunk);
        let bytes = raw.get(start..start + chunk.length_bytes() as usize)?;
        (ChunkId::of(bytes) == chunk.id()).then(|| (wanted.piece, bytes.to_vec()))
    };
    unit.chunks.iter().map(take).collect()
}

/// Whether the body begins with this byte of the object; a server may ignore a range and send everything.
fn begins_at(response: &Response, start: u64) -> bool {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return start == 0;
    }
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let first = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next());
    first.and_then(|first| first.parse().ok()) == Some(start)
}
