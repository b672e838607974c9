//! Tests the double's rules with an S3 SDK and with handmade requests.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

mod addresses;
mod backing;
mod backing_answers;
mod faults;
mod objects;
mod overwrites;
mod raw;
mod signatures;
mod support;
mod unsupported;
mod uploads;
