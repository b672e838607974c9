//! The SHA-256 of a file and of each of its parts, in one pass.

use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use sluice_domain::hash::Sha256;
use sluice_domain::part_plan::{PartNumber, PartPlan, UploadMethod};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Large enough that handing a block to a second thread costs little beside hashing it.
const BLOCK_BYTES: usize = 1 << 20;

/// Every hash an upload declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// Of the whole file.
    pub whole: Sha256,
    /// Of each part of a multipart upload, in order; empty for a single PUT.
    pub parts: Vec<Sha256>,
}

impl Digests {
    /// The part's hash, if there is such a part.
    pub fn of_part(&self, number: PartNumber) -> Option<Sha256> {
        self.parts.get(number.get() as usize - 1).copied()
    }
}

/// Hashes the file by its plan, in memory that does not grow with it. Nothing comes of a file that has no longer the
/// planned size.
pub fn hash_file(path: &Path, plan: &PartPlan, on_bytes: impl Fn(u64)) -> io::Result<Option<Digests>> {
    let mut file = File::open(path)?;
    let by_parts = plan.method() == UploadMethod::Multipart;
    let mut whole = sha2::Sha256::new();
    let mut parts = Vec::new();
    let mut block = vec![0; BLOCK_BYTES.min(plan.size.max(1) as usize)];
    for (_, part_bytes) in plan.parts() {
        let mut part = by_parts.then(sha2::Sha256::new);
        let mut left_bytes = part_bytes;
        while left_bytes > 0 {
            let block = &mut block[..left_bytes.min(BLOCK_BYTES as u64) as usize];
            match file.read_exact(block) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                result => result?,
            }
            update(&mut whole, part.as_mut(), block);
            left_bytes -= block.len() as u64;
            on_bytes(block.len() as u64);
        }
        parts.extend(part.map(finish));
    }
    let is_at_end = file.read(&mut block[..1])? == 0;
    Ok(is_at_end.then(|| Digests { whole: finish(whole), parts }))
}

/// Both hashes at once, each on its own core.
fn update(whole: &mut sha2::Sha256, part: Option<&mut sha2::Sha256>, block: &[u8]) {
    let Some(part) = part else { return whole.update(block) };
    std::thread::scope(|scope| {
        scope.spawn(|| whole.update(block));
        part.update(block);
    });
}

fn finish(hasher: sha2::Sha256) -> Sha256 {
    Sha256::from(<[u8; Sha256::LENGTH]>::from(hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn whole_and_parts_are_those_of_the_bytes() {
        let bytes: Vec<u8> = (0..11 * MIB + 3).map(|i| (i * 31 / 128) as u8).collect();
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), &bytes).expect("written");
        let plan = PartPlan::new(bytes.len() as u64, Some(5 * MIB as u64)).expect("plan");
        let digests = hash_file(file.path(), &plan, |_| {}).expect("readable").expect("of that size");
        assert_eq!(digests.whole, Sha256::of(&bytes));
        assert_eq!(digests.parts, bytes.chunks(5 * MIB).map(Sha256::of).collect::<Vec<_>>());

        let longer = PartPlan { size: plan.size + 1, ..plan };
        let shorter = PartPlan { size: plan.size - 1, ..plan };
        assert_eq!(hash_file(file.path(), &longer, |_| {}).expect("readable"), None);
        assert_eq!(hash_file(file.path(), &shorter, |_| {}).expect("readable"), None);
    }

    #[test]
    fn an_empty_file_has_the_hash_of_nothing() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let plan = PartPlan::new(0, None).expect("plan");
        let digests = hash_file(file.path(), &plan, |_| {}).expect("readable").expect("of that size");
        assert_eq!(digests, Digests { whole: Sha256::of(b""), parts: Vec::new() });
    }
}
