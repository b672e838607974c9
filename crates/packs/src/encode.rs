//! Reads a whole pack, checks every chunk, and encodes it as it will be stored.

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::blob::{Encoding, Pack};
use sluice_domain::chunk::Chunk;
use sluice_domain::extent::Extent;
use sluice_domain::frames::{Frame, FrameTable, compress, cut_frames, seek_table};
use sluice_domain::id::PackId;
use sluice_domain::pack_index::PackIndex;
use sluice_storage::stores::PackBuckets;
use std::ops::Range;

use crate::error::PackError;
use crate::pace::Pace;
use crate::read::{check, read_stored};

/// The encoding of a moved pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The one that it has.
    Unchanged,
    /// Zstandard, if it is not compressed yet.
    Compressed,
}

/// The size of a piece in raw bytes. A piece is read and encoded as one.
const PIECE_BYTES: u64 = 4 << 20;

const READS_AHEAD: usize = 2;

/// How many pieces are encoded at once: as many as the largest function has processors.
const PIECES_IN_WORK: usize = 2;

/// How many pieces of a pack are read ahead, and processed, if its encoding stays. Several packs are moved at
/// once, which keeps stores and processors busy.
const UNCHANGED_PIECES: usize = 1;

/// The most bytes of a pack in memory while it is moved with its encoding, not counting the new object.
pub const IN_TRANSIT_BYTES: u64 = PIECE_BYTES * 2 * UNCHANGED_PIECES as u64;

/// A pack as it will be stored.
pub(crate) struct EncodedPack {
    pub bytes: Bytes,
    pub encoding: Encoding,
    pub frames: Option<FrameTable>,
}

/// Whole frames: those that the pack has or will have.
pub(crate) struct Piece {
    frames: Vec<Range<usize>>,
    pub extent: Extent,
}

pub(crate) struct EncodedPiece {
    bytes: Bytes,
    /// Each frame, and its raw length in bytes.
    frames: Vec<(Frame, u32)>,
}

/// Reads and encodes a pack. Holds the encoded pack and a few pieces in memory.
pub(crate) async fn encode(
    buckets: &PackBuckets,
    pack: &Pack,
    index: &PackIndex,
    form: Form,
    bandwidth: &Pace,
) -> Result<EncodedPack, PackError> {
    let form = if pack.placement.encoding == Encoding::Raw { form } else { Form::Unchanged };
    let compresses = form == Form::Compressed;
    let pieces = pieces(pack, index).ok_or(PackError::NoSuchChunks(pack.pack_id))?;
    let (reads_ahead, in_work) =
        if compresses { (READS_AHEAD, PIECES_IN_WORK) } else { (UNCHANGED_PIECES, UNCHANGED_PIECES) };
    let mut encoded = stream::iter(pieces)
        .map(|piece| async move {
            bandwidth.wait(piece.extent.range.end - piece.extent.range.start).await;
            let stored = read_stored(buckets, &pack.placement, &piece.extent).await?;
            Ok::<_, PackError>((piece, stored))
        })
        .buffered(reads_ahead)
        .map_ok(|(piece, stored)| {
            let pack_id = pack.pack_id;
            let index = index.clone();
            async move {
                let work = move || piece.encode(pack_id, &index, stored, form);
                let encoded = tokio::task::spawn_blocking(work).await;
                encoded.map_err(|error| PackError::Compressor(error.to_string()))?
            }
        })
        .try_buffered(in_work);
    // Incompressible bytes become a little longer.
    let mut bytes = Vec::with_capacity(if compresses { 0 } else { pack.placement.length as usize });
    let mut frames = Vec::new();
    while let Some(piece) = encoded.try_next().await? {
        bytes.extend_from_slice(&piece.bytes);
        frames.extend(piece.frames);
    }
    if !compresses && pack.placement.encoding == Encoding::Raw {
        return Ok(EncodedPack { bytes: bytes.into(), encoding: Encoding::Raw, frames: None });
    }
    bytes.extend(seek_table(frames.iter().map(|(frame, raw)| (frame.stored_length_bytes, *raw))));
    let table = FrameTable::new(frames.into_iter().map(|(frame, _)| frame).collect());
    let table = table.map_err(|error| PackError::Frame { pack: pack.pack_id, error })?;
    Ok(EncodedPack { bytes: bytes.into(), encoding: Encoding::Zstd, frames: Some(table) })
}

/// Cuts the pack into pieces. Nothing if its placement contradicts its index.
pub(crate) fn pieces(pack: &Pack, index: &PackIndex) -> Option<Vec<Piece>> {
    let frames = match &pack.placement.frames {
        Some(table) => {
            let mut start = 0;
            let ranges = table.frames().iter().map(|frame| {
                let range = start..start + frame.chunk_count as usize;
                start = range.end;
                range
            });
            ranges.collect()
        }
        None => cut_frames(index.chunks()),
    };
    if frames.last().map(|frame| frame.end) != Some(index.chunks().len()) {
        return None;
    }
    let mut pieces = Vec::new();
    let mut rest = &frames[..];
    while let Some(first) = rest.first() {
        let fits = |frame: &&Range<usize>| {
            let range = index.raw_range(first.start as u32, (frame.end - first.start) as u32);
            range.is_some_and(|range| range.end - range.start <= PIECE_BYTES)
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (taken, after) = rest.split_at(count);
        let chunks = first.start..taken[count - 1].end;
        let extent = pack.placement.extent(index, chunks.start as u32, chunks.len() as u32)?;
        pieces.push(Piece { frames: taken.to_vec(), extent });
        rest = after;
    }
    Some(pieces)
}

impl Piece {
    /// Checks every chunk of the piece, and compresses it or leaves it as it is.
    pub(crate) fn encode(
        &self,
        pack: PackId,
        index: &PackIndex,
        stored: Bytes,
        form: Form,
    ) -> Result<EncodedPiece, PackError> {
        let raw = self.extent.decode(stored.clone()).map_err(|error| PackError::Frame { pack, error })?;
        let first = self.frames[0].start;
        let end = self.frames[self.frames.len() - 1].end;
        check(pack, first as u32, &index.chunks()[first..end], &raw)?;
        if form == Form::Unchanged {
            let kept = self.frames.iter().zip(&self.extent.frames).map(|(chunks, frame)| {
                let stored_length_bytes = frame.stored_length_bytes;
                (Frame { chunk_count: chunks.len() as u32, stored_length_bytes }, frame.raw_length_bytes)
            });
            return Ok(EncodedPiece { frames: kept.collect(), bytes: stored });
        }
        let mut bytes = Vec::new();
        let mut frames = Vec::new();
        let mut rest = &raw[..];
        for chunks in &self.frames {
            let length = index.chunks()[chunks.clone()].iter().map(Chunk::length_bytes).sum::<u32>();
            let (frame, after) = rest.split_at(length as usize);
            let packed = compress(frame).map_err(|error| PackError::Compressor(error.to_string()))?;
            let stored_length_bytes = packed.len() as u32;
            frames.push((Frame { chunk_count: chunks.len() as u32, stored_length_bytes }, length));
            bytes.extend(packed);
            rest = after;
        }
        Ok(EncodedPiece { bytes: bytes.into(), frames })
    }
}
