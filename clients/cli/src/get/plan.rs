//! A page of a version's plan, checked, and the requests that bring its chunks.

use sluice_contracts::files::VersionView;
use sluice_contracts::packs::{Plan, PlanTerm};
use sluice_domain::blob::Encoding;
use sluice_domain::chunk::Chunk;
use sluice_domain::frames::FRAME_MAX_BYTES;
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

/// Bytes of an object that are read together: a chunk as it is, or a frame of several.
#[derive(Debug, Clone, Copy)]
struct Unit {
    /// Which term says so.
    term: usize,
    /// Where it begins in the object, in bytes.
    at: u64,
    /// How many bytes it takes there.
    stored_length: u32,
    /// How many it is decoded to, if it is a frame.
    decoded_length: Option<u32>,
}

/// A chunk and where the bucket has it.
#[derive(Debug, Clone, Copy)]
struct Stored {
    piece: Piece,
    /// Which unit holds it.
    unit: usize,
    /// Where in the decoded unit it begins, in bytes.
    within: u32,
}

/// Consecutive chunks of the version.
pub struct Page {
    terms: Vec<PlanTerm>,
    units: Vec<Unit>,
    stored: Vec<Stored>,
    end: u64,
}

/// A chunk that is wanted of a unit.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Its number on the page.
    pub number: usize,
    /// What it is.
    pub piece: Piece,
    /// Where in the decoded unit it begins, in bytes.
    pub within: u32,
}

/// A unit of a request.
pub struct WantedUnit {
    /// How many bytes it takes in the object.
    pub stored_length: u32,
    /// How many it is decoded to, if it is a frame.
    pub decoded_length: Option<u32>,
    /// What is wanted of it, in order.
    pub chunks: Vec<Wanted>,
}

/// Consecutive bytes of an object that hold chunks of the version.
pub struct Request<'a> {
    /// Where they are.
    pub term: &'a PlanTerm,
    /// Where the first begins in the object, in bytes.
    pub start: u64,
    /// The units in their order in the object.
    pub units: Vec<WantedUnit>,
}

fn unusable(why: &str) -> Error {
    Error::UnexpectedAnswer(format!("a plan that {why}"))
}

impl Page {
    /// The page of the plan of `version` that begins at the byte `offset` of it.
    pub fn new(plan: Plan, version: &VersionView, offset: u64) -> Result<Self> {
        if (plan.version_id, plan.size, Some(plan.sha256))
            != (version.version_id, version.size, version.sha256)
        {
            return Err(unusable("is of another version"));
        }
        let mut page = Self { terms: plan.terms, units: Vec::new(), stored: Vec::new(), end: offset };
        for number in 0..page.terms.len() {
            page.add(number)?;
        }
        let is_whole = page.end == version.size || (plan.next_cursor.is_some() && page.end > offset);
        if is_whole { Ok(page) } else { Err(unusable("does not add up to the version")) }
    }

    /// Adds the chunks of a term, which must lie in its units one after the other and fill the range.
    fn add(&mut self, number: usize) -> Result<()> {
        let term = &self.terms[number];
        let object = object_range(term).ok_or_else(|| unusable("does not say where the bytes are"))?;
        if term.offset != self.end {
            return Err(unusable("leaves bytes out"));
        }
        let mut units = units(term, number, object.start)?.into_iter().peekable();
        let mut within = term.skip;
        for chunk in &term.chunks {
            let chunk =
                Chunk::new(chunk.id, chunk.length).map_err(|_| unusable("has an impossible chunk"))?;
            let length = chunk.length_bytes();
            // Frames hold whole chunks: the next begins where the last one has ended.
            if units.peek().is_some_and(|unit| within == unit.raw_length()) {
                self.units.extend(units.next());
                within = 0;
            }
            let holds = units.peek().is_some_and(|unit| within + length <= unit.raw_length());
            if !holds {
                return Err(unusable("has chunks that lie in no frame"));
            }
            let unit = self.units.len();
            self.stored.push(Stored { piece: Piece { chunk, offset: self.end }, unit, within });
            self.end += u64::from(length);
            within += length;
        }
        self.units.extend(units.next());
        let length = self.end - self.terms[number].offset;
        let last = self.units.last().map(|unit| unit.at + u64::from(unit.stored_length));
        if units.next().is_some() || length != self.terms[number].length || last != Some(object.end) {
            return Err(unusable("has runs that are not as long as their chunks"));
        }
        Ok(())
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
        let (mut end, mut last_unit) = (0, None);
        for &number in numbers {
            let Stored { piece, unit: unit_number, within } = self.stored[number];
            let wanted = Wanted { number, piece, within };
            if last_unit == Some(unit_number)
                && let Some(unit) = requests.last_mut().and_then(|request| request.units.last_mut())
            {
                unit.chunks.push(wanted);
                continue;
            }
            let Unit { term, at, stored_length, decoded_length } = self.units[unit_number];
            let term = &self.terms[term];
            let unit = WantedUnit { stored_length, decoded_length, chunks: vec![wanted] };
            match requests.last_mut() {
                Some(last)
                    if end == at
                        && object(last.term) == object(term)
                        && at + u64::from(stored_length) - last.start <= REQUEST_MAX_BYTES =>
                {
                    last.units.push(unit);
                }
                _ => requests.push(Request { term, start: at, units: vec![unit] }),
            }
            (end, last_unit) = (at + u64::from(stored_length), Some(unit_number));
        }
        requests
    }
}

impl Unit {
    /// Its length when it is decoded, in bytes.
    fn raw_length(&self) -> u32 {
        self.decoded_length.unwrap_or(self.stored_length)
    }
}

/// The units of a term, which begin at the byte `at` of the object.
fn units(term: &PlanTerm, number: usize, mut at: u64) -> Result<Vec<Unit>> {
    let lengths: Vec<(u32, Option<u32>)> = match term.encoding {
        Encoding::Raw => term.chunks.iter().map(|chunk| (chunk.length, None)).collect(),
        Encoding::Zstd => term.frames.iter().map(|frame| (frame.stored_length, Some(frame.length))).collect(),
    };
    let impossible = |(stored, decoded): &(u32, Option<u32>)| {
        *stored == 0
            || *stored > 2 * FRAME_MAX_BYTES
            || decoded.is_some_and(|length| length > FRAME_MAX_BYTES)
    };
    if lengths.iter().any(impossible) {
        return Err(unusable("has impossible frames"));
    }
    let unit = |(stored_length, decoded_length)| {
        let begin = at;
        at += u64::from(stored_length);
        Unit { term: number, at: begin, stored_length, decoded_length }
    };
    Ok(lengths.into_iter().map(unit).collect())
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
    (first < end).then_some(first..end)
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
            requests.iter().map(|request| (request.start, request.units.len())).collect::<Vec<_>>()
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
