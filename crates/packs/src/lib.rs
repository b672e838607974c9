//! Reads, checks and moves packs.
//!
//! [`read`] reads runs of chunks from any store and encoding, and checks them. [`mover`] writes a pack
//! somewhere else, verifies it, and only then changes its placement; the former object is deleted later.
//! [`migration`] moves all packs of an event to the store that a rule or an operator chose.
//! [`subject`] finds the packs of an event, [`sample`] estimates whether compression is worthwhile,
//! [`receipt`] proves a move, and [`mod@verify`] checks a whole pack.

mod crc64;
mod encode;
pub mod error;
pub mod migration;
pub mod mover;
pub mod pace;
pub mod read;
pub mod receipt;
pub mod sample;
pub mod subject;
pub mod verify;

pub use crc64::{crc64, crc64_of_both};
pub use encode::Form;
pub use encode::IN_TRANSIT_BYTES;
pub use error::PackError;
pub use mover::{Move, Moved, Mover};
pub use pace::Pace;
pub use receipt::Signer;
