//! Describes a target, and has the checks that several targets share.

use std::fmt::Display;

/// The longest text of an error: 200 quoted characters, each escaped in 10 bytes, and some words.
const ERROR_MAX_BYTES: usize = 2200;

/// A decoder, inputs to begin with, and what must hold for every input.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Also the name of the target's folder in `corpus/`.
    pub name: &'static str,
    pub form: Form,
    /// Valid inputs, which are mutated.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Texts to put into mutated inputs.
    pub tokens: &'static [&'static str],
    /// How many mutated inputs a run of the tests checks.
    pub cases: u32,
    /// Decodes an input, and panics if an invariant does not hold.
    pub check: fn(&[u8]) -> Verdict,
}

/// How the inputs of a target are mutated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A binary format whose last 8 bytes are a checksum. Most mutated inputs get a new one.
    Sealed,
    Bytes,
    Text,
    Json,
}

/// What a decoder made of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    Refused,
}

/// Checks that an error does not repeat the input, and says so to the engine.
pub(crate) fn refused(error: impl Display) -> Verdict {
    let text = error.to_string();
    assert!(!text.is_empty(), "an error without a text");
    assert!(text.len() <= ERROR_MAX_BYTES, "an error of {} bytes: {:.200}…", text.len(), text);
    Verdict::Refused
}

/// How much memory a decoder may take at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub bytes_per_input_byte: u64,
    pub bytes_more: u64,
}

impl Memory {
    /// What serde takes for JSON: a list of the largest elements that grows by doubling, and buffered values.
    pub const JSON: Self = Self { bytes_per_input_byte: 128, bytes_more: 8 << 10 };

    /// Runs a decoder, and checks the most that this thread had allocated at any time.
    pub fn hold<T>(self, input_bytes: usize, decode: impl FnOnce() -> T) -> T {
        let mut value = None;
        let taken = allocation_counter::measure(|| value = Some(decode()));
        let bound_bytes = self.bytes_per_input_byte * input_bytes as u64 + self.bytes_more;
        assert!(
            taken.bytes_max <= bound_bytes,
            "{} bytes allocated for an input of {input_bytes}, where {bound_bytes} are allowed",
            taken.bytes_max
        );
        value.expect("decode has run")
    }
}

/// The input as text; a target for text refuses everything else.
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}
