//! What `/proc` says of this process and of others.

use std::fs;

/// This very process.
pub const OWN: &str = "self";

/// The most memory that this very process has had resident, in KiB.
pub fn own_peak_resident_kib() -> Option<u64> {
    peak_resident_kib(OWN)
}

/// How long processors have worked for this very process, in seconds.
pub fn own_processor_seconds() -> Option<f64> {
    processor_seconds(OWN)
}

/// The most memory that a process has had resident, in KiB; nothing once it has ended.
pub fn peak_resident_kib(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.split_whitespace().next()?.parse().ok()
}

/// How long processors have worked for a process, in seconds; nothing once somebody has seen its end.
pub fn processor_seconds(process: &str) -> Option<f64> {
    // In hundredths of a second, whatever the kernel's own tick
    // (<https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>, `utime` and `stime`).
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let times = fields.split_whitespace().skip(11).take(2);
    times.map(|time| time.parse::<f64>().ok()).sum::<Option<f64>>().map(|ticks| ticks / 100.0)
}
