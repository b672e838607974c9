//! Injects faults for tests: the next requests fail, are held or return wrong checksums.

use sluice_s3_protocol::Operation;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The requests that a fault applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Requests that change objects or uploads ([`Operation::is_write`]).
    Writes,
    /// Requests that read objects, their heads or lists ([`Operation::is_read`]).
    Reads,
    /// All requests.
    All,
    /// Requests of one operation.
    Only(Operation),
}

/// A handle to plan faults. Planned faults apply to the next requests in their scope that break no rule, and
/// add up.
#[derive(Debug, Clone)]
pub struct Faults {
    planned: Arc<Mutex<Vec<PlannedFault>>>,
    scope: Scope,
}

#[derive(Debug)]
struct PlannedFault {
    scope: Scope,
    remaining: u32,
    effect: Effect,
}

/// A failure to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InjectedFailure {
    pub status: u16,
    pub code: String,
}

/// Holds requests until it is dropped.
#[derive(Debug)]
#[must_use = "requests are held only while it lives"]
pub struct Hold(#[expect(dead_code, reason = "its receivers wait until it is dropped")] watch::Sender<()>);

/// Waits until the hold is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Held(watch::Receiver<()>);

#[derive(Debug)]
enum Effect {
    Fail(InjectedFailure),
    FailAfterwards(InjectedFailure),
    WrongCrc,
    Hold(Held),
}

/// The faults of one request.
#[derive(Debug, Default)]
pub(crate) struct RequestFaults {
    pub held: Option<Held>,
    /// The answer to a request that does nothing.
    pub fail: Option<InjectedFailure>,
    /// The answer to a request that is carried out first.
    pub fail_afterwards: Option<InjectedFailure>,
    pub wrong_crc: bool,
}

impl Faults {
    /// A handle without faults, for writes.
    pub(crate) fn new() -> Self {
        Self { planned: Arc::default(), scope: Scope::Writes }
    }

    /// A handle for other requests, with the same faults.
    #[must_use]
    pub fn on(&self, scope: Scope) -> Self {
        Self { planned: Arc::clone(&self.planned), scope }
    }

    /// Makes the next `count` requests fail with this HTTP status and S3 code, without any change. Use 503
    /// `SlowDown` for an overloaded store, and 507 `InsufficientStorage` for a full one.
    pub fn fail_next(&self, count: u32, status: u16, code: &str) {
        self.plan(count, Effect::Fail(InjectedFailure { status, code: code.to_owned() }));
    }

    /// Carries out the next `count` requests, but answers them with this HTTP status and S3 code.
    pub fn fail_afterwards_next(&self, count: u32, status: u16, code: &str) {
        self.plan(count, Effect::FailAfterwards(InjectedFailure { status, code: code.to_owned() }));
    }

    /// Makes the next `count` answers with `x-oss-hash-crc64ecma` return a wrong one.
    pub fn wrong_crc_next(&self, count: u32) {
        self.plan(count, Effect::WrongCrc);
    }

    /// Holds the next `count` requests until the returned [`Hold`] is dropped, then carries them out.
    pub fn hold_next(&self, count: u32) -> Hold {
        let (sender, receiver) = watch::channel(());
        self.plan(count, Effect::Hold(Held(receiver)));
        Hold(sender)
    }

    /// Removes all planned faults of every scope.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The number of planned faults of every scope that have not applied yet.
    pub fn pending(&self) -> u32 {
        self.lock().iter().map(|fault| fault.remaining).sum()
    }

    /// Takes the faults planned for a request.
    pub(crate) fn take(&self, operation: Operation) -> RequestFaults {
        let mut planned = self.lock();
        let mut taken = RequestFaults::default();
        for fault in planned.iter_mut().filter(|fault| fault.applies_to(operation)) {
            if taken.add(&fault.effect) {
                fault.remaining -= 1;
            }
        }
        planned.retain(|fault| fault.remaining > 0);
        taken
    }

    fn plan(&self, count: u32, effect: Effect) {
        if count > 0 {
            self.lock().push(PlannedFault { scope: self.scope, remaining: count, effect });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<PlannedFault>> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PlannedFault {
    fn applies_to(&self, operation: Operation) -> bool {
        let in_scope = match self.scope {
            Scope::Writes => operation.is_write(),
            Scope::Reads => operation.is_read(),
            Scope::All => true,
            Scope::Only(only) => only == operation,
        };
        in_scope && (!matches!(self.effect, Effect::WrongCrc) || answers_crc(operation))
    }
}

/// Whether the answer has `x-oss-hash-crc64ecma`.
fn answers_crc(operation: Operation) -> bool {
    use Operation as O;
    matches!(
        operation,
        O::PutObject | O::GetObject | O::HeadObject | O::UploadPart | O::CompleteMultipartUpload
    )
}

impl Held {
    pub(crate) async fn until_released(mut self) {
        // No value is ever sent: it fails once the sender is gone.
        while self.0.changed().await.is_ok() {}
    }
}

impl RequestFaults {
    /// Adds an effect. Returns `false` if the request already has one of this kind.
    fn add(&mut self, effect: &Effect) -> bool {
        match effect {
            Effect::Fail(failure) if self.fail.is_none() => self.fail = Some(failure.clone()),
            Effect::FailAfterwards(failure) if self.fail_afterwards.is_none() => {
                self.fail_afterwards = Some(failure.clone());
            }
            Effect::WrongCrc if !self.wrong_crc => self.wrong_crc = true,
            Effect::Hold(held) if self.held.is_none() => self.held = Some(held.clone()),
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_planned_fault_applies_to_one_request_in_its_scope() {
        let faults = Faults::new();
        faults.fail_next(1, 503, "SlowDown");
        faults.fail_next(1, 500, "InternalError");
        let _hold = faults.on(Scope::Only(Operation::GetObject)).hold_next(1);
        assert_eq!(faults.pending(), 3);
        let of_get = faults.take(Operation::GetObject);
        assert!(of_get.held.is_some() && of_get.fail.is_none(), "{of_get:?}");
        let failure = |status: u16, code: &str| Some(InjectedFailure { status, code: code.to_owned() });
        assert_eq!(faults.take(Operation::PutObject).fail, failure(503, "SlowDown"));
        assert_eq!(faults.take(Operation::DeleteObject).fail, failure(500, "InternalError"));
        let of_put = faults.take(Operation::PutObject);
        assert!(of_put.held.is_none() && of_put.fail.is_none(), "{of_put:?}");
    }

    #[test]
    fn a_wrong_checksum_applies_to_the_next_answer_with_a_checksum() {
        let faults = Faults::new();
        faults.wrong_crc_next(1);
        assert!(!faults.take(Operation::CreateMultipartUpload).wrong_crc);
        assert!(faults.take(Operation::CompleteMultipartUpload).wrong_crc);
        faults.wrong_crc_next(1);
        faults.clear();
        assert_eq!(faults.pending(), 0);
    }
}
