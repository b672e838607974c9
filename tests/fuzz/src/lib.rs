//! Fuzzes every decoder of untrusted bytes on stable Rust.
//!
//! A [`Target`] checks one decoder: it takes any bytes, decodes them and panics if an invariant does not
//! hold. [`run`] first replays the target's seeds and the files in `corpus/<target>/`, then mutates them. The
//! number of cases and the seed of the generator are fixed, so that every run of the tests is the same.
//!
//! - Longer: `SLUICE_FUZZ_FACTOR=100 cargo test --release -p sluice-fuzz` runs 100 times as many cases.
//! - Other cases: `PROPTEST_RNG_SEED=7 cargo test -p sluice-fuzz` seeds the generator with 7.
//! - One target: `cargo test -p sluice-fuzz manifest`.
//! - How many inputs a target accepted and refused: `-- --show-output`.
//!
//! A failure prints the smallest input that was found. Fix the bug, test it where the decoder is, and store
//! the input in `corpus/<target>/` as a `.hex` file, or as any other file that is replayed as it is.
//!
//! The checks depend on no engine. With a nightly compiler and cargo-fuzz, a libFuzzer target is
//! `fuzz_target!(|bytes: &[u8]| { (sluice_fuzz::targets::formats::MANIFEST.check)(bytes); })`.

mod edit;
mod json_edit;
mod run;
mod seeds;
mod target;
pub mod targets;

pub use run::run;
pub use target::{Form, Target, Verdict};
