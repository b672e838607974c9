//! Reads the memory and processor time of processes from `/proc`.

use std::fs;

pub const OWN: &str = "self";

/// The peak resident memory of this process, in KiB.
pub fn own_peak_resident_kib() -> Option<u64> {
    peak_resident_kib(OWN)
}

/// The processor time of this process, in seconds.
pub fn own_processor_seconds() -> Option<f64> {
    processor_seconds(OWN)
}

/// The peak resident memory of a process, in KiB. `None` once it has ended.
pub fn peak_resident_kib(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.split_whitespace().next()?.parse().ok()
}

/// The processor time of a process, in seconds. `None` once its end has been awaited.
pub fn processor_seconds(process: &str) -> Option<f64> {
    // In hundredths of a second, whatever the kernel's own tick
    // (<https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>, `utime` and `stime`).
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let times = fields.split_whitespace().skip(11).take(2);
    times.map(|time| time.parse::<f64>().ok()).sum::<Option<f64>>().map(|ticks| ticks / 100.0)
}
