//! Stores the new chunks of several small files in packs that the files share, so that a million small files
//! do not cost a million objects.

use bytes::Bytes;
use sluice_domain::chunk::Chunk;
use sluice_domain::rewrite::{ChunkMatches, WrittenPacks, new_chunks};
use sluice_domain::upload::Upload;
use sluice_storage::ObjectHead;
use std::collections::HashMap;

use super::assemble::{StoredBytes, assemble};
use super::writer::PackWriter;
use crate::app::{App, SMALL_MAX_BYTES};
use crate::dedup::lookup;
use crate::error::DedupError;
use crate::read::hashed_object::HashedObject;
use crate::work::StoredUpload;

/// Whether a file of `size` bytes shares packs with others of its batch. An empty file has no chunks to
/// share.
pub fn is_small(size: u64) -> bool {
    (1..=SMALL_MAX_BYTES).contains(&size)
}

/// The upload of a small file, which was verified and found to be new.
pub struct SmallUpload {
    pub upload: Upload,
    /// Whether an earlier run may have left a checkpoint or objects.
    pub resumed: bool,
    pub head: ObjectHead,
    pub bytes: Bytes,
    pub hashed: HashedObject,
}

impl SmallUpload {
    /// Stores the blob, after its new chunks were written.
    pub async fn store(
        &self,
        app: &App,
        written: &WrittenPacks,
        chunks: &SmallFileChunks,
    ) -> Result<StoredUpload, DedupError> {
        let terms = written.terms(&self.hashed.packs.unsaved_chunks(), &chunks.matches.runs);
        let bytes = StoredBytes { new: chunks.new_bytes, written: chunks.new_bytes };
        Ok(StoredUpload {
            blob: assemble(app, &self.upload, &self.hashed.digest, terms, bytes).await?,
            // The packs belong to all uploads of the batch.
            written_packs: Vec::new(),
            to_compress: None,
            hooks: written.hooks(self.hashed.packs.unsaved()),
        })
    }
}

/// What is known of one file's chunks.
pub struct SmallFileChunks {
    pub matches: ChunkMatches,
    /// The bytes of the chunks that neither the account nor an earlier file of the batch has.
    pub new_bytes: u64,
}

/// Writes the new chunks of all uploads, which belong to one account. The chunks are returned in the order of
/// `uploads`.
pub async fn write_new_chunks(
    app: &App,
    uploads: &[SmallUpload],
) -> Result<(WrittenPacks, Vec<SmallFileChunks>), DedupError> {
    let mut writer = PackWriter::new(app, &uploads[0].upload);
    let mut chunks_of_all = Vec::new();
    let mut new_bytes_of_blobs = HashMap::new();
    for SmallUpload { upload, bytes, hashed, .. } in uploads {
        let matches = lookup::find_chunks(app, upload, hashed.packs.unsaved()).await?;
        let sha256 = hashed.digest.sha256;
        // Of two uploads of one blob, the first to be published stores the blob. The other one then links it.
        let new_bytes = match new_bytes_of_blobs.get(&sha256) {
            Some(new_bytes) => *new_bytes,
            None => write_file(&mut writer, bytes, &hashed.packs.unsaved_chunks(), &matches).await?,
        };
        new_bytes_of_blobs.insert(sha256, new_bytes);
        chunks_of_all.push(SmallFileChunks { matches, new_bytes });
    }
    Ok((writer.finish().await?, chunks_of_all))
}

async fn write_file(
    writer: &mut PackWriter<'_>,
    bytes: &Bytes,
    chunks: &[Chunk],
    matches: &ChunkMatches,
) -> Result<u64, DedupError> {
    let mut new_bytes = 0;
    for new in new_chunks(chunks, &matches.runs) {
        let start = new.offset_bytes as usize;
        let end = start + new.chunk.length_bytes() as usize;
        new_bytes += writer.add(new.chunk, &bytes[start..end]).await?;
    }
    Ok(new_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_from_one_byte_to_one_mebibyte_are_small() {
        assert!(!is_small(0));
        assert!(is_small(1));
        assert!(is_small(1 << 20));
        assert!(!is_small((1 << 20) + 1));
    }
}
