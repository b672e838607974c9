//! Counts how often each rule strikes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A rule of AWS, by the name that the README lists it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule(pub &'static str);

#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<BTreeMap<Rule, u64>>);

impl Tally {
    pub(crate) fn count(&self, rule: Rule) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(rule).or_default() += 1;
    }

    pub(crate) fn all(&self) -> BTreeMap<Rule, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
