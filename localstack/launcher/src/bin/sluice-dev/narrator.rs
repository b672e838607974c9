//! Prints the stages of the first upload.

use std::error::Error;

use tokio::time::Instant;

/// Why the first upload ended early.
pub type Failure = Box<dyn Error>;

/// Prints stages with the time since the first.
pub struct Narrator(Instant);

impl Narrator {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn print(&self, stage: &str, what: &str) {
        println!("  {:5.1} s  {stage:<16} {what}", self.0.elapsed().as_secs_f64());
    }
}
