//! What is sent of a file, and how the file is put together from it.

use sha2::Digest as _;
use sluice_contracts::packs::{ManifestTerm, PackManifest, PackReference};
use sluice_domain::chunk::Chunk;
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::manifest::MANIFEST_MAX_PACKS;
use sluice_domain::pack::{PACK_MAX_BYTES, PACK_MAX_CHUNKS};
use sluice_domain::part_plan::PartNumber;
use sluice_domain::upload::DeclaredPack;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::Path;

use super::known::{KnownChunks, Place};
use crate::error::{Error, Result};
use crate::put::item::Item;

/// A request's body is at most 1 MiB; the rest is for what stands around the manifest.
const MANIFEST_MAX_BYTES: usize = 900_000;

/// Chunks of the file that the account lacks, each once, as they are sent together.
#[derive(Debug, Clone, Default)]
pub struct Pack {
    size_bytes: u32,
    /// With where in the file each begins, in bytes.
    chunks: Vec<(u64, Chunk)>,
}

impl Pack {
    /// The ranges of the file in bytes that make the pack, end to end.
    pub fn ranges(&self) -> Vec<Range<u64>> {
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for (offset, chunk) in &self.chunks {
            let end = offset + u64::from(chunk.length_bytes());
            match ranges.last_mut() {
                Some(last) if last.end == *offset => last.end = end,
                _ => ranges.push(*offset..end),
            }
        }
        ranges
    }

    fn has_room_for(&self, chunk: &Chunk) -> bool {
        self.size_bytes + chunk.length_bytes() <= PACK_MAX_BYTES
            && self.chunks.len() < PACK_MAX_CHUNKS as usize
    }

    /// Reads and hashes the pack; nothing if the file does not hold these chunks any more.
    fn declare(&self, file: &mut File) -> io::Result<Option<DeclaredPack>> {
        let mut hasher = sha2::Sha256::new();
        let mut bytes = Vec::new();
        for (offset, chunk) in &self.chunks {
            bytes.resize(chunk.length_bytes() as usize, 0);
            file.seek(SeekFrom::Start(*offset))?;
            match file.read_exact(&mut bytes) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
                result => result?,
            }
            if ChunkId::of(&bytes) != chunk.id() {
                return Ok(None);
            }
            hasher.update(&bytes);
        }
        let sha256 = Sha256::from(<[u8; Sha256::LENGTH]>::from(hasher.finalize()));
        Ok(Some(DeclaredPack { size: self.size_bytes, sha256 }))
    }
}

/// A delta.
#[derive(Debug, Default)]
pub struct Draft {
    packs: Vec<Pack>,
    terms: Vec<ManifestTerm>,
    new_bytes: u64,
}

impl Draft {
    /// How the file of these chunks is sent as a delta; nothing if that saves less than a quarter of it or is beyond a
    /// limit.
    pub fn new(chunks: &[Chunk], mut known: KnownChunks) -> Option<Self> {
        let mut draft = Self::default();
        let (mut offset, mut next) = (0, None);
        for chunk in chunks {
            let place = known.find(chunk, next).unwrap_or_else(|| {
                let (pack, number) = draft.send(offset, *chunk);
                known.add(pack, number, &[*chunk]);
                (pack, number)
            });
            draft.append(place, chunk.length_bytes());
            next = Some((place.0, place.1 + 1));
            offset += u64::from(chunk.length_bytes());
        }
        (draft.new_bytes < offset / 4 * 3 && draft.is_within_limits()).then_some(draft)
    }

    /// Adds a chunk to what is sent.
    fn send(&mut self, offset: u64, chunk: Chunk) -> Place {
        if !self.packs.last().is_some_and(|pack| pack.has_room_for(&chunk)) {
            self.packs.push(Pack::default());
        }
        let number = self.packs.len() as u32;
        let pack = self.packs.last_mut().expect("one was added if there was none");
        pack.size_bytes += chunk.length_bytes();
        pack.chunks.push((offset, chunk));
        self.new_bytes += u64::from(chunk.length_bytes());
        (PackReference::Sent(number), pack.chunks.len() as u32 - 1)
    }

    /// Adds a chunk to the content, to the last term if it follows there.
    fn append(&mut self, (pack, number): Place, length: u32) {
        match self.terms.last_mut() {
            Some(last) if last.pack == pack && last.first_chunk + last.chunk_count == number => {
                last.chunk_count += 1;
                last.length += length;
            }
            _ => self.terms.push(ManifestTerm { pack, first_chunk: number, chunk_count: 1, length }),
        }
    }

    fn is_within_limits(&self) -> bool {
        let packs: HashSet<PackReference> = self.terms.iter().map(|term| term.pack).collect();
        packs.len() <= MANIFEST_MAX_PACKS
            && serde_json::to_vec(&self.manifest()).is_ok_and(|json| json.len() <= MANIFEST_MAX_BYTES)
    }

