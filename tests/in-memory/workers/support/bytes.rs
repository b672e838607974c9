//! Generates the bytes of files.

/// Bytes that no compressor makes shorter, others for each seed.
pub fn incompressible(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// Bytes that compress to about half their length.
pub fn compressible(seed: u64, length: usize) -> Vec<u8> {
    hex::encode(incompressible(seed, length.div_ceil(2)))[..length].into()
}

/// The bytes with other ones inserted at `offset`.
pub fn edited(bytes: &[u8], offset: usize, inserted: &[u8]) -> Vec<u8> {
    [&bytes[..offset], inserted, &bytes[offset..]].concat()
}
