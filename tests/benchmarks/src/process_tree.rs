//! Processes that this one has started, however indirectly.

use std::collections::BTreeMap;
use std::fs;

/// A process as `/proc` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProcessId(u32);

/// The running processes of the Lambda function whose name ends in `suffix`.
pub fn processes_of_function(suffix: &str) -> Vec<ProcessId> {
    let parents = parents();
    let own = ProcessId(std::process::id());
    let descends = |process: &ProcessId| {
        std::iter::successors(Some(*process), |child| parents.get(child).copied()).any(|other| other == own)
    };
    let ours = parents.keys().copied().filter(descends);
    ours.filter(|process| process.function_name().is_some_and(|name| name.ends_with(suffix))).collect()
}

impl ProcessId {
    /// The most memory that the process has had resident, in KiB; none if it has ended.
    pub fn peak_resident_kib(self) -> Option<u64> {
        peak_resident_kib(&self.0.to_string())
    }

    fn function_name(self) -> Option<String> {
        let environment = fs::read(format!("/proc/{}/environ", self.0)).ok()?;
        let mut variables = environment.split(|byte| *byte == 0);
        let name = variables.find_map(|variable| variable.strip_prefix(b"AWS_LAMBDA_FUNCTION_NAME="))?;
        String::from_utf8(name.to_vec()).ok()
    }
}

/// The most memory that this very process has had resident, in KiB.
pub fn own_peak_resident_kib() -> Option<u64> {
    peak_resident_kib("self")
}

fn peak_resident_kib(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.split_whitespace().next()?.parse().ok()
}

fn parents() -> BTreeMap<ProcessId, ProcessId> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter_map(|number| Some((ProcessId(number), parent(number)?))).collect()
}

/// The fourth field of `stat`; the second is a name in parentheses, which may hold anything.
fn parent(process: u32) -> Option<ProcessId> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok().map(ProcessId)
}
