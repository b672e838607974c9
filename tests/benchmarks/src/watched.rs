//! Commands whose processor time and memory are watched from outside.

use std::time::Duration;
use tokio::process::Command;
use tokio::time::{MissedTickBehavior, interval};

use crate::command::{self, Finished};
use crate::{Failure, own_process};

/// Memory that is taken and given back in less than that may be missed at the very end.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A command that has ended well, and what it took.
#[derive(Debug)]
pub struct Watched {
    /// From before it was started until its end was seen.
    pub elapsed: Duration,
    /// How long processors have worked for it.
    pub processor_seconds: f64,
    /// The most memory it has had resident.
    pub peak_resident_kib: u64,
}

/// Runs a command that starts no others to its end, and looks at it meanwhile.
pub async fn run(command: Command) -> Result<Watched, Failure> {
    let (mut processor_seconds, mut peak_resident_kib) = (0.0, 0);
    let running = command::start(command)?;
    let process = running.id().map(|id| id.to_string()).unwrap_or_default();
    let mut end = Box::pin(running.finish(""));
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let Finished { elapsed, .. } = loop {
        tokio::select! {
            finished = &mut end => break finished?,
            _ = looks.tick() => {
                processor_seconds = own_process::processor_seconds(&process).unwrap_or(processor_seconds);
                peak_resident_kib = own_process::peak_resident_kib(&process).unwrap_or(peak_resident_kib);
            }
        }
    };
    Ok(Watched { elapsed, processor_seconds, peak_resident_kib })
}
