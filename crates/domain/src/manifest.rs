//! Content as an ordered list of runs of chunks in packs, and the bytes it is stored as.

use std::collections::{HashMap, HashSet};

use crate::binary::{Format, FormatError, Reader, Writer};
use crate::chunk::CHUNK_MAX_BYTES;
use crate::hash::Sha256;
use crate::id::PackId;
use crate::pack::{PACK_MAX_BYTES, PACK_MAX_CHUNKS};

const FORMAT: Format = Format { magic: *b"SLmf", version: 1 };
/// The shortest a term is stored as: four integers of one byte.
const TERM_MIN_BYTES: usize = 4;

/// A run of consecutive chunks of one pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term {
    /// The pack.
    pub pack_id: PackId,
    /// The number of the first chunk in the pack, from 0.
    pub first_chunk: u32,
    /// How many chunks, at least 1.
    pub chunk_count: u32,
    /// Their length together before compression.
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

/// The most packs that a content may consist of which was not adopted whole: their references are taken in the one
/// transaction that publishes it, and `DynamoDB` allows 100 writes in one.
pub const MANIFEST_MAX_PACKS: usize = 90;

/// Adds a term, as part of the one before it where the two say consecutive chunks of a pack.
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

/// How to put a content together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    size_bytes: u64,
    sha256: Sha256,
    terms: Vec<Term>,
}

/// Terms that do not make the content, or bytes that are not a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The bytes are malformed.
    #[error("manifest: {0}")]
    Format(#[from] FormatError),
    /// A term without chunks, beyond the end of any pack, or of a length its chunks cannot have.
    #[error("term {0} of the manifest names chunks or a length that no pack has")]
    ImpossibleTerm(usize),
    /// The terms are longer or shorter together than the content.
    #[error("the terms of the manifest do not add up to {size_bytes} bytes")]
    SizeMismatch {
        /// What they should add up to.
        size_bytes: u64,
    },
    /// A term names a pack that no earlier term has named.
    #[error("term {0} of the manifest refers to no pack")]
    UnknownPack(usize),
    /// A term spells out the id of a pack that an earlier term has named.
    #[error("term {0} of the manifest repeats a pack id")]
    RepeatedPack(usize),
}

impl Manifest {
    /// The manifest of the content `sha256` of `size_bytes`, which `terms` must add up to; an empty content has none.
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

    /// The content's length.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The content's name.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// What the content consists of, in order.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The bytes that [`Manifest::decode`] reads: about 24 per term, or 8 where a term repeats a recent pack.
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

    /// Reads what [`Manifest::encode`] wrote. Allocates no more than a small multiple of `bytes`.
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

/// The packs that terms have named so far, in the order of their first naming.
#[derive(Default)]
struct IntroducedPacks {
    in_order: Vec<PackId>,
    known: HashSet<PackId>,
}

impl IntroducedPacks {
    /// Reads the pack of term `number`: 0 and a new id, or how many packs back it was introduced.
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
