//! Reads the settings of a deployment, and opens its tables, buckets and queues.
//!
//! Functions, the operator's command and tests begin with a [`Deployment`]. Nothing here knows Lambda.

pub mod clock;
mod deployment;
mod environment;
mod error;
pub mod log;
mod migration;
mod queues;
mod setting;
pub mod settings;
mod stores;

pub use deployment::Deployment;
pub use environment::environment;
pub use error::ConfigError;
pub use queues::WorkerQueue;
pub use setting::{About, Absent, Secrecy, Setting};
