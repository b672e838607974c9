//! Harms a worker in every way at every point.

use sluice_in_memory::faults::Fault;
use sluice_storage::fault::{self, Moment, run_until_killed};

use super::{Worker, World};

/// More writes or requests than any run makes, to stop a loop that would not end.
const POINTS_MAX: usize = 300;

/// What is done to a worker.
#[derive(Debug, Clone, Copy)]
enum Harm {
    /// It is killed at a write.
    Killed(Moment),
    /// A request fails in the way that the function gives.
    Fails(fn() -> Fault),
}

const DEATHS: [Harm; 2] = [Harm::Killed(Moment::Before), Harm::Killed(Moment::After)];

const FAILURES: [Harm; 2] = [Harm::Fails(|| Fault::NotSent), Harm::Fails(|| Fault::AnswerLost)];

impl Harm {
    /// Runs a worker until its queue is empty or it is killed. False if it has no such write or request.
    async fn run(self, point: usize, world: &World, worker: &Worker) -> bool {
        match self {
            Self::Killed(moment) => {
                let fault = fault::Fault { write: point, moment };
                run_until_killed(fault, worker.finish()).await.is_err()
            }
            Self::Fails(fault) => {
                world.services.faults.at_request(point, fault());
                worker.finish().await;
                world.services.faults.clear() == 0
            }
        }
    }
}

/// Runs a worker in many worlds that `prepare` makes. In each it is killed at another write, or another of
/// its requests fails; then its messages are delivered again until none is left. Each time `check` must find
/// the same.
pub async fn survives_harm<Prepared>(
    prepare: impl AsyncFn() -> (World, Prepared),
    worker: impl AsyncFn(&World) -> Worker,
    check: impl AsyncFn(&World, &Prepared, &str),
) {
    survives(&[DEATHS, FAILURES].concat(), prepare, worker, check).await;
}

/// The same of a worker that is only killed, for files that take long.
pub async fn survives_death<Prepared>(
    prepare: impl AsyncFn() -> (World, Prepared),
    worker: impl AsyncFn(&World) -> Worker,
    check: impl AsyncFn(&World, &Prepared, &str),
) {
    survives(&DEATHS, prepare, worker, check).await;
}

async fn survives<Prepared>(
    harms: &[Harm],
    prepare: impl AsyncFn() -> (World, Prepared),
    worker: impl AsyncFn(&World) -> Worker,
    check: impl AsyncFn(&World, &Prepared, &str),
) {
    for harm in harms {
        for point in 0.. {
            assert!(point < POINTS_MAX, "{harm:?}: more than {POINTS_MAX} points");
            let (world, prepared) = prepare().await;
            let worker = worker(&world).await;
            let is_harmed = harm.run(point, &world, &worker).await;
            worker.finish().await;
            check(&world, &prepared, &format!("{harm:?} at {point}")).await;
            if !is_harmed {
                break;
            }
        }
    }
}
