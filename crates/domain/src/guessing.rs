//! Decides when a password may be tried, so that nobody can guess fast and nobody can lock another out.
//!
//! Failures are counted by address, by its site, by address and user name, and by user name. Delays grow with
//! all but the last: whoever fails waits, and others do not. So an attacker cannot keep a user out, however
//! often he fails with the user's name. If a name fails often from wherever, an address that fails with it
//! waits sooner.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::account::Username;
use crate::time::{Timestamp, unix_milliseconds};

/// Failures of one address that cause no delay. Many users may share it.
const FREE_OF_ADDRESS: u32 = 20;

/// The same of one site, which may be a company or who took a /48 for himself.
const FREE_OF_SITE: u32 = 100;

/// Failures of one address with one user name that cause no delay.
const FREE_OF_PAIR: u32 = 5;

/// The same for a name that is being guessed.
const FREE_OF_GUESSED_PAIR: u32 = 1;

/// Failures of a user name, from wherever, after which it counts as being guessed.
const GUESSED_FROM: u32 = 20;

/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// How long after the last failure the failures of a counter are forgotten.
pub const MEMORY: Duration = Duration::from_hours(24);

/// The keys of the counters of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterKeys {
    /// By address; none if it is not known.
    pub address: Option<String>,
    /// By the site that the address belongs to; only of IPv6.
    pub site: Option<String>,
    /// By address and user name.
    pub pair: String,
    /// By user name.
    pub name: String,
}

impl CounterKeys {
    /// The counters of an attempt with this name from this address.
    ///
    /// Of an IPv6 address only the first 64 bits count: one user has all the rest. Some have a whole /48,
    /// which counts as a site. Names are hashed, so that the table lists none.
    pub fn new(username: &Username, address: Option<IpAddr>) -> Self {
        let (network, site) = match address.map(|address| address.to_canonical()) {
            None => (String::new(), None),
            Some(IpAddr::V4(address)) => (address.to_string(), None),
            Some(IpAddr::V6(address)) => {
                let first_bits =
                    |count| Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - count)));
                (first_bits(64).to_string(), Some(format!("site#{}", first_bits(48))))
            }
        };
        let name = hex::encode(Sha256::digest(username.as_str()));
        Self {
            pair: format!("pair#{network}#{name}"),
            name: format!("name#{name}"),
            address: (!network.is_empty()).then(|| format!("address#{network}")),
            site,
        }
    }

    /// The same for a registration, which no login from the address waits for.
    #[must_use]
    pub fn of_registration(self) -> Self {
        let of_registration = |id| format!("registration#{id}");
        let (address, site) = (self.address.map(of_registration), self.site.map(of_registration));
        Self { address, site, ..self }
    }
}

/// The failures of one counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// How many there were.
    pub count: u32,
    /// When the next attempt may be made.
    #[serde(with = "unix_milliseconds")]
    pub free_at: Timestamp,
}

impl Failures {
    /// None so far.
    pub const NONE: Self = Self { count: 0, free_at: Timestamp::from_unix_milliseconds(0) };

    /// One more, after which the next attempt waits unless it is among the `free` first.
    fn one_more(self, free: u32, now: Timestamp) -> Self {
        let count = self.count.saturating_add(1);
        let delay = match count.saturating_sub(free) {
            0 => Duration::ZERO,
            beyond => Duration::from_secs(1 << (beyond - 1).min(10)).min(LONGEST_DELAY),
        };
        Self { count, free_at: now.after(delay) }
    }
}

/// The failures of the counters of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// By address.
    pub address: Failures,
    /// By site.
    pub site: Failures,
    /// By address and user name.
    pub pair: Failures,
    /// By user name.
    pub name: Failures,
}

