//! Describes the runs of a page: their chunks, and the objects that contain them.

use serde::Serialize;
use sluice_contracts::packs::{PlanChunk, PlanFrame, PlanObject, PlanTerm};
use sluice_contracts::problem::Code;
use sluice_domain::blob::{Encoding, Pack};
use sluice_domain::id::PackId;
use sluice_domain::pack_index::PackIndex;
use sluice_lambda::Failure;
use sluice_storage::Chain;
use std::collections::HashMap;
use std::ops::Range;

use crate::page::{Page, Run};

/// A page ends before it is longer than this, as Lambda sends it. Lambda refuses an answer of over 6 MB, and
/// the longest run takes less than 2 MB.
const ANSWER_MAX_BYTES: usize = 4 << 20;

/// A pack, its index, and the object that contains it.
pub(crate) struct LocatedPack {
    pub(crate) pack: Pack,
    pub(crate) index: PackIndex,
    pub(crate) object_id: String,
}

/// The runs of a page, as a plan describes them.
#[derive(Default)]
pub(crate) struct Runs {
    pub(crate) objects: Vec<PlanObject>,
    pub(crate) terms: Vec<PlanTerm>,
}

impl Runs {
    pub(crate) fn without_chunks(page: &Page) -> Self {
        Self { objects: Vec::new(), terms: page.runs.iter().map(without_chunks).collect() }
    }

    /// The runs with their chunks in `wanted`, a range of the blob. Ends the page before the answer gets too
    /// long.
    pub(crate) fn with_chunks(
        page: &mut Page,
        wanted: &Range<u64>,
        packs: &HashMap<PackId, LocatedPack>,
        objects: &HashMap<String, PlanObject>,
    ) -> Result<Self, Failure> {
        let mut runs = Self::default();
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let mut length = 0;
        for run in &page.runs {
            let pack = &packs[&run.term.pack_id];
            let known = numbers.get(&*pack.object_id).copied();
            let number = known.unwrap_or(runs.objects.len() as u32);
            let term = with_chunks(run, wanted, pack, number)?;
            let object = &objects[&pack.object_id];
            length += sent_length(&term)? + if known.is_none() { sent_length(object)? } else { 0 };
            if length > ANSWER_MAX_BYTES && !runs.terms.is_empty() {
                break;
            }
            if known.is_none() {
                numbers.insert(&pack.object_id, number);
                runs.objects.push(object.clone());
            }
            runs.terms.push(term);
        }
        page.end_at(runs.terms.len());
        Ok(runs)
    }
}

/// The failure for a stored manifest or index that cannot be read. Only the log says why.
pub(crate) fn damaged(error: impl std::fmt::Display) -> Failure {
    tracing::error!(%error, "the plan of a version cannot be made");
    Failure::new(Code::Internal, "the logs have the cause under the request id")
}

/// The length of a value in the answer, in bytes. Lambda sends the answer as a string of JSON, in which each
/// quote is escaped.
fn sent_length(value: &impl Serialize) -> Result<usize, Failure> {
    let json = serde_json::to_vec(value).map_err(|error| damaged(Chain(&error)))?;
    let escapes = json.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    Ok(json.len() + escapes + 1)
}

fn without_chunks(Run { offset, term, .. }: &Run) -> PlanTerm {
    PlanTerm {
        offset: *offset,
        length: term.raw_length_bytes.into(),
        pack_id: term.pack_id,
        first_chunk: term.first_chunk,
        chunk_count: term.chunk_count,
        object: None,
        range: None,
        encoding: Encoding::Raw,
        frames: Vec::new(),
        skip: 0,
        chunks: Vec::new(),
    }
}

