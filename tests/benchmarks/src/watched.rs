//! Runs commands and samples their processor time and memory.

use std::time::Duration;
use tokio::process::Command;
use tokio::time::{MissedTickBehavior, interval};

use crate::command::{self, Finished};
use crate::{Failure, own_process};

/// Memory that a command uses for less than this may be missed.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(10);

/// The resources used by a command that has succeeded.
#[derive(Debug)]
pub struct Watched {
    /// The time from before its start until its end.
    pub elapsed: Duration,
    /// The processor time of the command.
    pub processor_seconds: f64,
    /// Its peak resident memory.
    pub peak_resident_kib: u64,
}

/// Runs a command to its end and samples it meanwhile. It must not start other processes.
pub async fn run(command: Command) -> Result<Watched, Failure> {
    let mut processor_seconds = 0.0;
    let mut peak_resident_kib = 0;
    let running = command::start(command)?;
    let process = running.id().map(|id| id.to_string()).unwrap_or_default();
    let mut end = Box::pin(running.finish(""));
    let mut ticks = interval(SAMPLE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let Finished { elapsed, .. } = loop {
        tokio::select! {
            finished = &mut end => break finished?,
            _ = ticks.tick() => {
                processor_seconds = own_process::processor_seconds(&process).unwrap_or(processor_seconds);
                peak_resident_kib = own_process::peak_resident_kib(&process).unwrap_or(peak_resident_kib);
            }
        }
    };
    Ok(Watched { elapsed, processor_seconds, peak_resident_kib })
}
