//! Targets for the sealed binary formats: what is accepted encodes to exactly the same bytes and is within
//! its limits.

use sluice_domain::chunk::{CHUNK_MAX_BYTES, Chunk};
use sluice_domain::content_pass::ContentPass;
use sluice_domain::dedup::{KnownPack, Run, match_chunks};
use sluice_domain::frames::{FRAME_MAX_BYTES, Frame, FrameTable};
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::PackId;
use sluice_domain::manifest::{Manifest, Term};
use sluice_domain::pack::{PACK_MAX_BYTES, PACK_MAX_CHUNKS};
use sluice_domain::pack_index::PackIndex;
use sluice_domain::part_plan::OBJECT_MAX_BYTES;

use crate::edit::{sealed, varint};
use crate::seeds::vector;
use crate::target::{Form, Memory, Target, Verdict, refused};

/// A checkpoint's pass goes on with this many bytes: enough to cut chunks.
const MORE_BYTES: usize = 200_000;

pub const PACK_INDEX: Target = Target {
    name: "pack_index",
    form: Form::Sealed,
    seeds: pack_index_seeds,
    tokens: &[],
    cases: 750,
    check: check_pack_index,
};

pub const MANIFEST: Target = Target {
    name: "manifest",
    form: Form::Sealed,
    seeds: manifest_seeds,
    tokens: &[],
    cases: 1250,
    check: check_manifest,
};

pub const FRAME_TABLE: Target = Target {
    name: "frame_table",
    form: Form::Sealed,
    seeds: frame_table_seeds,
    tokens: &[],
    cases: 1250,
    check: check_frame_table,
};

pub const CHECKPOINT: Target = Target {
    name: "checkpoint",
    form: Form::Sealed,
    seeds: checkpoint_seeds,
    tokens: &[],
    cases: 600,
    check: check_checkpoint,
};

fn chunk(number: u32, length_bytes: u32) -> Chunk {
    Chunk::new(ChunkId::of(&number.to_le_bytes()), length_bytes).expect("a length within the limits")
}

fn pack_index_seeds() -> Vec<Vec<u8>> {
    let index = |chunks: Vec<Chunk>| PackIndex::new(PackId::from_bytes([7; 16]), chunks).expect("a pack");
    let full = vec![chunk(0, CHUNK_MAX_BYTES); (PACK_MAX_BYTES / CHUNK_MAX_BYTES) as usize];
    let one_too_many = {
        let count = full.len() as u64 + 1;
        let entry = [ChunkId::of(b"").as_bytes().as_slice(), &[0xff, 0xff]].concat();
        sealed(
            &[b"SLpi\x01".as_slice(), &[7; 16], &varint(count), &entry.repeat(count as usize), &[1, 0, 0]]
                .concat(),
        )
    };
    // The same chunk at several places.
    let repeated = (0..40).map(|number| chunk(number % 3, 5000 + number % 3)).collect();
    let varied = (0..200).map(|number| chunk(number, 1 + number * 300)).collect();
    vec![
        vector("pack_index.hex"),
        index(varied).encode(),
        index(repeated).encode(),
        index(full).encode(),
        one_too_many,
    ]
}

fn check_pack_index(bytes: &[u8]) -> Verdict {
    let memory = Memory { bytes_per_input_byte: 4, bytes_more: 1024 };
    let index = match memory.hold(bytes.len(), || PackIndex::decode(bytes)) {
        Ok(index) => index,
        Err(error) => return refused(error),
    };
    assert_eq!(index.encode(), bytes);
    let count = index.chunks().len();
    let length_bytes: u64 = index.chunks().iter().map(|chunk| u64::from(chunk.length_bytes())).sum();
    assert!((1..=PACK_MAX_CHUNKS as usize).contains(&count));
    assert!(index.chunks().iter().all(|chunk| (1..=CHUNK_MAX_BYTES).contains(&chunk.length_bytes())));
    assert!(length_bytes <= u64::from(PACK_MAX_BYTES));
    assert_eq!(u64::from(index.raw_length_bytes()), length_bytes);
    check_ranges(&index);
    check_matching(&index);
    Verdict::Accepted
}

