//! Fails chosen requests, or lets something else happen before them.

use futures::future::BoxFuture;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What happens to one request.
pub enum Fault {
    /// The service refuses it, because there are too many.
    Throttled,
    /// A transaction is writing the row.
    Collided,
    /// The service fails without an effect.
    InternalError,
    /// The request does not arrive.
    NotSent,
    /// The request has its effect, but no answer comes back.
    AnswerLost,
    /// The request takes this long.
    Slow(Duration),
    /// The request has its effect and its answer begins at once, but the body comes this much later.
    Silent(Duration),
    /// The request has its effect, but only the first half of the answer's body comes.
    Stalled,
    /// The request never gets an answer.
    NoAnswer,
    /// Another caller does this first.
    Meanwhile(BoxFuture<'static, ()>),
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "Throttled",
            Self::Collided => "Collided",
            Self::InternalError => "InternalError",
            Self::NotSent => "NotSent",
            Self::AnswerLost => "AnswerLost",
            Self::Slow(_) => "Slow",
            Self::Silent(_) => "Silent",
            Self::Stalled => "Stalled",
            Self::NoAnswer => "NoAnswer",
            Self::Meanwhile(_) => "Meanwhile",
        })
    }
}

/// The faults to come. Operations are named as in errors of `sluice-storage`, such as `s3:PutObject`.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Pending>>);

#[derive(Debug)]
struct Pending {
    /// The only operation that it is about, or none if it is about all.
    operation: Option<&'static str>,
    /// How many requests get through before.
    spared: usize,
    fault: Fault,
}

impl Pending {
    fn is_about(&self, operation: &str) -> bool {
        self.operation.is_none_or(|only| only == operation)
    }
}

impl Faults {
    /// The next request of this operation gets the fault.
    pub fn next(&self, operation: &'static str, fault: Fault) {
        self.nth(operation, 0, fault);
    }

    /// The request of this operation after `spared` others gets the fault.
    pub fn nth(&self, operation: &'static str, spared: usize, fault: Fault) {
        self.lock().push(Pending { operation: Some(operation), spared, fault });
    }

    /// The request after `spared` others, of whatever operations, gets the fault.
    pub fn at_request(&self, spared: usize, fault: Fault) {
        self.lock().push(Pending { operation: None, spared, fault });
    }

    /// Forgets the faults that have not struck. Returns how many these are.
    pub fn clear(&self) -> usize {
        self.lock().drain(..).count()
    }

    /// Counts a request, and returns the fault that it gets.
    pub(crate) fn strike(&self, operation: &str) -> Option<Fault> {
        let mut pending = self.lock();
        let is_struck = |pending: &Pending| pending.spared == 0 && pending.is_about(operation);
        let struck = pending.iter().position(is_struck).map(|index| pending.remove(index).fault);
        for later in pending.iter_mut().filter(|later| later.is_about(operation)) {
            later.spared = later.spared.saturating_sub(1);
        }
        struck
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Pending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
