//! One target for each decoder.

pub mod cursors;
pub mod delta;
pub mod events;
pub mod formats;
pub mod frames;
pub mod names;
pub mod receipts;
pub mod requests;
pub mod stores;
