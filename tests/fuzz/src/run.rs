//! Runs a target: its seeds, its corpus, and a fixed number of mutated inputs.

use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::edit::{Input, inputs};
use crate::seeds;
use crate::target::{Target, Verdict};

const FACTOR: &str = "SLUICE_FUZZ_FACTOR";
const SEED: u64 = 12;
/// How many mutated inputs are checked before a failing one is made smaller no further.
const SHRINKS_MAX: u32 = 2000;

/// Runs a target.
///
/// # Panics
/// If an invariant does not hold, with the smallest input that was found; or if the target accepts or refuses
/// everything, because then it checks nothing.
pub fn run(target: &Target) {
    let mut inputs_to_replay = (target.seeds)();
    inputs_to_replay.extend(seeds::corpus(target.name));
    let tally = Tally::default();
    for bytes in &inputs_to_replay {
        let checked = catch_unwind(AssertUnwindSafe(|| tally.count((target.check)(bytes))));
        assert!(
            checked.is_ok(),
            "target {}, a seed or a file of the corpus: {:?}",
            target.name,
            Input(bytes.clone())
        );
    }

    let config = config(target.cases);
    let strategy = inputs(inputs_to_replay, target);
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&strategy, |Input(bytes)| {
        tally.count((target.check)(&bytes));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("target {}: {error}", target.name);
    }
    println!("{}: {} accepted, {} refused", target.name, tally.accepted.get(), tally.refused.get());
    assert!(tally.accepted.get() > 0 && tally.refused.get() > 0, "{} checks one side only", target.name);
}

#[derive(Default)]
struct Tally {
    accepted: Cell<u32>,
    refused: Cell<u32>,
}

impl Tally {
    fn count(&self, verdict: Verdict) {
        let counter = match verdict {
            Verdict::Accepted => &self.accepted,
            Verdict::Refused => &self.refused,
        };
        counter.set(counter.get() + 1);
    }
}

fn config(cases: u32) -> Config {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    config.cases = cases.saturating_mul(factor());
    config.max_shrink_iters = SHRINKS_MAX;
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    config
}

#[expect(clippy::disallowed_methods, reason = "the tests' own setting, read here only")]
fn factor() -> u32 {
    std::env::var(FACTOR)
        .map_or(1, |text| text.parse().unwrap_or_else(|_| panic!("{FACTOR} is not a number")))
}
