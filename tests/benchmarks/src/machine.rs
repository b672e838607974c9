//! Describes the machine that the figures were taken on.

use std::fs;
use std::thread::available_parallelism;

use crate::Failure;

/// Returns one line with the processor, the system and the load of the machine.
pub fn describe() -> Result<String, Failure> {
    let cores = available_parallelism()?;
    let processor = value("/proc/cpuinfo", "model name", ':');
    let system = value("/etc/os-release", "PRETTY_NAME", '=');
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    Ok(format!("{cores} cores of {processor}, {system}; load {load} at the start.\n"))
}

fn value(path: &str, name: &str, separator: char) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let value =
        text.lines().filter_map(|line| line.split_once(separator)).find(|(key, _)| key.trim() == name);
    value.map_or_else(|| format!("unknown {name}"), |(_, value)| value.trim_matches([' ', '"']).to_owned())
}
