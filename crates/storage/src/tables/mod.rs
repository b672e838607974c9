//! Accesses the DynamoDB tables, with transactions across them.
//!
//! Rows are the types of the domain, with the attributes of indexes added here. Every read of a row by its
//! key is strongly consistent. State changes only by conditional writes.

pub(crate) mod access;
mod accounts;
mod attempts;
mod batch;
mod blobs;
mod builds;
mod chunk_index;
mod commit;
mod due;
mod files;
mod invitations;
mod lease;
mod listing;
mod moves;
mod packs;
mod publish;
mod receipts;
mod retired_objects;
mod segments;
mod sessions;
mod uploads;
mod versions;

pub use access::Update;
pub use accounts::{QuotaChanged, Registered};
pub use attempts::Attempt;
pub use builds::{Build, Building};
pub use commit::{Commit, Committed, Displaced};
pub use due::DUE_SHARDS;
pub use files::FileAndBlob;
pub use lease::Lease;
pub use listing::{FileHash, Listing, Page};
pub use moves::{PlacementChange, PlacementChanged};
pub use publish::Published;
pub use receipts::ReceiptCursor;
pub use segments::{FileBlob, Segment, SegmentCursor};
pub use uploads::{Begun, Ending};

use access::{Query, RowUpdate, Tables};
