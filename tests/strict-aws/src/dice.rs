//! Decides when a fault strikes, the same way in every run with the same seed.
//!
//! A decision depends on the rule, the resource and how often this resource was asked, not on a sequence that
//! all requests share: which of two racing requests comes first changes nothing for a third.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use crate::tally::Rule;

#[derive(Debug)]
pub(crate) struct Dice {
    seed: u64,
    thrown: Mutex<HashMap<(Rule, String), u64>>,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, thrown: Mutex::default() }
    }

    /// Whether the rule strikes now: once in `odds` times, never for 0.
    pub(crate) fn strikes(&self, rule: Rule, resource: &str, odds: u64) -> bool {
        odds > 0 && self.below(rule, resource, odds) == 0
    }

    /// A number below `bound`, which is at least 1.
    pub(crate) fn below(&self, rule: Rule, resource: &str, bound: u64) -> u64 {
        let time = {
            let mut thrown = self.thrown.lock().unwrap_or_else(PoisonError::into_inner);
            let times = thrown.entry((rule, resource.to_owned())).or_default();
            *times += 1;
            *times
        };
        // The standard library's hasher has fixed keys.
        let mut hasher = DefaultHasher::new();
        (self.seed, rule, resource, time).hash(&mut hasher);
        hasher.finish() % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule("test");

    fn throws(dice: &Dice, resource: &str) -> Vec<u64> {
        (0..20).map(|_| dice.below(RULE, resource, 1000)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_throws_whatever_else_is_asked() {
        let (alone, beside) = (Dice::new(1), Dice::new(1));
        throws(&beside, "other");
        assert_eq!(throws(&alone, "table"), throws(&beside, "table"));
        assert_ne!(throws(&Dice::new(1), "table"), throws(&Dice::new(2), "table"));
    }

    #[test]
    fn odds_are_kept() {
        let dice = Dice::new(1);
        let struck = (0..10_000).filter(|_| dice.strikes(RULE, "table", 10)).count();
        assert!((900..1100).contains(&struck), "{struck}");
        assert!((0..100).all(|_| !dice.strikes(RULE, "table", 0)));
        assert!((0..100).all(|_| dice.strikes(RULE, "table", 1)));
    }
}