/// Ranges lie end to end, and none reaches beyond the pack.
fn check_ranges(index: &PackIndex) {
    let count = index.chunks().len() as u32;
    for first in [0, count / 3, count - 1, count] {
        let before = index.raw_range(0, first).expect("within the pack");
        let after = index.raw_range(first, count - first).expect("within the pack");
        assert_eq!(before, 0..after.start);
        assert_eq!(after.end, u64::from(index.raw_length_bytes()));
        for beyond in [count - first + 1, u32::MAX - first, u32::MAX] {
            assert_eq!(index.raw_range(first, beyond), None);
        }
    }
}

/// Every chunk is found again in its own pack, whatever ids repeat.
fn check_matching(index: &PackIndex) {
    let known = KnownPack::new(index.clone());
    let mut chunks = 0;
    for run in match_chunks(index.chunks(), &[&known]) {
        let term = match run {
            Run::Known(term) => term,
            // Of two chunks that have one id and two lengths the pack knows one.
            Run::New { chunk_count, .. } => {
                chunks += chunk_count as usize;
                continue;
            }
        };
        let found = term.first_chunk as usize..(term.first_chunk + term.chunk_count) as usize;
        let wanted = chunks..chunks + term.chunk_count as usize;
        assert_eq!(index.chunks()[found], index.chunks()[wanted.clone()]);
        let range = index.raw_range(term.first_chunk, term.chunk_count).expect("within the pack");
        assert_eq!(range.end - range.start, u64::from(term.raw_length_bytes));
        chunks = wanted.end;
    }
    assert_eq!(chunks, index.chunks().len());
}

fn manifest_seeds() -> Vec<Vec<u8>> {
    let term = |number: u32| {
        let chunk_count = 1 + number * 37 % 900;
        Term {
            pack_id: PackId::from_bytes([(number % 7) as u8; 16]),
            first_chunk: number * 11,
            chunk_count,
            raw_length_bytes: chunk_count * (1 + number * 311),
        }
    };
    let manifest = |terms: Vec<Term>| {
        let size_bytes = terms.iter().map(|term| u64::from(term.raw_length_bytes)).sum();
        Manifest::new(size_bytes, Sha256::of(b"sluice"), terms).expect("terms that add up").encode()
    };
    let head = [b"SLmf\x01\x12".as_slice(), &[7; 32], &[2]].concat();
    let new_pack = [[0].as_slice(), &[1; 16], &[0, 2, 9]].concat();
    // The first is sound; the others have one fault each: a pack that is introduced twice, one that is not
    // introduced, and a number in a longer form than it needs.
    let second_terms = [&[1, 0, 2, 9][..], &new_pack, &[2, 0, 2, 9], &[1, 0x80, 0, 2, 9]];
    let handmade = second_terms.map(|second| sealed(&[&head, &new_pack, second].concat()));
    let written = [manifest((0..60).map(term).collect()), manifest(vec![term(5)]), manifest(vec![])];
    [vec![vector("manifest.hex")], written.to_vec(), handmade.to_vec()].concat()
}

fn check_manifest(bytes: &[u8]) -> Verdict {
    let memory = Memory { bytes_per_input_byte: 24, bytes_more: 2048 };
    let manifest = match memory.hold(bytes.len(), || Manifest::decode(bytes)) {
        Ok(manifest) => manifest,
        Err(error) => return refused(error),
    };
    assert_eq!(manifest.encode(), bytes);
    let mut size_bytes = 0;
    for term in manifest.terms() {
        let end = u64::from(term.first_chunk) + u64::from(term.chunk_count);
        assert!(term.chunk_count > 0 && end <= u64::from(PACK_MAX_CHUNKS), "{term:?}");
        assert!((term.chunk_count..=PACK_MAX_BYTES).contains(&term.raw_length_bytes), "{term:?}");
        size_bytes += u64::from(term.raw_length_bytes);
    }
    assert_eq!(manifest.size_bytes(), size_bytes);
    Verdict::Accepted
}

fn frame_table_seeds() -> Vec<Vec<u8>> {
    let frame = |number: u32| Frame { chunk_count: 1 + number % 200, stored_length_bytes: 1 + number * 500 };
    let table = |frames: Vec<Frame>| FrameTable::new(frames).expect("possible frames").encode();
    vec![vector("frame_table.hex"), table((0..300).map(frame).collect()), table(vec![])]
}

