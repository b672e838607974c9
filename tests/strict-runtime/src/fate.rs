//! Decides what happens to the invocations of a function, by a seed.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

/// What is done to each function that SQS invokes.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub seed: u64,
    /// How many invocations are killed. A message survives as many deaths as it has deliveries, less one.
    pub deaths: u32,
}

/// What happens to an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Lives,
    /// The same event is delivered once more.
    IsRepeated,
    /// The process dies before the function sees the event.
    DiesBefore,
    /// The process dies after this time, whether or not the invocation has ended.
    DiesWithin(Duration),
    /// The process dies with its answer.
    DiesAfter,
}

/// No part of an invocation of a small batch is beyond this.
const LIFE_MAX_MILLISECONDS: u64 = 500;

/// The fates of one function, over all of its processes.
#[derive(Debug)]
pub struct Fates {
    rules: Rules,
    counts: PathBuf,
}

impl Fates {
    /// Counts invocations and deaths in a file, because a process knows only its own.
    pub fn new(rules: Rules, counts: PathBuf) -> Self {
        Self { rules, counts }
    }

    pub fn next(&self) -> io::Result<Fate> {
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(&self.counts)?;
        file.lock()?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let mut counts = text.split_whitespace().filter_map(|count| count.parse::<u32>().ok());
        let (invocations, deaths) = (counts.next().unwrap_or(0), counts.next().unwrap_or(0));
        let fate = self.rules.fate(invocations, deaths);
        let dies = !matches!(fate, Fate::Lives | Fate::IsRepeated);
        file.rewind()?;
        writeln!(file, "{} {}", invocations + 1, deaths + u32::from(dies))?;
        Ok(fate)
    }
}

impl Rules {
    /// Half of the invocations die until there were enough deaths; a quarter of the others are repeated.
    fn fate(self, invocation: u32, deaths: u32) -> Fate {
        let digest = blake3::hash(format!("{} {invocation}", self.seed).as_bytes());
        let [dies, repeated, moment, life, ..] = *digest.as_bytes();
        if deaths < self.deaths && dies.is_multiple_of(2) {
            return match moment % 4 {
                0 => Fate::DiesBefore,
                1 => Fate::DiesAfter,
                _ => Fate::DiesWithin(Duration::from_millis(LIFE_MAX_MILLISECONDS * u64::from(life) / 255)),
            };
        }
        if repeated.is_multiple_of(4) { Fate::IsRepeated } else { Fate::Lives }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(rules: Rules, invocations: u32) -> Vec<Fate> {
        let folder = tempfile::tempdir().expect("a folder");
        let fates = || Fates::new(rules, folder.path().join("counts"));
        (0..invocations).map(|_| fates().next().expect("a fate")).collect()
    }

    #[test]
    fn a_seed_says_what_happens_to_each_invocation() {
        let rules = Rules { seed: 1, deaths: 4 };
        let first = fates(rules, 100);
        assert_eq!(fates(rules, 100), first);
        assert_ne!(fates(Rules { seed: 2, ..rules }, 100), first);
        let count = |wanted: fn(&Fate) -> bool| first.iter().filter(|fate| wanted(fate)).count();
        assert_eq!(count(|fate| !matches!(fate, Fate::Lives | Fate::IsRepeated)), 4);
        assert!(count(|fate| *fate == Fate::IsRepeated) > 10);
    }

    #[test]
    fn every_kind_of_death_occurs() {
        let deaths: Vec<Fate> = (0..100).map(|number| Rules { seed: 1, deaths: 1 }.fate(number, 0)).collect();
        for kind in [Fate::DiesBefore, Fate::DiesAfter] {
            assert!(deaths.contains(&kind), "{kind:?}");
        }
        assert!(deaths.iter().any(|fate| matches!(fate, Fate::DiesWithin(_))));
    }
}
