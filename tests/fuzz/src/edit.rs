//! Mutates inputs: a seed, and some edits of its bytes or of its JSON.

use proptest::prelude::*;
use proptest::sample::Index;
use std::fmt;

use crate::json_edit::{JsonEdit, json_edits};
use crate::target::{Form, Target};

/// A mutated input stays shorter than this and one edit.
const INPUT_MAX_BYTES: usize = 64 << 10;
const CHECKSUM_BYTES: usize = 8;
/// The length of magic and version, which every format begins with.
const HEADER_BYTES: usize = 5;

/// Numbers at which decoders go wrong.
const NUMBERS: [u64; 18] = [
    0,
    1,
    2,
    127,
    128,
    255,
    256,
    16_384,
    16_385,
    65_535,
    65_536,
    1 << 26,
    i32::MAX as u64,
    u32::MAX as u64,
    1 << 32,
    5 << 40,
    i64::MAX as u64,
    u64::MAX,
];

/// An input, shown as hex and as text.
#[derive(Clone)]
pub(crate) struct Input(pub Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = self;
        write!(
            f,
            "{} bytes, hex {}, text {:?}",
            bytes.len(),
            hex::encode(bytes),
            String::from_utf8_lossy(bytes)
        )
    }
}

/// A change to the bytes of an input.
#[derive(Debug, Clone)]
enum Edit {
    Set(Index, u8),
    FlipBit(Index, u8),
    Remove(Index, usize),
    Insert(Index, Vec<u8>),
    Truncate(Index),
    /// Repeats the bytes at a place.
    Repeat {
        at: Index,
        length: usize,
        times: usize,
    },
    Varint(Index, Index),
    FixedWidth {
        at: Index,
        number: Index,
        width: usize,
    },
    Token(Index, Index),
    /// Goes on with the rest of another seed.
    Splice {
        at: Index,
        seed: Index,
        from: Index,
    },
}

/// Where a mutated input begins.
#[derive(Debug, Clone)]
enum Start {
    Seed(Index),
    /// These bytes; in a sealed format, after the header of a seed.
    Bytes(Index, Vec<u8>),
    Text(String),
}

pub(crate) fn inputs(seeds: Vec<Vec<u8>>, target: &Target) -> impl Strategy<Value = Input> + use<> {
    let form = target.form;
    let tokens = target.tokens;
    let json_count = if form == Form::Json { 0..4_usize } else { 0..1 };
    let json = json_count.prop_flat_map(move |count| json_edits(count, tokens));
    let edit_weight = if form == Form::Json { 1 } else { 4 };
    let edits = prop_oneof![
        edit_weight => prop::collection::vec(edit(), 1..6),
        1 => Just(Vec::new()),
    ];
    (start(form), json, edits, prop::bool::weighted(0.9)).prop_map(move |(start, json, edits, reseals)| {
        let mut bytes = start.bytes(&seeds, form);
        JsonEdit::apply_all(&json, &mut bytes);
        let is_sealed = form == Form::Sealed && bytes.len() >= HEADER_BYTES + CHECKSUM_BYTES;
        if is_sealed && reseals {
            bytes.truncate(bytes.len() - CHECKSUM_BYTES);
        }
        for edit in &edits {
            edit.apply(&mut bytes, &seeds, tokens);
        }
        if is_sealed && reseals { Input(sealed(&bytes)) } else { Input(bytes) }
    })
}

/// The bytes and the checksum that ends every sealed format.
pub(crate) fn sealed(body: &[u8]) -> Vec<u8> {
    [body, &blake3::hash(body).as_bytes()[..CHECKSUM_BYTES]].concat()
}

