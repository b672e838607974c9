//! The edge of the functions: configuration, clock, telemetry, sessions, problem details and SQS batches.
//!
//! A function's `main.rs` builds its `App` from a [`Deployment`] and hands it to [`http::serve`], [`batch::serve`] or
//! [`schedule::serve`]; everything below knows nothing of Lambda.

pub mod auth;
pub mod batch;
pub mod call;
pub mod clock;
pub mod config;
pub mod failure;
pub mod http;
pub mod instant;
pub mod metrics;
pub mod reply;
pub mod schedule;
pub mod telemetry;

pub use call::Call;
pub use config::Deployment;
pub use failure::Failure;
pub use reply::Reply;

/// What ends a function at start: a setting that is missing or wrong, or the Runtime API gone.
pub type StartError = lambda_runtime::Error;
