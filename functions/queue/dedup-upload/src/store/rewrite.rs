//! Stores only the new chunks of a partly known object.

use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_contracts::pack_event::Subject;
use sluice_domain::rewrite::{ChunkMatches, chunk_windows, new_chunks};
use sluice_storage::GetOptions;

use super::assemble::{StoredBytes, assemble};
use super::writer::PackWriter;
use crate::app::RANGE_BYTES;
use crate::compression::worth_compressing;
use crate::error::DedupError;
use crate::read::hashed_object::HashedObject;
use crate::work::{LandedObject, StoredUpload, UploadWork};

/// How many windows of an object are read ahead.
const READS_AHEAD: usize = 2;

/// Writes the new chunks into packs of their own. `matches` are those of all chunks of the object.
pub async fn rewrite(
    work: &UploadWork<'_>,
    object: LandedObject<'_>,
    hashed: &HashedObject,
    matches: &ChunkMatches,
) -> Result<StoredUpload, DedupError> {
    let UploadWork { app, upload, .. } = *work;
    let chunks = hashed.packs.unsaved_chunks();
    let key = upload.landing_key().object_key();
    let mut writer = PackWriter::new(app, upload);
    let mut windows = stream::iter(chunk_windows(&new_chunks(&chunks, &matches.runs), RANGE_BYTES))
        .map(|window| {
            let key = &key;
            async move {
                let bytes = if let Some(whole) = object.bytes {
                    whole.slice(window.range.start as usize..window.range.end as usize)
                } else {
                    let options = GetOptions::range(window.range).if_match(&object.head.etag);
                    app.landing.get(key, options).await?.bytes
                };
                Ok::<_, DedupError>((window.chunks, bytes))
            }
        })
        .buffered(READS_AHEAD);
    while let Some((chunks, mut bytes)) = windows.try_next().await? {
        for chunk in chunks {
            writer.add(chunk, &bytes.split_to(chunk.length_bytes() as usize)).await?;
        }
    }
    drop(windows);
    let written = writer.finish().await?;
    let terms = written.terms(&chunks, &matches.runs);
    let bytes = StoredBytes { new: matches.new_bytes, written: matches.new_bytes };
    let written_packs = written.packs().to_vec();
    Ok(StoredUpload {
        blob: assemble(app, upload, &hashed.digest, terms, bytes).await?,
        to_compress: worth_compressing(Subject::Packs(written_packs.clone()), matches.new_bytes),
        written_packs,
        hooks: written.hooks(hashed.packs.unsaved()),
    })
}