impl Counters {
    /// Counts an attempt before it is made, as if it failed: those that are made at the same time count too.
    ///
    /// # Errors
    /// How long to wait, if the attempt may not be made yet.
    pub fn attempt(self, now: Timestamp) -> Result<Self, Duration> {
        let free_at = self.address.free_at.max(self.site.free_at).max(self.pair.free_at);
        if free_at > now {
            return Err(now.until(free_at));
        }
        let name = self.name.one_more(u32::MAX, now);
        let is_guessed = name.count > GUESSED_FROM;
        let free_of_pair = if is_guessed { FREE_OF_GUESSED_PAIR } else { FREE_OF_PAIR };
        Ok(Self {
            address: self.address.one_more(FREE_OF_ADDRESS, now),
            site: self.site.one_more(FREE_OF_SITE, now),
            pair: self.pair.one_more(free_of_pair, now),
            name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Counters = Counters {
        address: Failures::NONE,
        site: Failures::NONE,
        pair: Failures::NONE,
        name: Failures::NONE,
    };

    /// Fails as soon and as often as it may, for an hour; returns how often.
    fn failures_of_an_hour(mut counters: Counters) -> u32 {
        let (mut now, mut failures) = (Timestamp::from_unix_milliseconds(1 << 40), 0);
        let end = now.after(Duration::from_hours(1));
        while now < end {
            match counters.attempt(now) {
                Ok(next) => (counters, failures) = (next, failures + 1),
                Err(wait) => now = now.after(wait),
            }
        }
        failures
    }

    #[test]
    fn delays_grow_to_a_quarter_of_an_hour() {
        assert!((15..20).contains(&failures_of_an_hour(NONE)), "{}", failures_of_an_hour(NONE));
        let guessed = Counters { name: Failures { count: 1000, ..Failures::NONE }, ..NONE };
        assert!(failures_of_an_hour(guessed) < failures_of_an_hour(NONE));
    }

    #[test]
    fn a_user_is_never_kept_out_by_failures_elsewhere() {
        let now = Timestamp::from_unix_milliseconds(1 << 40);
        let attacked = Failures { count: u32::MAX, free_at: now };
        assert!(Counters { name: attacked, ..NONE }.attempt(now).is_ok());
    }

    #[test]
    fn an_address_that_tries_many_names_waits() {
        let now = Timestamp::from_unix_milliseconds(1 << 40);
        let mut address = Failures::NONE;
        for _ in 0..=FREE_OF_ADDRESS {
            address = Counters { address, ..NONE }.attempt(now).expect("allowed").address;
        }
        assert_eq!(Counters { address, ..NONE }.attempt(now), Err(Duration::from_secs(1)));
    }

    #[test]
    fn a_site_that_tries_from_many_networks_waits() {
        let now = Timestamp::from_unix_milliseconds(1 << 40);
        let mut site = Failures::NONE;
        for _ in 0..=FREE_OF_SITE {
            site = Counters { site, ..NONE }.attempt(now).expect("allowed").site;
        }
        assert_eq!(Counters { site, ..NONE }.attempt(now), Err(Duration::from_secs(1)));
    }

    #[test]
    fn the_addresses_of_one_network_are_one() {
        let username = Username::parse("ada").expect("a name");
        let keys = |text: &str| CounterKeys::new(&username, Some(text.parse().expect("an address")));
        assert_eq!(keys("2001:db8::1"), keys("2001:db8::ffff:1"));
        assert_ne!(keys("2001:db8::1"), keys("2001:db8:0:1::1"));
        assert_eq!(keys("2001:db8::1").site, keys("2001:db8:0:1::1").site);
        assert_ne!(keys("2001:db8::1").site, keys("2001:db8:1::1").site);
        assert_eq!(keys("::ffff:192.0.2.1"), keys("192.0.2.1"));
        assert_ne!(keys("192.0.2.1"), keys("192.0.2.2"));
        assert_eq!(CounterKeys::new(&username, None).address, None);
        assert!(!format!("{:?}", keys("192.0.2.1")).contains("ada"));
    }
}