fn start(form: Form) -> BoxedStrategy<Start> {
    let seed = any::<Index>().prop_map(Start::Seed);
    let random = match form {
        Form::Text | Form::Json => any::<String>().prop_map(Start::Text).boxed(),
        Form::Sealed | Form::Bytes => {
            let bytes = prop::collection::vec(any::<u8>(), 0..300);
            (any::<Index>(), bytes).prop_map(|(seed, bytes)| Start::Bytes(seed, bytes)).boxed()
        }
    };
    prop_oneof![15 => seed, 1 => random].boxed()
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    let byte = prop_oneof![any::<u8>(), Just(0), Just(0x80), Just(0xff), Just(b'"'), Just(b'\\')];
    let bytes = prop::collection::vec(any::<u8>(), 1..16);
    let times = prop_oneof![20 => 1..8_usize, 1 => 100..4000_usize];
    let width = prop_oneof![Just(1_usize), Just(2), Just(4), Just(8)];
    prop_oneof![
        4 => (at(), byte).prop_map(|(at, byte)| Edit::Set(at, byte)),
        3 => (at(), 0..8_u8).prop_map(|(at, bit)| Edit::FlipBit(at, bit)),
        2 => (at(), 1..40_usize).prop_map(|(at, length)| Edit::Remove(at, length)),
        1 => (at(), bytes).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        1 => at().prop_map(Edit::Truncate),
        2 => (at(), 1..60_usize, times).prop_map(|(at, length, times)| Edit::Repeat { at, length, times }),
        2 => (at(), at()).prop_map(|(at, number)| Edit::Varint(at, number)),
        2 => (at(), at(), width).prop_map(|(at, number, width)| Edit::FixedWidth { at, number, width }),
        2 => (at(), at()).prop_map(|(at, token)| Edit::Token(at, token)),
        1 => (at(), at(), at()).prop_map(|(at, seed, from)| Edit::Splice { at, seed, from }),
    ]
}

impl Start {
    fn bytes(&self, seeds: &[Vec<u8>], form: Form) -> Vec<u8> {
        match self {
            Self::Seed(seed) => seed.get(seeds).clone(),
            Self::Text(text) => text.clone().into_bytes(),
            Self::Bytes(seed, bytes) if form == Form::Sealed => {
                let header = seed.get(seeds).get(..HEADER_BYTES).unwrap_or_default();
                [header, bytes, &[0; CHECKSUM_BYTES]].concat()
            }
            Self::Bytes(_, bytes) => bytes.clone(),
        }
    }
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>], tokens: &[&str]) {
        let position = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
        if bytes.len() > INPUT_MAX_BYTES {
            return;
        }
        match self {
            Self::Set(at, byte) if !bytes.is_empty() => *at.get_mut(bytes) = *byte,
            Self::FlipBit(at, bit) if !bytes.is_empty() => *at.get_mut(bytes) ^= 1 << bit,
            Self::Set(..) | Self::FlipBit(..) => {}
            Self::Remove(at, length) => {
                let start = position(at, bytes);
                let end = bytes.len().min(start + length);
                bytes.drain(start..end);
            }
            Self::Insert(at, inserted) => insert(bytes, position(at, bytes), inserted),
            Self::Truncate(at) => bytes.truncate(position(at, bytes)),
            Self::Repeat { at, length, times } => {
                let start = position(at, bytes);
                let piece = bytes[start..bytes.len().min(start + length)].to_vec();
                let times = (*times).min(INPUT_MAX_BYTES / piece.len().max(1));
                insert(bytes, start, &piece.repeat(times));
            }
            Self::Varint(at, number) => overwrite(bytes, position(at, bytes), &varint(*number.get(&NUMBERS))),
            Self::FixedWidth { at, number, width } => {
                let number = number.get(&NUMBERS).to_le_bytes();
                overwrite(bytes, position(at, bytes), &number[..*width]);
            }
            Self::Token(_, _) if tokens.is_empty() => {}
            Self::Token(at, token) => insert(bytes, position(at, bytes), token.get(tokens).as_bytes()),
            Self::Splice { at, seed, from } => {
                let other = seed.get(seeds);
                bytes.truncate(position(at, bytes));
                bytes.extend_from_slice(&other[position(from, other)..]);
            }
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, inserted: &[u8]) {
    bytes.splice(at..at, inserted.iter().copied());
}

fn overwrite(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    let end = bytes.len().min(at + new.len());
    bytes.splice(at..end, new.iter().copied());
}

/// An unsigned LEB128 integer.
pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
