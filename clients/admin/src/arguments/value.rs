//! Parses values on the command line: sizes, times, roles, keys and percentages.

use sluice_domain::hash::Sha256;
use sluice_storage::stores::Role;
use std::time::Duration;

/// Parses a size: a number above 0 with an optional unit (b, k, m, g, t), in bytes.
pub fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match &*text[digits.len()..].trim().to_ascii_lowercase() {
        "" | "b" => Some(0),
        "k" | "kib" => Some(10),
        "m" | "mib" => Some(20),
        "g" | "gib" => Some(30),
        "t" | "tib" => Some(40),
        _ => None,
    };
    let number = digits.parse::<u64>().ok().filter(|number| *number > 0);
    let size_bytes = number.zip(shift).and_then(|(number, shift)| number.checked_mul(1 << shift));
    size_bytes.ok_or_else(|| "a size is a number above 0 with b, k, m, g or t, such as 16m".to_owned())
}

/// Parses a time: a number above 0 of minutes, hours or days.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit_seconds = match &text[digits.len()..] {
        "m" => Some(60),
        "h" => Some(60 * 60),
        "d" => Some(24 * 60 * 60),
        _ => None,
    };
    let number = digits.parse::<u32>().ok().filter(|number| *number > 0);
    let seconds = number.zip(unit_seconds).map(|(number, unit)| u64::from(number) * unit);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| "a time is a number above 0 with m, h or d, such as 7d".to_owned())
}

/// Parses the role of a bucket.
pub fn role(text: &str) -> Result<Role, String> {
    match text {
        "landing" => Ok(Role::Landing),
        "vault" => Ok(Role::Vault),
        "cache" => Ok(Role::Cache),
        "cold" => Ok(Role::Cold),
        _ => Err("a role is landing, vault, cache or cold".to_owned()),
    }
}

/// Parses a public key in hex. It is as long as a SHA-256.
pub(super) fn public_key(text: &str) -> Result<String, String> {
    let key = text.to_ascii_lowercase();
    let length = Sha256::LENGTH * 2;
    match key.parse::<Sha256>() {
        Ok(_) => Ok(key),
        Err(_) => Err(format!("a public key is {length} hex digits")),
    }
}

/// Parses a percentage above 0.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let percent = text.parse().ok().filter(|percent| *percent > 0.0 && *percent <= 100.0);
    percent.ok_or_else(|| "a sample is more than 0 and at most 100 percent".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("90m"), Ok(Duration::from_mins(90)));
        assert_eq!(duration("7d"), Ok(Duration::from_hours(7 * 24)));
        for bad in ["", "7", "d", "0d", "-1d", "7w", "99999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("16m"), Ok(16 << 20));
        assert_eq!(bytes("5 GiB"), Ok(5 << 30));
        assert_eq!(bytes("1"), Ok(1));
        for bad in ["", "0", "m", "5x", "-5m", "99999999999999999999g", "16777216t"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}
