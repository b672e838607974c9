//! The `sluice` command.
//!
//! `put` brings what the account lacks straight into the bucket through presigned URLs and goes on where a killed run
//! stopped; `get` brings back what is not here and verifies every byte. Everything else is one call of the HTTP API. A
//! token goes to the API that gave it and nowhere else; of files, memory holds lists of chunks at most.

pub mod api;
pub mod arguments;
pub mod backoff;
pub mod bucket;
pub mod cache;
pub mod clock;
pub mod commands;
pub mod digests;
pub mod error;
pub mod get;
pub mod home;
pub mod locked_file;
pub mod meter;
pub mod output;
pub mod private_file;
pub mod progress;
pub mod put;
pub mod session;
