//! Defines what crosses a boundary of Sluice: HTTP bodies, problem details and events.
//!
//! Functions and clients share these types. Requests refuse unknown fields, so that a misspelt option is
//! never silently ignored. Answers skip unknown fields, so that old clients understand new servers.

#![warn(missing_docs)]

pub mod accounts;
pub mod cursor;
pub mod event;
pub mod files;
#[cfg(feature = "schema")]
pub mod openapi;
pub mod pack_event;
pub mod packs;
pub mod parameters;
pub mod problem;
mod query;
pub mod route;
pub mod uploads;

/// The largest `limit` of a list: a page has at most this many entries.
pub const LIST_MAX: usize = 1000;

/// The default of `limit`.
pub const LIST_DEFAULT: usize = 100;