fn check_frame_table(bytes: &[u8]) -> Verdict {
    let memory = Memory { bytes_per_input_byte: 8, bytes_more: 1024 };
    let table = match memory.hold(bytes.len(), || FrameTable::decode(bytes)) {
        Ok(table) => table,
        Err(error) => return refused(error),
    };
    assert_eq!(table.encode(), bytes);
    for frame in table.frames() {
        assert!((1..=PACK_MAX_CHUNKS).contains(&frame.chunk_count), "{frame:?}");
        assert!((1..=FRAME_MAX_BYTES + 64).contains(&frame.stored_length_bytes), "{frame:?}");
    }
    Verdict::Accepted
}

/// A checkpoint as `docs/FORMATS.md` has it, of a pass in its pack `ordinal`, after full packs.
fn late_checkpoint(ordinal: u32) -> Vec<u8> {
    let open = [1_u32, 70, 65_536];
    let carry = b"the bytes after the last cut";
    let open_bytes = open.iter().map(|length| u64::from(*length)).sum::<u64>();
    let offset = u64::from(ordinal) * u64::from(PACK_MAX_BYTES) + open_bytes + carry.len() as u64;
    let mut body = [b"SLcp\x01".as_slice(), &varint(offset)].concat();
    for words_bytes in [20, 32] {
        body.extend(vec![3; words_bytes]);
        body.extend((offset / 64).to_le_bytes());
        body.push((offset % 64) as u8);
        body.extend([0; 63]);
    }
    body.extend(varint(ordinal.into()));
    body.extend(varint(open.len() as u64));
    for length in open {
        body.extend(ChunkId::of(b"").as_bytes());
        body.extend(((length - 1) as u16).to_le_bytes());
    }
    body.extend(varint(carry.len() as u64));
    body.extend(carry);
    sealed(&body)
}

fn checkpoint_seeds() -> Vec<Vec<u8>> {
    let content: Vec<u8> = (0..150_000_u32).map(|at| (at.wrapping_mul(at) >> 7) as u8).collect();
    let mut pass = ContentPass::new();
    assert!(pass.update(&content).is_empty(), "a pack holds more");
    let begun = ContentPass::new().checkpoint();
    let late = [1, 1000, 81_919, 1 << 20, u32::MAX].map(late_checkpoint);
    [vec![vector("checkpoint.hex"), begun, pass.checkpoint()], late.to_vec()].concat()
}

fn check_checkpoint(bytes: &[u8]) -> Verdict {
    let memory = Memory { bytes_per_input_byte: 8, bytes_more: 4096 };
    let mut pass = match memory.hold(bytes.len(), || ContentPass::resume(bytes)) {
        Ok(pass) => pass,
        Err(error) => return refused(error),
    };
    assert_eq!(pass.checkpoint(), bytes);
    let offset_bytes = pass.offset_bytes();
    assert!(offset_bytes <= OBJECT_MAX_BYTES, "no object has {offset_bytes} bytes");
    let more: Vec<u8> = (0..MORE_BYTES).map(|at| (at >> 3) as u8).collect();
    let mut packs = pass.update(&more);
    let (digest, last) = pass.finish();
    packs.extend(last);
    assert_eq!(digest.size_bytes, offset_bytes + MORE_BYTES as u64);
    for pack in &packs {
        let length_bytes: u64 = pack.chunks().iter().map(|chunk| u64::from(chunk.length_bytes())).sum();
        assert_eq!(u64::from(pack.raw_length_bytes()), length_bytes);
        assert!(length_bytes <= u64::from(PACK_MAX_BYTES) && pack.chunks().len() <= PACK_MAX_CHUNKS as usize);
    }
    for pair in packs.windows(2) {
        assert_eq!(pair[1].offset_bytes(), pair[0].offset_bytes() + u64::from(pair[0].raw_length_bytes()));
        assert_eq!(pair[1].ordinal(), pair[0].ordinal() + 1);
    }
    let last = packs.last().expect("the content is not empty");
    assert_eq!(last.offset_bytes() + u64::from(last.raw_length_bytes()), digest.size_bytes);
    Verdict::Accepted
}
