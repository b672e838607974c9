//! Runs handlers, workers and schedules as Lambda functions, and reads their settings.
//!
//! A function's `main.rs` builds its `App` from a [`Deployment`] and hands it to [`http::serve`],
//! [`batch::serve`] or [`schedule::serve`]. Only these three modules know Lambda's types.

pub mod auth;
pub mod batch;
pub mod call;
pub mod clock;
pub mod config;
pub mod failure;
pub mod http;
pub mod instant;
pub mod message;
pub mod metrics;
pub mod reply;
pub mod schedule;
pub mod telemetry;

pub use call::Call;
pub use config::Deployment;
pub use failure::Failure;
pub use reply::Reply;

/// Why a function cannot start: a setting is missing or wrong, or the Runtime API does not answer.
pub type StartError = lambda_runtime::Error;
