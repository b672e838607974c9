//! Generates content and chunks from small seeds, so that a failing case is short.
#![allow(dead_code)]

use proptest::prelude::*;
use sluice_domain::chunk::{CHUNK_MAX_BYTES, Chunk};
use sluice_domain::hash::ChunkId;
use sluice_domain::pack::PackDraft;

/// `length` bytes of BLAKE3's extended output for `seed`.
pub fn random_bytes(seed: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(seed).finalize_xof().fill(&mut bytes);
    bytes
}

/// Content of random, constant and repeating stretches, up to about a MiB.
pub fn content() -> impl Strategy<Value = Vec<u8>> {
    let stretch = (0..3u8, any::<u64>(), prop_oneof![0..300usize, 0..300_000usize]);
    prop::collection::vec(stretch, 0..5).prop_map(|stretches| {
        let of = |(kind, seed, length): (u8, u64, usize)| match kind {
            0 => random_bytes(&seed.to_le_bytes(), length),
            1 => vec![seed as u8; length],
            _ => random_bytes(&seed.to_le_bytes(), 1000).into_iter().cycle().take(length).collect(),
        };
        stretches.into_iter().flat_map(of).collect()
    })
}

/// Lengths of the blocks in which content arrives; repeated until it is complete.
pub fn block_lengths() -> impl Strategy<Value = Vec<usize>> {
    let length = prop_oneof![1..100usize, 1..70_000usize, 60_000..400_000usize];
    prop::collection::vec(length, 1..6)
}

/// Splits `content` into blocks of `lengths`.
pub fn blocks<'a>(content: &'a [u8], lengths: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = content;
    lengths.iter().cycle().map_while(move |&length| {
        let (block, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        (!block.is_empty()).then_some(block)
    })
}

/// Chunks of any length, up to `most`.
pub fn chunks(most: usize) -> impl Strategy<Value = Vec<Chunk>> {
    let length = prop_oneof![1..=CHUNK_MAX_BYTES, Just(1), Just(CHUNK_MAX_BYTES)];
    prop::collection::vec((any::<[u8; 32]>(), length), 1..=most)
        .prop_map(|entries| entries.into_iter().map(|(id, length)| chunk(id, length)).collect())
}

pub fn chunk(id: [u8; 32], length_bytes: u32) -> Chunk {
    Chunk::new(ChunkId::from(id), length_bytes).expect("a length within the limits")
}

pub fn chunks_of(packs: &[PackDraft]) -> Vec<Chunk> {
    packs.iter().flat_map(|pack| pack.chunks().to_vec()).collect()
}

/// Appends the checksum to `body`, so that a decoder accepts the checksum and reads the body.
pub fn sealed(body: &[u8]) -> Vec<u8> {
    [body, &blake3::hash(body).as_bytes()[..8]].concat()
}

#[derive(Debug, Clone)]
pub enum Damage {
    Set(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Insert(prop::sample::Index, u8),
    Truncate(prop::sample::Index),
}

pub fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let at = any::<prop::sample::Index>;
    let byte = || prop_oneof![any::<u8>(), Just(0), Just(0x80), Just(0xff)];
    let damage = prop_oneof![
        4 => (at(), byte()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => at().prop_map(Damage::Remove),
        1 => (at(), byte()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        1 => at().prop_map(Damage::Truncate),
    ];
    prop::collection::vec(damage, 1..4)
}

/// What becomes of the checksum behind a damaged body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    Kept,
    /// A new one hides the damage.
    Renewed,
}

/// Damages the body of `value`.
pub fn damage(value: &[u8], damages: &[Damage], checksum: Checksum) -> Vec<u8> {
    let body_bytes = if checksum == Checksum::Renewed { value.len() - 8 } else { value.len() };
    let mut bytes = value[..body_bytes].to_vec();
    for damage in damages {
        match damage {
            _ if bytes.is_empty() => {}
            Damage::Set(at, byte) => *at.get_mut(&mut bytes) = *byte,
            Damage::Remove(at) => drop(bytes.remove(at.index(bytes.len()))),
            Damage::Insert(at, byte) => bytes.insert(at.index(bytes.len() + 1), *byte),
            Damage::Truncate(at) => bytes.truncate(at.index(bytes.len())),
        }
    }
    if checksum == Checksum::Renewed { sealed(&bytes) } else { bytes }
}
