//! The `CloudFormation` template, put together from its parts, and the functions' deployment packages.
//!
//! The dev loop and the tests use both as a library; the command `sluice-deploy` deploys them to AWS.

pub mod artifact;
mod build;
mod error;
pub mod template;

pub use build::{Architecture, Build, cargo, function_names};
pub use error::Error;
