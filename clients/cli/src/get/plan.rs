//! Checks a page of a version's plan, and groups its chunks into requests to the bucket.

use sluice_contracts::files::VersionView;
use sluice_contracts::packs::{Plan, PlanObject, PlanTerm};
use sluice_domain::blob::Encoding;
use sluice_domain::chunk::Chunk;
use sluice_domain::frames::FRAME_MAX_BYTES;
use std::ops::Range;

use crate::error::{Error, Result};

/// The most that one request asks for, unless a single chunk is longer.
const REQUEST_MAX_BYTES: u64 = 8 << 20;

/// Longer than any object. Below it, no sum of lengths on a page overflows.
const OBJECT_MAX_BYTES: u64 = 1 << 62;

/// A chunk and its offset in the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    pub chunk: Chunk,
    /// In the version, in bytes.
    pub offset: u64,
}

/// The smallest range of an object that can be read by itself: a raw chunk, or a compressed frame of several
/// chunks.
#[derive(Debug, Clone, Copy)]
struct Unit {
    /// The number of the object on the page.
    object: usize,
    /// Offset in the object, in bytes.
    at: u64,
    /// Length in the object, in bytes.
    stored_length: u32,
    /// Length after decompression, in bytes. None for a raw chunk.
    decoded_length: Option<u32>,
}

/// A chunk and the unit that holds it.
#[derive(Debug, Clone, Copy)]
struct LocatedPiece {
    piece: Piece,
    /// The number of the unit.
    unit: usize,
    /// Offset in the decoded unit, in bytes.
    within: u32,
}

/// Consecutive chunks of the version, and where the bucket has them.
pub struct Page {
    objects: Vec<PlanObject>,
    units: Vec<Unit>,
    pieces: Vec<LocatedPiece>,
    end: u64,
}

/// A chunk that a request asks for.
#[derive(Debug, Clone, Copy)]
pub struct WantedChunk {
    /// The number of the chunk on the page.
    pub number: usize,
    pub piece: Piece,
    /// Offset in the decoded unit, in bytes.
    pub within: u32,
}

/// A unit that a request asks for.
pub struct WantedUnit {
    /// Length in the object, in bytes.
    pub stored_length: u32,
    /// Length after decompression, in bytes. None for a raw chunk.
    pub decoded_length: Option<u32>,
    /// The chunks to take from the unit, in order.
    pub chunks: Vec<WantedChunk>,
}

/// A request for consecutive units of an object.
pub struct Request<'a> {
    pub object: &'a PlanObject,
    /// Offset of the first unit in the object, in bytes.
    pub start: u64,
    /// In the order of the object.
    pub units: Vec<WantedUnit>,
}

fn unusable(why: &str) -> Error {
    Error::UnexpectedAnswer(format!("a plan that {why}"))
}

impl Page {
    /// Checks a page of the plan of `version` that begins at the byte `offset` of the version.
    pub fn new(plan: Plan, version: &VersionView, offset: u64) -> Result<Self> {
        let is_of_version = plan.version_id == version.version_id
            && plan.size == version.size
            && Some(plan.sha256) == version.sha256;
        if !is_of_version {
            return Err(unusable("is of another version"));
        }
        let mut page = Self { objects: plan.objects, units: Vec::new(), pieces: Vec::new(), end: offset };
        for term in &plan.terms {
            page.add(term)?;
        }
        let continues = plan.next_cursor.is_some() && (offset + 1..version.size).contains(&page.end);
        let is_whole = page.end == version.size || continues;
        if is_whole { Ok(page) } else { Err(unusable("does not add up to the version")) }
    }

