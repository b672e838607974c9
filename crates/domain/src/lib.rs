//! The rules of Sluice, free of AWS, of async and of input and output.
//!
//! Everything here is a value or a decision about values: identifiers that parse once at the edge, the part plan of
//! an upload, the states an upload and a version pass through, the cutting of content into chunks and packs, and the
//! binary formats those are stored in. Time and random identifiers are passed in.

#![warn(missing_docs)]

pub mod account;
pub mod binary;
pub mod blob;
pub mod chunk;
pub mod content_pass;
pub mod dedup;
pub mod delta;
pub mod extent;
pub mod frames;
pub mod hash;
pub mod id;
pub mod key;
pub mod manifest;
pub mod materialize;
pub mod migration;
pub mod pack;
pub mod pack_index;
pub mod pack_move;
pub mod part_plan;
pub mod path;
pub mod rewrite;
#[cfg(feature = "schema")]
mod schema;
pub mod sweep;
pub mod time;
pub mod upload;
pub mod version;
