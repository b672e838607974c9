//! Runs handlers, workers and schedules as Lambda functions.
//!
//! A function's `main.rs` builds its `App` from the [`Deployment`](sluice_deployment::Deployment) that
//! [`start`] returns, and hands it to [`http::serve`], [`batch::serve`] or [`schedule::serve`]. Only these
//! three modules know Lambda's types.

mod acknowledger;
pub mod auth;
pub mod batch;
pub mod call;
pub mod failure;
mod heartbeat;
pub mod http;
pub mod idempotency;
pub mod instant;
mod message;
pub mod metrics;
mod panicked;
pub mod reply;
pub mod schedule;
mod start;
mod telemetry;

pub use call::Call;
pub use failure::Failure;
pub use reply::Reply;
pub use start::start;

/// Why a function cannot start: a setting is missing or wrong, or the Runtime API does not answer.
pub type StartError = lambda_runtime::Error;
