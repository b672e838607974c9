//! Describes a setting: its name, how its value is parsed, and what its absence means.

use std::str::FromStr;
use std::time::Duration;

/// A setting with a value of type `T`.
#[derive(Debug)]
pub struct Setting<T: 'static> {
    pub about: About,
    pub(crate) parse: fn(&str) -> Option<T>,
}

/// What documents, tests and error messages say about a setting.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The name of the environment variable.
    pub name: &'static str,
    /// What the setting is, in Markdown, for `docs/OPERATIONS.md`.
    pub text: &'static str,
    /// A phrase for error messages: what the value should be.
    pub expected: &'static str,
    pub absent: Absent,
    pub secrecy: Secrecy,
}

/// What a deployment does without a setting. An empty value counts as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// A function that reads it does not start.
    Refused,
    /// This value is used.
    Default(&'static str),
    /// There is no value, which means this.
    Means(&'static str),
}

/// Whether error messages may quote the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    Public,
    /// The value is a secret, or an operator may mistake it for one.
    Secret,
}

impl<T: FromStr> Setting<T> {
    pub(crate) const fn new(name: &'static str, text: &'static str, expected: &'static str) -> Self {
        Self::parsed(name, text, expected, |value| value.parse().ok())
    }

    pub(crate) const fn number(name: &'static str, text: &'static str) -> Self {
        Self::new(name, text, "a whole number")
    }
}

impl<T> Setting<T> {
    pub(crate) const fn parsed(
        name: &'static str,
        text: &'static str,
        expected: &'static str,
        parse: fn(&str) -> Option<T>,
    ) -> Self {
        let about = About { name, text, expected, absent: Absent::Refused, secrecy: Secrecy::Public };
        Self { about, parse }
    }

    pub(crate) const fn or(self, absent: Absent) -> Self {
        Self { about: About { absent, ..self.about }, parse: self.parse }
    }

    pub(crate) const fn secret(self) -> Self {
        Self { about: About { secrecy: Secrecy::Secret, ..self.about }, parse: self.parse }
    }
}

impl Setting<String> {
    pub(crate) const fn text(name: &'static str, text: &'static str) -> Self {
        Self::new(name, text, "text")
    }
}

impl Setting<Duration> {
    pub(crate) const fn seconds(name: &'static str, text: &'static str) -> Self {
        Self::parsed(name, text, "a whole number", |value| value.parse().ok().map(Duration::from_secs))
    }
}
