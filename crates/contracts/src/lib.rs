//! What crosses a boundary of Sluice: HTTP bodies, problem details and events, and nothing else.
//!
//! Functions and clients share these types, so neither can drift from the other. Unknown fields in a request are
//! refused, so that a misspelt option is never silently ignored; unknown fields in an answer are skipped, so that old
//! clients understand new servers.

#![warn(missing_docs)]

pub mod accounts;
pub mod event;
pub mod files;
#[cfg(feature = "schema")]
pub mod openapi;
pub mod pack_event;
pub mod packs;
pub mod problem;
pub mod route;
pub mod uploads;

/// Most entries of one page of a list.
pub const LIST_MAX: usize = 1000;

/// Entries of a page whose call names no `limit`.
pub const LIST_DEFAULT: usize = 100;
