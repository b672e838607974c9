//! The HTTP API: one method for each call, with the types of `sluice-contracts`.

mod accounts;
mod call;
mod client;
mod files;
mod pages;
mod uploads;

pub use client::Api;
pub(crate) use client::{retry_after, unreachable_peer};
pub use files::{Detail, Selection};