    /// Adds the chunks of a term. They must follow one another in the term's units and fill its range.
    fn add(&mut self, term: &PlanTerm) -> Result<()> {
        let unlocated = || unusable("does not say where the bytes are");
        let object = term.object.map(|number| number as usize).filter(|number| *number < self.objects.len());
        let object = object.ok_or_else(unlocated)?;
        let range = byte_range(term).ok_or_else(unlocated)?;
        if term.offset != self.end {
            return Err(unusable("leaves bytes out"));
        }
        let mut units = units(term, object, range.start)?.into_iter().peekable();
        let mut within = term.skip;
        for chunk in &term.chunks {
            let chunk =
                Chunk::new(chunk.id, chunk.length).map_err(|_| unusable("has an impossible chunk"))?;
            let length = chunk.length_bytes();
            // Frames hold whole chunks, so a new frame begins where the last chunk has ended.
            if units.peek().is_some_and(|unit| within == unit.raw_length()) {
                self.units.extend(units.next());
                within = 0;
            }
            let held = within
                .checked_add(length)
                .filter(|end| units.peek().is_some_and(|unit| *end <= unit.raw_length()));
            let Some(end_within) = held else {
                return Err(unusable("has chunks outside its frames"));
            };
            let unit = self.units.len();
            self.pieces.push(LocatedPiece { piece: Piece { chunk, offset: self.end }, unit, within });
            self.end += u64::from(length);
            within = end_within;
        }
        self.units.extend(units.next());
        let length = self.end - term.offset;
        let last = self.units.last().map(|unit| unit.at + u64::from(unit.stored_length));
        if units.next().is_some() || length != term.length || last != Some(range.end) {
            return Err(unusable("has runs that are not as long as their chunks"));
        }
        Ok(())
    }

    /// The offset of the next page in the version, in bytes.
    pub fn end(&self) -> u64 {
        self.end
    }

    pub fn pieces(&self) -> Vec<Piece> {
        self.pieces.iter().map(|located| located.piece).collect()
    }

    /// Requests for the chunks with these ascending numbers. Neighbours in one object share a request.
    pub fn requests(&self, numbers: &[usize]) -> Vec<Request<'_>> {
        let mut requests: Vec<Request<'_>> = Vec::new();
        let mut end = 0;
        let mut last_unit = None;
        let mut last_object = None;
        for &number in numbers {
            let LocatedPiece { piece, unit: unit_number, within } = self.pieces[number];
            let wanted = WantedChunk { number, piece, within };
            if last_unit == Some(unit_number)
                && let Some(unit) = requests.last_mut().and_then(|request| request.units.last_mut())
            {
                unit.chunks.push(wanted);
                continue;
            }
            let Unit { object, at, stored_length, decoded_length } = self.units[unit_number];
            let unit = WantedUnit { stored_length, decoded_length, chunks: vec![wanted] };
            match requests.last_mut() {
                Some(last)
                    if end == at
                        && last_object == Some(object)
                        && at + u64::from(stored_length) - last.start <= REQUEST_MAX_BYTES =>
                {
                    last.units.push(unit);
                }
                _ => requests.push(Request { object: &self.objects[object], start: at, units: vec![unit] }),
            }
            end = at + u64::from(stored_length);
            last_unit = Some(unit_number);
            last_object = Some(object);
        }
        requests
    }
}

impl Unit {
    /// Length of the decoded unit in bytes.
    fn raw_length(&self) -> u32 {
        self.decoded_length.unwrap_or(self.stored_length)
    }
}

/// The units of a term that begins at the byte `at` of an object.
fn units(term: &PlanTerm, object: usize, mut at: u64) -> Result<Vec<Unit>> {
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
        Unit { object, at: begin, stored_length, decoded_length }
    };
    Ok(lengths.into_iter().map(unit).collect())
}