/// The run with only the chunks in `wanted`, in the object with this number.
fn with_chunks(
    run: &Run,
    wanted: &Range<u64>,
    LocatedPack { pack, index, .. }: &LocatedPack,
    object: u32,
) -> Result<PlanTerm, Failure> {
    let term = &run.term;
    let beyond = || damaged(format_args!("a term names chunks that pack {} does not contain", pack.pack_id));
    let end = (term.first_chunk + term.chunk_count) as usize;
    let chunks = index.chunks().get(term.first_chunk as usize..end).ok_or_else(beyond)?;
    let mut offset = run.offset;
    let mut first_chunk = term.first_chunk;
    let mut kept = Vec::new();
    let mut length = 0;
    for chunk in chunks {
        let bytes = u64::from(chunk.length_bytes());
        let at = offset + length;
        if at + bytes <= wanted.start {
            offset = at + bytes;
            first_chunk += 1;
        } else if at < wanted.end {
            kept.push(PlanChunk { id: chunk.id(), length: chunk.length_bytes() });
            length += bytes;
        }
    }
    let chunk_count = kept.len() as u32;
    let extent = pack.placement.extent(index, first_chunk, chunk_count).ok_or_else(beyond)?;
    let frames = extent
        .frames
        .iter()
        .map(|frame| PlanFrame { stored_length: frame.stored_length_bytes, length: frame.raw_length_bytes });
    Ok(PlanTerm {
        offset,
        length,
        first_chunk,
        chunk_count,
        object: Some(object),
        range: Some(format!("bytes={}-{}", extent.range.start, extent.range.end.saturating_sub(1))),
        encoding: pack.placement.encoding,
        frames: frames.collect(),
        skip: extent.skip_bytes,
        chunks: kept,
        ..without_chunks(run)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::blob::{Attachment, Life, Placement};
    use sluice_domain::chunk::Chunk;
    use sluice_domain::hash::ChunkId;
    use sluice_domain::id::AccountId;
    use sluice_domain::manifest::Term;
    use sluice_domain::time::Timestamp;

    const RUNS: usize = 16_384;

    fn located_pack() -> LocatedPack {
        let pack_id = PackId::from_bytes([1; 16]);
        let now = Timestamp::from_unix_milliseconds(0);
        let chunk = Chunk::new(ChunkId::of(b"x"), 1).expect("a chunk");
        let pack = Pack {
            pack_id,
            account_id: AccountId::from_bytes([2; 16]),
            life: Life::Live,
            references: 1,
            size: RUNS as u64,
            chunk_count: RUNS as u32,
            index: Attachment::Inline(Vec::new()),
            placement: Placement::first("key".to_owned(), 0, RUNS as u64),
            former: None,
            created_at: now,
        };
        let index = PackIndex::new(pack_id, vec![chunk; RUNS]).expect("a pack");
        LocatedPack { pack, index, object_id: "object".to_owned() }
    }

    /// A page of so many runs, one chunk each.
    fn page(pack: &LocatedPack, count: usize) -> Page {
        let run = |number: usize| {
            let first_chunk = number as u32 % RUNS as u32;
            let pack_id = pack.pack.pack_id;
            let term = Term { pack_id, first_chunk, chunk_count: 1, raw_length_bytes: 1 };
            Run { number, offset: number as u64, term }
        };
        Page { runs: (0..count).map(run).collect(), next: None }
    }

    #[test]
    fn a_page_ends_before_its_answer_is_too_long() {
        let pack = located_pack();
        let mut page = page(&pack, RUNS);
        let packs = HashMap::from([(pack.pack.pack_id, pack)]);
        let url = "https://b/x".to_owned();
        let objects = HashMap::from([("object".to_owned(), PlanObject { url, headers: [].into() })]);
        let runs = Runs::with_chunks(&mut page, &(0..RUNS as u64), &packs, &objects).expect("runs");
        let length = sent_length(&runs.terms).expect("a length");
        assert!((ANSWER_MAX_BYTES - 1000..=ANSWER_MAX_BYTES).contains(&length), "{length}");
        assert_eq!((page.runs.len(), page.next), (runs.terms.len(), Some(runs.terms.len())));
        assert_eq!(runs.objects.len(), 1);
    }
}
