//! Drafts a delta: which chunks to send in which packs, and the manifest that assembles the file.

use sluice_contracts::packs::{ManifestTerm, PackManifest, PackReference};
use sluice_domain::chunk::Chunk;
use sluice_domain::manifest::MANIFEST_MAX_PACKS;
use sluice_domain::part_plan::PartNumber;
use sluice_domain::upload::DeclaredPack;
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::Path;

use super::chunk_locations::{ChunkLocation, ChunkLocations};
use crate::error::{Error, Result};
use crate::put::item::Item;
use crate::put::pack::Pack;

/// A request body has at most 1 MiB; the rest is for the fields around the manifest.
const MANIFEST_MAX_BYTES: usize = 900_000;

/// A delta that has not been sent yet.
#[derive(Debug, Default)]
pub struct Draft {
    packs: Vec<Pack>,
    terms: Vec<ManifestTerm>,
    new_bytes: u64,
}

impl Draft {
    /// Drafts a delta of the file with these chunks. Returns `None` if the delta would save less than a
    /// quarter of the bytes or exceed a limit.
    pub fn new(chunks: &[Chunk], mut locations: ChunkLocations) -> Option<Self> {
        let mut draft = Self::default();
        let mut offset = 0;
        let mut next = None;
        for chunk in chunks {
            let location = locations.find(chunk, next).unwrap_or_else(|| {
                let sent = draft.add_new(offset, *chunk);
                locations.add(sent.pack, sent.number, &[*chunk]);
                sent
            });
            draft.append_term(location, chunk.length_bytes());
            next = Some(location.next());
            offset += u64::from(chunk.length_bytes());
        }
        (draft.new_bytes < offset / 4 * 3 && draft.is_within_limits()).then_some(draft)
    }

    /// Adds a chunk to the packs that are sent.
    fn add_new(&mut self, offset: u64, chunk: Chunk) -> ChunkLocation {
        if !self.packs.last().is_some_and(|pack| pack.has_room_for(&chunk)) {
            self.packs.push(Pack::default());
        }
        let pack_number = self.packs.len() as u32;
        let pack = self.packs.last_mut().expect("one was added if there was none");
        let number = pack.push(offset, chunk);
        self.new_bytes += u64::from(chunk.length_bytes());
        ChunkLocation { pack: PackReference::Sent(pack_number), number }
    }

    /// Adds a chunk to the manifest: to the last term if it continues that run, otherwise as a new term.
    fn append_term(&mut self, location: ChunkLocation, length: u32) {
        let ChunkLocation { pack, number } = location;
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

    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// The numbers of the packs, as part numbers of the upload.
    pub fn numbers(&self) -> Vec<PartNumber> {
        (1..=self.packs.len() as u32).filter_map(|number| PartNumber::try_from(number).ok()).collect()
    }

    /// The size of all packs in bytes.
    pub fn new_bytes(&self) -> u64 {
        self.new_bytes
    }

    pub fn manifest(&self) -> PackManifest {
        PackManifest {
            packs: self.packs.iter().map(Pack::chunk_lengths).collect(),
            terms: self.terms.clone(),
        }
    }

    /// Reads the chunks of the packs again, and hashes each pack.
    pub async fn declare(&self, item: &Item) -> Result<Vec<DeclaredPack>> {
        let source = item.source().to_owned();
        let packs = self.packs.clone();
        let declaring = tokio::task::spawn_blocking(move || declare(&source, &packs));
        let declared =
            declaring.await.map_err(io::Error::other).flatten().map_err(Error::local(&item.local))?;
        declared.ok_or_else(|| Error::FileChanged(item.local.clone()))
    }
}

fn declare(source: &Path, packs: &[Pack]) -> io::Result<Option<Vec<DeclaredPack>>> {
    let mut file = File::open(source)?;
    packs.iter().map(|pack| pack.declare(&mut file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::hash::{ChunkId, Sha256};
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
        let mut locations = ChunkLocations::default();
        locations.add(stored(1), 100, &chunks([1, 2, 3, 4]));
        locations.add(stored(2), 0, &chunks([9, 3, 9, 5, 6]));
        let file = chunks([1, 2, 77, 78, 3, 9, 5, 77, 78, 6, 4]);
        let draft = Draft::new(&file, locations).expect("worth it");
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
    fn a_delta_that_saves_too_little_or_refers_to_too_many_packs_is_not_drafted() {
        let locations_of = |seeds: std::ops::Range<u32>| {
            let mut locations = ChunkLocations::default();
            locations.add(stored(1), 0, &chunks(seeds));
            locations
        };
        assert!(Draft::new(&chunks(0..100), locations_of(0..25)).is_none());
        assert!(Draft::new(&chunks(0..100), locations_of(0..26)).is_some());

        let mut many = ChunkLocations::default();
        for number in 0..91 {
            many.add(stored(number), 0, &chunks([number.into()]));
        }
        assert!(Draft::new(&chunks(0..90), locations_of(0..90)).is_some());
        assert!(Draft::new(&chunks(0..91), many).is_none());
    }

    #[test]
    fn packs_keep_within_their_limits() {
        let mut locations = ChunkLocations::default();
        locations.add(stored(1), 0, &chunks(0..2500));
        locations.add(stored(2), 0, &chunks(2500..5000));
        let draft = Draft::new(&chunks(0..10_000), locations).expect("worth it");
        let sizes: Vec<u32> = draft.packs().iter().map(|pack| pack.chunk_lengths().iter().sum()).collect();
        assert_eq!(sizes, [3355 * 20_000, 1645 * 20_000]);
        let declared: Vec<_> =
            sizes.iter().map(|size| DeclaredPack { size: *size, sha256: Sha256::of(b"") }).collect();
        assert_eq!(draft.manifest().check(&declared, 10_000 * 20_000), Ok(()));
    }
}
