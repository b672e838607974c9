//! The double's clock, which tests may set wrong.

use std::sync::atomic::{AtomicI64, Ordering};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

const SIGNING: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
const HTTP: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// A clock that is ahead of the real one by a number of seconds.
#[derive(Debug)]
pub(crate) struct Clock(AtomicI64);

impl Clock {
    pub(crate) fn new(skew_seconds: i64) -> Self {
        Self(AtomicI64::new(skew_seconds))
    }

    pub(crate) fn set_skew(&self, seconds: i64) {
        self.0.store(seconds, Ordering::Relaxed);
    }

    /// The double's time.
    pub(crate) fn now(&self) -> OffsetDateTime {
        real_now() + Duration::seconds(self.0.load(Ordering::Relaxed))
    }
}

/// The real time.
#[expect(clippy::disallowed_methods, reason = "the double's only reading of the clock")]
pub(crate) fn real_now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Formats a time for a signature: `20130524T000000Z`.
pub(crate) fn to_signing_time(time: OffsetDateTime) -> String {
    time.format(SIGNING).expect("a time has all parts of the format")
}

/// Parses the time of a signature; `None` if it is invalid.
pub(crate) fn parse_signing_time(text: &str) -> Option<OffsetDateTime> {
    PrimitiveDateTime::parse(text, SIGNING).ok().map(PrimitiveDateTime::assume_utc)
}

/// Formats a time for the header `Date`.
pub(crate) fn to_http_date(time: OffsetDateTime) -> String {
    time.format(HTTP).expect("a time has all parts of the format")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_standards_say() {
        let time = parse_signing_time("20130524T000203Z").unwrap();
        assert_eq!(to_http_date(time), "Fri, 24 May 2013 00:02:03 GMT");
        assert_eq!(to_signing_time(time), "20130524T000203Z");
        assert!(parse_signing_time("2013-05-24").is_none());
    }
}
