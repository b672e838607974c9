//! Stores only the new chunks of a partly known object.

use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_contracts::pack_event::Subject;
use sluice_domain::rewrite::{ChunkMatches, NewChunk, WindowLimits, chunk_windows, new_chunks};
use sluice_storage::GetOptions;

use super::assemble::{StoredBytes, assemble};
use super::writer::PackWriter;
use crate::compression::worth_compressing;
use crate::error::DedupError;
use crate::read::hashed_object::HashedObject;
use crate::work::{LandedObject, StoredUpload, UploadWork};

/// How many windows of an object are read ahead: new chunks may be few and far between.
const READS_AHEAD: usize = 16;

/// All windows that are read ahead have 16 MiB, and a gap takes less time than another request.
const WINDOWS: WindowLimits = WindowLimits { max_bytes: 1 << 20, gap_max_bytes: 64 << 10 };

/// Writes the new chunks into packs of their own. `matches` are those of all chunks of the object. Returns
/// nothing if time runs out; the packs written by then are unused.
pub async fn rewrite(
    work: &UploadWork<'_>,
    object: LandedObject<'_>,
    hashed: &mut HashedObject,
    matches: &ChunkMatches,
) -> Result<Option<StoredUpload>, DedupError> {
    let UploadWork { app, upload, out_of_time, .. } = *work;
    let chunks = hashed.packs.unsaved_chunks();
    let key = upload.landing_key().object_key();
    let mut writer = PackWriter::new(app, upload);
    let mut windows = stream::iter(chunk_windows(&new_chunks(&chunks, &matches.runs), WINDOWS))
        .map(|window| {
            let key = &key;
            async move {
                let bytes = if let Some(whole) = object.bytes {
                    whole.slice(window.range.start as usize..window.range.end as usize)
                } else {
                    let options = GetOptions::range(window.range.clone()).if_match(&object.head.etag);
                    app.landing.get(key, options).await?.bytes
                };
                Ok::<_, DedupError>((window, bytes))
            }
        })
        .buffered(READS_AHEAD);
    while let Some((window, bytes)) = windows.try_next().await? {
        // What is in memory takes a moment.
        if object.bytes.is_none() && out_of_time() {
            hashed.unused_packs.extend_from_slice(writer.written_packs());
            return Ok(None);
        }
        for NewChunk { offset_bytes, chunk } in window.chunks {
            let start = (offset_bytes - window.range.start) as usize;
            writer.add(chunk, &bytes[start..start + chunk.length_bytes() as usize]).await?;
        }
    }
    drop(windows);
    let written = writer.finish().await?;
    let terms = written.terms(&chunks, &matches.runs);
    let bytes = StoredBytes { new: matches.new_bytes, written: matches.new_bytes };
    let written_packs = written.packs().to_vec();
    Ok(Some(StoredUpload {
        blob: assemble(app, upload, &hashed.digest, terms, bytes).await?,
        to_compress: worth_compressing(Subject::Packs(written_packs.clone()), matches.new_bytes),
        written_packs,
        hooks: written.hooks(hashed.packs.unsaved()),
    }))
}