/// The range of the object that the term covers, in bytes.
fn byte_range(term: &PlanTerm) -> Option<Range<u64>> {
    let (first, last) = term.range.as_deref()?.strip_prefix("bytes=")?.split_once('-')?;
    let first = first.parse().ok()?;
    let end = last.parse::<u64>().ok()?.checked_add(1)?;
    (first < end && end <= OBJECT_MAX_BYTES).then_some(first..end)
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
            "sha256": Sha256::of(b""), "sha1": null, "content_type": "a/b", "metadata": {},
            "created_at": time, "updated_at": time, "new_bytes": 0, "shared_bytes": 0, "stored_bytes": 0,
        });
        serde_json::from_value(view).expect("a version")
    }

    fn term(offset: u64, count: u64, object: u32, at: u64) -> Value {
        let chunks: Vec<_> = (0..count).map(|_| json!({"id": ChunkId::of(b""), "length": LENGTH})).collect();
        let length = count * LENGTH;
        json!({
            "offset": offset, "length": length, "pack_id": "00000000000000000000000000000002",
            "first_chunk": 0, "chunk_count": count, "object": object,
            "range": format!("bytes={at}-{}", at + length - 1), "encoding": "raw", "chunks": chunks,
        })
    }

    fn page(terms: &[Value], size: u64) -> Result<Page> {
        let plan = json!({
            "version_id": "00000000000000000000000000000001", "size": size, "sha256": Sha256::of(b""),
            "objects": [{ "url": "http://b/x" }, { "url": "http://b/y" }],
            "terms": terms, "expires_at": "2026-01-31T12:00:00Z",
        });
        Page::new(serde_json::from_value(plan).expect("a plan"), &version(size), 0)
    }

    #[test]
    fn neighbours_in_one_object_share_a_request_up_to_a_size() {
        let long = term(4 * LENGTH, 200, 1, 0);
        let terms = [
            term(0, 2, 0, 100),
            term(2 * LENGTH, 1, 0, 100 + 2 * LENGTH),
            term(3 * LENGTH, 1, 1, 100 + 3 * LENGTH),
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
        let good = term(0, 2, 0, 7);
        assert!(page(std::slice::from_ref(&good), 2 * LENGTH).is_ok());
        assert!(page(&[], 0).is_ok(), "an empty blob has no terms");
        assert!(page(std::slice::from_ref(&good), 3 * LENGTH).is_err());
        assert!(page(&[], LENGTH).is_err());
        for (field, value) in [
            ("offset", json!(1)),
            ("length", json!(LENGTH)),
            ("range", json!("bytes=0-1")),
            ("range", json!(null)),
            ("object", json!(null)),
            ("object", json!(2)),
            ("chunks", json!([])),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert!(page(&[bad], 2 * LENGTH).is_err(), "{field}");
        }
    }

    #[test]
    fn a_plan_with_impossible_numbers_is_refused() {
        let raw = term(0, 2, 0, 7);
        let mut compressed = raw.clone();
        compressed["encoding"] = json!("zstd");
        compressed["frames"] = json!([{ "stored_length": 100, "length": 2 * LENGTH }]);
        compressed["range"] = json!("bytes=7-106");
        assert!(page(std::slice::from_ref(&compressed), 2 * LENGTH).is_ok());
        let last = u64::MAX - 1;
        for (field, value) in [
            ("skip", json!(u32::MAX)),
            ("skip", json!(LENGTH)),
            ("skip", json!(1)),
            ("offset", json!(u64::MAX)),
            ("length", json!(u64::MAX)),
            ("range", json!(format!("bytes={}-{last}", last - 2 * LENGTH + 1))),
            ("range", json!(format!("bytes={}-{last}", last - 10))),
            ("range", json!(format!("bytes=0-{}", u64::MAX))),
            ("frames", json!([{ "stored_length": u32::MAX, "length": u32::MAX }])),
        ] {
            for good in [&raw, &compressed] {
                if (field, &good["encoding"]) == ("frames", &json!("raw")) {
                    continue;
                }
                let mut bad = good.clone();
                bad[field] = value.clone();
                assert!(page(&[bad], 2 * LENGTH).is_err(), "{field} {value}");
            }
        }
    }
}
