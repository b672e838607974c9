//! Packs where they lie: reading them, and moving them.
//!
//! [`read`] brings runs of chunks from any store and encoding, checked. [`relocate`] is the one way in which a pack changes
//! its place: it is written anew, verified, and only then read from there; the object that it leaves is deleted later.
//! [`subject`] says which packs an event is about, [`sample`] whether compressing them pays, [`receipt`] proves a move,
//! and [`mod@verify`] checks a pack where it lies.

mod crc64;
pub mod error;
pub mod mover;
pub mod pace;
pub mod read;
pub mod receipt;
pub mod sample;
pub mod subject;
mod transform;
pub mod verify;

pub use crc64::{crc64, crc64_of_both};
pub use error::PackError;
pub use mover::{Form, Move, Moved, Mover};
pub use pace::Pace;
pub use receipt::Signer;
pub use transform::IN_TRANSIT_BYTES;
