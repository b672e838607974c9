//! The `sluice` command.
//!
//! `put` sends the bytes that the account lacks to the bucket through presigned URLs. `get` downloads the
//! bytes that are missing locally, and verifies them. Both continue where a killed run stopped. Most other
//! commands are single calls of the HTTP API. The session token is sent only to the API that issued it.

pub mod api;
pub mod arguments;
pub mod backoff;
pub mod bucket;
pub mod cache;
pub mod clock;
pub mod commands;
pub mod context;
pub mod digests;
pub mod error;
pub mod get;
pub mod home;
pub mod locked_file;
pub mod lookup;
pub mod meter;
pub mod mode;
pub mod output;
pub mod partial_file;
pub mod private_file;
pub mod progress;
pub mod put;
pub mod session;
pub mod signal;
pub mod speed;
pub mod tally;
