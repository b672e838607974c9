//! The double's rules, each held against an S3 SDK or a request made by hand.

#![expect(clippy::unwrap_used, reason = "what helps a test may panic as the test may")]

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
