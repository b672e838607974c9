//! What S3 stores do and do not do, found out on real ones: `docs/stores/behaviours.md` holds what was found.
//!
//! `UPDATE_EXPECTED=1 cargo test -p sluice-tests --test stores` writes the table anew.

mod behaviours;
mod bring_up;
mod checksums;
mod conditions;
mod copies;
mod findings;
mod keys;
mod known;
mod lists;
mod multipart;
mod objects;
mod oracle;
mod place;
mod presigned;
mod presigned_copies;
mod presigned_refusals;
mod resolver;
mod settings;
mod table;
