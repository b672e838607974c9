//! Assembles the `CloudFormation` template from its parts, and builds the functions' deployment packages.
//!
//! The dev loop and the tests use it as a library. The command `sluice-deploy` deploys to AWS.

pub mod artifact;
mod build;
mod error;
pub mod template;

pub use build::{Architecture, Build, cargo, function_names};
pub use error::Error;
