//! A page of a version's plan, checked, and the requests that bring its chunks.

use sluice_contracts::files::VersionView;
use sluice_contracts::packs::{Plan, PlanTerm};
use sluice_domain::chunk::Chunk;
use std::ops::Range;

use crate::error::{Error, Result};

/// What one request asks for at most, unless a single chunk is longer.
const REQUEST_MAX_BYTES: u64 = 8 << 20;

/// A chunk of the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub chunk: Chunk,
    /// Where it begins in the version, in bytes.
    pub offset: u64,
}

/// A chunk and where the bucket has it.
#[derive(Debug, Clone, Copy)]
struct Stored {
    piece: Piece,
    /// Which term says so.
    term: usize,
    /// Where it begins in the object, in bytes.
    at: u64,
}

/// Consecutive chunks of the version.
pub struct Page {
    terms: Vec<PlanTerm>,
    stored: Vec<Stored>,
    end: u64,
}

/// Consecutive bytes of an object that are chunks of the version.
pub struct Request<'a> {
    /// Where they are.
    pub term: &'a PlanTerm,
    /// Where the first begins in the object, in bytes.
    pub start: u64,
    /// The chunks in their order in the object, with their numbers on the page.
    pub pieces: Vec<(usize, Piece)>,
}

impl Page {
    /// The page of the plan of `version` that begins at the byte `offset` of it.
    pub fn new(plan: Plan, version: &VersionView, offset: u64) -> Result<Self> {
        let unusable = |why: &str| Error::UnexpectedAnswer(format!("a plan that {why}"));
        if (plan.version_id, plan.size, Some(plan.sha256))
            != (version.version_id, version.size, version.sha256)
        {
            return Err(unusable("is of another version"));
        }
        let mut page = Self { terms: plan.terms, stored: Vec::new(), end: offset };
        for (number, term) in page.terms.iter().enumerate() {
            let object = object_range(term).ok_or_else(|| unusable("does not say where the bytes are"))?;
            if term.offset != page.end {
                return Err(unusable("leaves bytes out"));
            }
            let mut at = object.start;
            for chunk in &term.chunks {
                let chunk =
                    Chunk::new(chunk.id, chunk.length).map_err(|_| unusable("has an impossible chunk"))?;
                page.stored.push(Stored { piece: Piece { chunk, offset: page.end }, term: number, at });
                page.end += u64::from(chunk.length_bytes());
                at += u64::from(chunk.length_bytes());
            }
            if at != object.end {
                return Err(unusable("has runs that are not as long as their chunks"));
            }
        }
        let is_whole = page.end == version.size || (plan.next_cursor.is_some() && page.end > offset);
        if is_whole { Ok(page) } else { Err(unusable("does not add up to the version")) }
    }

    /// Where in the version the next page begins, in bytes.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The page's chunks in order.
    pub fn pieces(&self) -> Vec<Piece> {
        self.stored.iter().map(|stored| stored.piece).collect()
    }

    /// Requests for the chunks of these numbers, which are in order: neighbours in one object go together.
    pub fn requests(&self, numbers: &[usize]) -> Vec<Request<'_>> {
        let mut requests: Vec<Request<'_>> = Vec::new();
        let mut end = 0;
        for &number in numbers {
            let Stored { piece, term, at } = self.stored[number];
            let (term, length) = (&self.terms[term], u64::from(piece.chunk.length_bytes()));
            match requests.last_mut() {
                Some(last)
                    if end == at
                        && object(last.term) == object(term)
                        && at + length - last.start <= REQUEST_MAX_BYTES =>
                {
                    last.pieces.push((number, piece));
                }
                _ => requests.push(Request { term, start: at, pieces: vec![(number, piece)] }),
            }
            end = at + length;
        }
        requests
    }
}

/// The URL without its signature.
fn object(term: &PlanTerm) -> Option<&str> {
    term.url.as_deref()?.split('?').next()
}

