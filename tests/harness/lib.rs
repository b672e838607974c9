//! Shared by all stories: the stacks they run on, a client of the API, and bytes to upload.

#![allow(clippy::missing_panics_doc, reason = "a story that cannot continue panics")]

mod client;
mod data;
mod reply;
mod roles;
mod stack;
mod wait;

pub use client::{Client, text, url_of};
pub use data::{bytes, log_lines};
pub use reply::{Reply, available, parse};
pub use stack::{
    COLD_BUCKET, Deployed, WEBHOOK_SECRET, enforces_roles, live, ministack, paused, store_kind, swept,
    verifies_checksums,
};
pub use wait::wait_for;
