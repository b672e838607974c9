//! Selects the terms of a manifest that a page of a plan shows, within limits of what they cost.

use sluice_contracts::LIST_MAX;
use sluice_contracts::packs::PLAN_CHUNKS_MAX;
use sluice_contracts::parameters::PlanDetail;
use sluice_domain::id::PackId;
use sluice_domain::manifest::Term;
use sluice_domain::pack::PACK_MAX_CHUNKS;
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

/// The packs of a page have at most this many chunks together, because their whole indexes are read, of 34
/// bytes a chunk: 12 MB. 105 usual packs of 3,400 chunks fit, more than a rewritten file has.
const INDEXED_CHUNKS_MAX: usize = 22 * PACK_MAX_CHUNKS as usize;

/// A term, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// The index of the term in the manifest.
    pub(crate) number: usize,
    /// Offset in the blob, in bytes.
    pub(crate) offset: u64,
    pub(crate) term: Term,
}

/// What a page asks for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// The bytes of the blob.
    pub(crate) bytes: Range<u64>,
    /// The index of the first term.
    pub(crate) first: usize,
    pub(crate) detail: PlanDetail,
}

/// The runs of a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) runs: Vec<Run>,
    /// The index of the first term of the next page; none on the last.
    pub(crate) next: Option<usize>,
}

impl Page {
    /// The wanted runs, up to a number.
    pub(crate) fn of(terms: &[Term], wanted: &Wanted) -> Self {
        let mut page = Self { runs: Vec::new(), next: None };
        let mut offset = 0;
        let mut chunks = 0;
        for (number, term) in terms.iter().enumerate() {
            let run = Run { number, offset, term: *term };
            offset += u64::from(term.raw_length_bytes);
            let is_wanted = number >= wanted.first
                && offset > wanted.bytes.start
                && run.offset < wanted.bytes.end
                && !wanted.bytes.is_empty();
            if !is_wanted {
                continue;
            }
            let is_full = match wanted.detail {
                PlanDetail::Chunks => chunks >= PLAN_CHUNKS_MAX,
                PlanDetail::Terms => page.runs.len() >= LIST_MAX,
            };
            if is_full {
                page.next = Some(number);
                break;
            }
            page.runs.push(run);
            chunks += term.chunk_count as usize;
        }
        page
    }

    /// The packs that contain the runs.
    pub(crate) fn packs(&self) -> BTreeSet<PackId> {
        self.runs.iter().map(|run| run.term.pack_id).collect()
    }

    /// Leaves to the next page the runs from the position `end` on.
    pub(crate) fn end_at(&mut self, end: usize) {
        if let Some(run) = self.runs.get(end) {
            self.next = Some(run.number);
            self.runs.truncate(end);
        }
    }

    /// Leaves to the next page the runs for which more than [`INDEXED_CHUNKS_MAX`] chunks of packs would be
    /// read. One pack always fits.
    pub(crate) fn limit_indexes(&mut self, chunk_count: impl Fn(PackId) -> u32) {
        let mut packs = HashSet::new();
        let mut chunks = 0;
        let is_beyond = |run: &Run| {
            if packs.insert(run.term.pack_id) {
                chunks += chunk_count(run.term.pack_id) as usize;
            }
            chunks > INDEXED_CHUNKS_MAX
        };
        if let Some(end) = self.runs.iter().position(is_beyond) {
            self.end_at(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One byte of each of so many packs.
    fn terms(count: u8) -> Vec<Term> {
        let term = |number| Term {
            pack_id: PackId::from_bytes([number; 16]),
            first_chunk: PACK_MAX_CHUNKS - 1,
            chunk_count: 1,
            raw_length_bytes: 1,
        };
        (0..count).map(term).collect()
    }

    fn wanted(first: usize) -> Wanted {
        Wanted { bytes: 0..30, first, detail: PlanDetail::Chunks }
    }

    #[test]
    fn the_indexes_of_a_page_are_limited_and_the_next_page_has_the_rest() {
        let terms = terms(30);
        let mut first = Page::of(&terms, &wanted(0));
        first.limit_indexes(|_| PACK_MAX_CHUNKS);
        assert_eq!((first.runs.len(), first.next), (22, Some(22)));
        let mut second = Page::of(&terms, &wanted(22));
        second.limit_indexes(|_| PACK_MAX_CHUNKS);
        assert_eq!((second.runs.len(), second.next), (8, None));
        assert_eq!(second.runs[0], Run { number: 22, offset: 22, term: terms[22] });
    }

    #[test]
    fn the_index_of_a_pack_counts_once() {
        let repeated: Vec<Term> = terms(2).into_iter().cycle().take(30).collect();
        let mut page = Page::of(&repeated, &wanted(0));
        page.limit_indexes(|_| PACK_MAX_CHUNKS);
        assert_eq!((page.runs.len(), page.next), (30, None));
    }
}
