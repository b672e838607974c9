//! Runs all of Sluice on one machine.
//!
//! [`Stack::start`] installs and starts an AWS emulator, builds the functions, deploys the template of
//! `infra/` (the same that deploys to AWS) and serves the API at a plain `http://127.0.0.1:PORT`. The
//! `sluice-dev` command and the tests of the workspace use it.

pub mod compose;
mod deploy;
mod emulator;
mod emulator_kind;
mod error;
mod keys;
mod object_store;
mod page;
pub mod ports;
mod proxy;
pub mod python;
mod random;
mod settings;
mod stack;
pub mod stores;
mod wait;
mod workspace;

pub use emulator_kind::EmulatorKind;
pub use error::Error;
pub use keys::Keys;
pub use object_store::ObjectStore;
pub use settings::Settings;
pub use sluice_infra::{Build, function_names};
pub use stack::Stack;
