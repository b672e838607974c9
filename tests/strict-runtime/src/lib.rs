//! Runs functions of an emulator by rules of Lambda that emulators do not know.
//!
//! An emulator starts the program `strict-runtime` in place of a function. The program starts the function
//! itself and stands between its runtime client and the emulator's Runtime API. It
//!
//! - stops the function's process between invocations, so that its tasks stand still while the clock goes on;
//! - refuses answers of more than 6 MB, and settings of more than 4 KB;
//! - kills the process before, within or after an invocation by SQS, as a seed says;
//! - delivers an SQS event again, as a seed says.

mod bound;
mod fate;
mod invocation;
mod limits;
mod proxy;
mod run;
mod sandbox;
mod wrap;

pub use bound::become_bound;
pub use fate::Rules;
pub use run::{RunError, run};
pub use wrap::wrap;