    /// The packs that are sent.
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// Their numbers.
    pub fn numbers(&self) -> Vec<PartNumber> {
        (1..=self.packs.len() as u32).filter_map(|number| PartNumber::try_from(number).ok()).collect()
    }

    /// Their size in bytes.
    pub fn new_bytes(&self) -> u64 {
        self.new_bytes
    }

    /// How the content is put together.
    pub fn manifest(&self) -> PackManifest {
        let lengths =
            |pack: &Pack| pack.chunks.iter().map(|(_, chunk)| chunk.length_bytes()).collect::<Vec<_>>();
        PackManifest { packs: self.packs.iter().map(lengths).collect(), terms: self.terms.clone() }
    }

    /// Reads what is sent once more, and hashes it as it is sent.
    pub async fn declare(&self, item: &Item) -> Result<Vec<DeclaredPack>> {
        let (local, packs) = (item.local.clone(), self.packs.clone());
        let declaring = tokio::task::spawn_blocking(move || declare(&local, &packs));
        let declared =
            declaring.await.map_err(io::Error::other).flatten().map_err(Error::local(&item.local))?;
        declared.ok_or_else(|| Error::FileChanged(item.local.clone()))
    }
}

fn declare(local: &Path, packs: &[Pack]) -> io::Result<Option<Vec<DeclaredPack>>> {
    let mut file = File::open(local)?;
    packs.iter().map(|pack| pack.declare(&mut file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::id::PackId;

    fn chunk(seed: u32) -> Chunk {
        Chunk::new(ChunkId::of(&seed.to_le_bytes()), 20_000).expect("a length within bounds")
    }

    fn chunks(seeds: impl IntoIterator<Item = u32>) -> Vec<Chunk> {
        seeds.into_iter().map(chunk).collect()
    }

    fn stored(number: u8) -> PackReference {
        PackReference::Stored(PackId::from_bytes([number; 16]))
    }

    fn term(pack: PackReference, first_chunk: u32, chunk_count: u32) -> ManifestTerm {
        ManifestTerm { pack, first_chunk, chunk_count, length: chunk_count * 20_000 }
    }

    #[test]
    fn new_chunks_are_sent_once_and_runs_are_followed() {
        let mut known = KnownChunks::default();
        known.add(stored(1), 100, &chunks([1, 2, 3, 4]));
        known.add(stored(2), 0, &chunks([9, 3, 9, 5, 6]));
        let content = chunks([1, 2, 77, 78, 3, 9, 5, 77, 78, 6, 4]);
        let draft = Draft::new(&content, known).expect("worth it");
        let sent = PackReference::Sent(1);
        let expected = [
            term(stored(1), 100, 2),
            term(sent, 0, 2),
            term(stored(1), 102, 1),
            term(stored(2), 0, 1),
            term(stored(2), 3, 1),
            term(sent, 0, 2),
            term(stored(2), 4, 1),
            term(stored(1), 103, 1),
        ];
        assert_eq!(draft.manifest().terms, expected);
        assert_eq!((draft.new_bytes(), draft.manifest().packs), (40_000, vec![vec![20_000, 20_000]]));
        assert_eq!(draft.packs()[0].ranges(), std::slice::from_ref(&(40_000..80_000)));
    }

    #[test]
    fn what_saves_too_little_or_refers_to_too_much_is_sent_whole() {
        let known_of = |seeds: std::ops::Range<u32>| {
            let mut known = KnownChunks::default();
            known.add(stored(1), 0, &chunks(seeds));
            known
        };
        assert!(Draft::new(&chunks(0..100), known_of(0..25)).is_none());
        assert!(Draft::new(&chunks(0..100), known_of(0..26)).is_some());

        let mut many = KnownChunks::default();
        for number in 0..91 {
            many.add(stored(number), 0, &chunks([number.into()]));
        }
        assert!(Draft::new(&chunks(0..90), known_of(0..90)).is_some());
        assert!(Draft::new(&chunks(0..91), many).is_none());
    }

    #[test]
    fn packs_keep_within_their_limits() {
        let mut known = KnownChunks::default();
        known.add(stored(1), 0, &chunks(0..2500));
        known.add(stored(2), 0, &chunks(2500..5000));
        let draft = Draft::new(&chunks(0..10_000), known).expect("worth it");
        let sizes: Vec<_> = draft.packs().iter().map(|pack| pack.size_bytes).collect();
        assert_eq!(sizes, [3355 * 20_000, 1645 * 20_000]);
        let declared: Vec<_> =
            sizes.iter().map(|size| DeclaredPack { size: *size, sha256: Sha256::of(b"") }).collect();
        assert_eq!(draft.manifest().check(&declared, 10_000 * 20_000), Ok(()));
    }
}
