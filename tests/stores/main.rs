//! Observes how real S3 stores behave and compares that with `docs/stores/behaviours.md`.
//!
//! `UPDATE_EXPECTED=1 cargo test -p sluice-tests --test stores` rewrites the table.

mod behaviours;
mod capabilities;
mod checksums;
mod conditions;
mod copies;
mod findings;
mod in_memory;
mod keys;
mod lists;
mod multipart;
mod objects;
mod oracle;
mod presigned;
mod presigned_copies;
mod presigned_refusals;
mod resolver;
mod settings;
mod start;
mod table;
mod test_store;
