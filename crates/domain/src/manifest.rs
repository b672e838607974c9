//! Encodes and decodes manifests: a blob as an ordered list of runs of chunks in packs.

use std::collections::{HashMap, HashSet};

use crate::binary::{Format, FormatError, Reader, Writer};
use crate::chunk::CHUNK_MAX_BYTES;
use crate::hash::Sha256;
use crate::id::PackId;
use crate::pack::{PACK_MAX_BYTES, PACK_MAX_CHUNKS};

const FORMAT: Format = Format { magic: *b"SLmf", version: 1 };
/// The shortest encoding of a term: four integers of one byte.
const TERM_MIN_BYTES: usize = 4;

/// A run of consecutive chunks of one pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term {
    /// The pack that contains the chunks.
    pub pack_id: PackId,
    /// The number of the first chunk in the pack, from 0.
    pub first_chunk: u32,
    /// Number of chunks, at least 1.
    pub chunk_count: u32,
    /// Total length of the chunks in bytes before compression.
    pub raw_length_bytes: u32,
}

impl Term {
    fn is_possible(&self) -> bool {
        let chunks = u64::from(self.first_chunk) + u64::from(self.chunk_count);
        let longest_bytes = u64::from(self.chunk_count) * u64::from(CHUNK_MAX_BYTES);
        self.chunk_count > 0
            && chunks <= u64::from(PACK_MAX_CHUNKS)
            && self.raw_length_bytes >= self.chunk_count
            && u64::from(self.raw_length_bytes) <= longest_bytes.min(u64::from(PACK_MAX_BYTES))
    }
}

/// A blob that was not adopted whole may refer to at most this many packs. One transaction publishes the blob
/// and takes all references, and `DynamoDB` allows 100 writes in one.
pub const MANIFEST_MAX_PACKS: usize = 90;

/// Appends a term. It is merged into the last one if the two cover consecutive chunks of one pack.
pub fn append(terms: &mut Vec<Term>, term: Term) {
    if let Some(last) = terms.last_mut()
        && last.pack_id == term.pack_id
        && last.first_chunk + last.chunk_count == term.first_chunk
    {
        last.chunk_count += term.chunk_count;
        last.raw_length_bytes += term.raw_length_bytes;
    } else {
        terms.push(term);
    }
}

/// The runs of chunks that make a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    size_bytes: u64,
    sha256: Sha256,
    terms: Vec<Term>,
}

/// Terms that do not make the blob, or bytes that are not a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The bytes are not a sealed manifest.
    #[error("manifest: {0}")]
    Format(#[from] FormatError),
    /// This term has no chunks, goes beyond the end of any pack, or has an impossible length.
    #[error("term {0} of the manifest names chunks or a length that no pack has")]
    ImpossibleTerm(usize),
    /// The terms do not add up to the size of the blob.
    #[error("the terms of the manifest do not add up to {size_bytes} bytes")]
    SizeMismatch {
        /// Expected total length of the terms in bytes.
        size_bytes: u64,
    },
    /// This term refers back to a pack that no earlier term names.
    #[error("term {0} of the manifest refers to no pack")]
    UnknownPack(usize),
    /// This term repeats the id of a pack instead of referring back to it.
    #[error("term {0} of the manifest repeats a pack id")]
    RepeatedPack(usize),
}

impl Manifest {
    /// The manifest of a blob with this size and SHA-256. An empty blob has no terms.
    ///
    /// # Errors
    /// If a term is impossible, or the terms do not add up to `size_bytes`.
    pub fn new(size_bytes: u64, sha256: Sha256, terms: Vec<Term>) -> Result<Self, ManifestError> {
        if let Some(number) = terms.iter().position(|term| !term.is_possible()) {
            return Err(ManifestError::ImpossibleTerm(number));
        }
        let total_bytes =
            terms.iter().try_fold(0u64, |total, term| total.checked_add(term.raw_length_bytes.into()));
        if total_bytes != Some(size_bytes) {
            return Err(ManifestError::SizeMismatch { size_bytes });
        }
        Ok(Self { size_bytes, sha256, terms })
    }

    /// Size of the blob in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// SHA-256 of the blob.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// The runs of chunks that make the blob, in order.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Encodes the manifest for [`Manifest::decode`], in about 24 bytes per term, or 8 if a term repeats a
    /// recent pack.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(FORMAT, self.terms.len() * 24 + 64);
        writer.varint(self.size_bytes);
        writer.bytes(self.sha256.as_bytes());
        writer.varint(self.terms.len() as u64);
        let mut introduced = HashMap::new();
        for term in &self.terms {
            let packs = introduced.len();
            let position = *introduced.entry(term.pack_id).or_insert(packs);
            writer.varint((packs - position) as u64);
            if position == packs {
                writer.bytes(term.pack_id.as_bytes());
            }
            writer.varint(term.first_chunk.into());
            writer.varint(term.chunk_count.into());
            writer.varint(term.raw_length_bytes.into());
        }
        writer.seal()
    }

    /// Decodes what [`Manifest::encode`] wrote. Allocates no more than a small multiple of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, ManifestError> {
        let mut reader = Reader::open(FORMAT, bytes)?;
        let size_bytes = reader.varint()?;
        let sha256 = Sha256::from(reader.array()?);
        let count = reader.count(TERM_MIN_BYTES)?;
        let mut terms = Vec::with_capacity(count);
        let mut packs = IntroducedPacks::default();
        for number in 0..count {
            terms.push(Term {
                pack_id: packs.read(&mut reader, number)?,
                first_chunk: reader.varint()?,
                chunk_count: reader.varint()?,
                raw_length_bytes: reader.varint()?,
            });
        }
        reader.finish()?;
        Self::new(size_bytes, sha256, terms)
    }
}

/// The packs that terms named so far, in order of their first use.
#[derive(Default)]
struct IntroducedPacks {
    in_order: Vec<PackId>,
    known: HashSet<PackId>,
}

impl IntroducedPacks {
    /// Reads the pack of the term `number`: 0 and a new id, or the distance back to a pack that was
    /// introduced before.
    fn read(&mut self, reader: &mut Reader, number: usize) -> Result<PackId, ManifestError> {
        let back: usize = reader.varint()?;
        if back > 0 {
            let position = self.in_order.len().checked_sub(back).ok_or(ManifestError::UnknownPack(number))?;
            return Ok(self.in_order[position]);
        }
        let pack_id = PackId::from_bytes(reader.array()?);
        if !self.known.insert(pack_id) {
            return Err(ManifestError::RepeatedPack(number));
        }
        self.in_order.push(pack_id);
        Ok(pack_id)
    }
}
