//! Represents moments in time. Callers pass them in: nothing in this crate reads a clock.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// 9999-12-31T23:59:59.999Z, the last millisecond that RFC 3339 can write.
const LAST_UNIX_MILLISECONDS: u64 = 253_402_300_799_999;

/// Returns true once the time for new work is up.
pub type TimeCheck = dyn Fn() -> bool + Send + Sync;

/// A moment in UTC, to the millisecond, in the years 1970 to 9999. The API writes it as RFC 3339, tables as
/// milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment this many milliseconds after 1970-01-01T00:00:00Z, or the end of the year 9999 if that is
    /// earlier.
    pub const fn from_unix_milliseconds(milliseconds: u64) -> Self {
        if milliseconds > LAST_UNIX_MILLISECONDS { Self(LAST_UNIX_MILLISECONDS) } else { Self(milliseconds) }
    }

    /// The same; nothing after the year 9999.
    fn checked(milliseconds: u64) -> Option<Self> {
        (milliseconds <= LAST_UNIX_MILLISECONDS).then_some(Self(milliseconds))
    }

    /// The number of milliseconds since 1970-01-01T00:00:00Z.
    pub const fn unix_milliseconds(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, as `DynamoDB`'s time to live requires.
    pub const fn unix_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// The moment `duration` later, or the end of the year 9999 if that is earlier.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self::from_unix_milliseconds(self.0.saturating_add(milliseconds))
    }

    /// The duration from `self` to `later`; zero if `later` is earlier.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(later.0.saturating_sub(self.0))
    }
}

impl From<std::time::SystemTime> for Timestamp {
    fn from(time: std::time::SystemTime) -> Self {
        let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self::from_unix_milliseconds(0).after(since)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|time| time.format(&Rfc3339).ok())
            .ok_or(fmt::Error)?;
        f.write_str(&text)
    }
}

/// A text that is not an RFC 3339 time, or one outside of the years 1970 to 9999 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time is written as in RFC 3339, such as 2026-01-31T12:00:00Z")]
pub struct InvalidTime;

impl std::str::FromStr for Timestamp {
    type Err = InvalidTime;
    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTime)?;
        let milliseconds = u64::try_from(time.unix_timestamp_nanos() / 1_000_000).map_err(|_| InvalidTime)?;
        Self::checked(milliseconds).ok_or(InvalidTime)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Stores a time as a number of milliseconds since 1970, for `#[serde(with = "…")]`.
pub mod unix_milliseconds {
    use super::{InvalidTime, Timestamp};
    use serde::de::{Deserialize, Deserializer, Error as _};
    use serde::ser::Serializer;

    /// Writes milliseconds since 1970.
    pub fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(time.unix_milliseconds())
    }

    /// Reads milliseconds since 1970.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        Timestamp::checked(u64::deserialize(deserializer)?).ok_or_else(|| D::Error::custom(InvalidTime))
    }
}

/// Stores an optional time like [`unix_milliseconds`], for `#[serde(with = "…")]`.
pub mod optional_unix_milliseconds {
    use super::{InvalidTime, Timestamp};
    use serde::de::{Deserialize, Deserializer, Error as _};
    use serde::ser::Serializer;

    /// Writes milliseconds since 1970, or null.
    pub fn serialize<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.serialize_some(&time.unix_milliseconds()),
            None => serializer.serialize_none(),
        }
    }

    /// Reads milliseconds since 1970, or null.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        let Some(milliseconds) = Option::<u64>::deserialize(deserializer)? else { return Ok(None) };
        Timestamp::checked(milliseconds).map(Some).ok_or_else(|| D::Error::custom(InvalidTime))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_to_the_millisecond() {
        let time = Timestamp::from_unix_milliseconds(1_795_000_000_123);
        assert_eq!(time.to_string(), "2026-11-18T11:06:40.123Z");
        assert_eq!(time.to_string().parse(), Ok(time));
        assert!("yesterday".parse::<Timestamp>().is_err());
        assert!("1969-12-31T23:00:00Z".parse::<Timestamp>().is_err());
    }

    #[test]
    fn every_time_can_be_written() {
        let last = "9999-12-31T23:59:59.999Z".parse::<Timestamp>().expect("a time");
        assert_eq!(last.to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(last.after(Duration::MAX), last);
        assert_eq!(Timestamp::from_unix_milliseconds(u64::MAX), last);
        // In UTC that is the year 10000.
        assert_eq!("9999-12-31T23:59:59-00:01".parse::<Timestamp>(), Err(InvalidTime));
        let row = |milliseconds: u64| unix_milliseconds::deserialize(serde_json::json!(milliseconds));
        assert_eq!(row(last.0).ok(), Some(last));
        assert!(row(last.0 + 1).is_err());
        let optional_row =
            |milliseconds: u64| optional_unix_milliseconds::deserialize(serde_json::json!(milliseconds));
        assert_eq!(optional_row(last.0).ok(), Some(Some(last)));
        assert!(optional_row(last.0 + 1).is_err());
    }
}
