//! The `sluice` command.
//!
//! `put` brings files straight into the bucket through presigned URLs and goes on where a killed run stopped; `get`
//! brings them back and verifies every byte. Everything else is one call of the HTTP API. A token goes to the API that
//! gave it and nowhere else; memory does not grow with the files.

pub mod api;
pub mod arguments;
pub mod backoff;
pub mod bucket;
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