/// The bytes of the object that are the run.
fn object_range(term: &PlanTerm) -> Option<Range<u64>> {
    term.url.as_ref()?;
    let (first, last) = term.range.as_deref()?.strip_prefix("bytes=")?.split_once('-')?;
    let (first, end) = (first.parse().ok()?, last.parse::<u64>().ok()?.checked_add(1)?);
    (first < end && end - first == term.length).then_some(first..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use sluice_domain::hash::{ChunkId, Sha256};

    const LENGTH: u64 = 60_000;

    fn version(size: u64) -> VersionView {
        let id = "00000000000000000000000000000001";
        let time = "2026-01-31T12:00:00Z";
        let view = json!({
            "file_id": id, "path": "a", "version_id": id, "state": "available", "size": size,
            "sha256": Sha256::of(b""), "sha1": null, "content_type": "a/b", "metadata": {}, "created_at": time,
            "updated_at": time, "new_bytes": 0, "shared_bytes": 0, "stored_bytes": 0,
        });
        serde_json::from_value(view).expect("a version")
    }

    fn term(offset: u64, count: u64, url: &str, at: u64) -> Value {
        let chunks: Vec<_> = (0..count).map(|_| json!({"id": ChunkId::of(b""), "length": LENGTH})).collect();
        let length = count * LENGTH;
        json!({
            "offset": offset, "length": length, "pack_id": "00000000000000000000000000000002", "first_chunk": 0,
            "chunk_count": count, "url": url, "range": format!("bytes={at}-{}", at + length - 1), "encoding": "raw",
            "chunks": chunks,
        })
    }

    fn page(terms: &[Value], size: u64) -> Result<Page> {
        let plan = json!({
            "version_id": "00000000000000000000000000000001", "size": size, "sha256": Sha256::of(b""),
            "terms": terms, "expires_at": "2026-01-31T12:00:00Z",
        });
        Page::new(serde_json::from_value(plan).expect("a plan"), &version(size), 0)
    }

    #[test]
    fn neighbours_in_one_object_go_together_up_to_a_size() {
        let long = term(4 * LENGTH, 200, "http://b/y?s=1", 0);
        let terms = [
            term(0, 2, "http://b/x?s=1", 100),
            term(2 * LENGTH, 1, "http://b/x?s=2", 100 + 2 * LENGTH),
            term(3 * LENGTH, 1, "http://b/y?s=1", 100 + 3 * LENGTH),
            long,
        ];
        let page = page(&terms, 204 * LENGTH).expect("a page");
        let shape = |numbers: &[usize]| {
            let requests = page.requests(numbers);
            requests.iter().map(|request| (request.start, request.pieces.len())).collect::<Vec<_>>()
        };
        assert_eq!(shape(&[0, 1, 2, 3]), [(100, 3), (100 + 3 * LENGTH, 1)]);
        assert_eq!(shape(&[0, 2]), [(100, 1), (100 + 2 * LENGTH, 1)]);
        let all: Vec<_> = (4..204).collect();
        assert_eq!(shape(&all), [(0, 139), (139 * LENGTH, 61)]);
    }

    #[test]
    fn a_plan_that_does_not_add_up_is_refused() {
        let good = term(0, 2, "http://b/x", 7);
        assert!(page(std::slice::from_ref(&good), 2 * LENGTH).is_ok());
        assert!(page(&[], 0).is_ok(), "an empty content has no terms");
        assert!(page(std::slice::from_ref(&good), 3 * LENGTH).is_err());
        assert!(page(&[], LENGTH).is_err());
        for (field, value) in [
            ("offset", json!(1)),
            ("length", json!(LENGTH)),
            ("range", json!("bytes=0-1")),
            ("range", json!(null)),
            ("url", json!(null)),
            ("chunks", json!([])),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert!(page(&[bad], 2 * LENGTH).is_err(), "{field}");
        }
    }
}
