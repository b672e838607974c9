//! Shared by all stories: the stacks they run on, a client of the API, and bytes to upload.

#![allow(clippy::missing_panics_doc, reason = "a story that cannot continue panics")]

mod client;
mod data;
mod roles;
mod stack;

pub use client::{Client, Reply, text};
pub use data::{bytes, log_lines};
pub use stack::{
    COLD_BUCKET, Deployed, WEBHOOK_SECRET, enforces_roles, live, ministack, paused, store_kind, swept,
    verifies_checksums,
};
