//! Tests the rules of S3 and of HTTP APIs, in front of a server that accepts everything.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

mod api;
mod copies;
mod requests;
mod support;
