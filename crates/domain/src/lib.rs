//! Defines the rules of Sluice: values, decisions about values, and the binary formats.
//!
//! Nothing here uses AWS, async, input or output. Callers pass in the time and random bytes.

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
pub mod guessing;
pub mod hash;
pub mod id;
pub mod invitation;
pub mod key;
pub mod manifest;
pub mod materialize;
pub mod migration;
pub mod pack;
pub mod pack_index;
pub mod pack_move;
pub mod part_plan;
pub mod password;
pub mod path;
pub mod printable;
pub mod publication;
pub mod rewrite;
#[cfg(feature = "schema")]
mod schema;
pub mod session;
pub mod sweep;
pub mod time;
pub mod upload;
pub mod version;
