//! Faults that tests order: the next requests fail, hang or lie.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::operation::Operation;

/// Which requests a fault is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those that change objects or uploads ([`Operation::is_write`]).
    Writes,
    /// Those that read objects, their heads or lists ([`Operation::is_read`]).
    Reads,
    /// All.
    All,
    /// Those of one operation.
    Only(Operation),
}

/// A handle to order faults with. Orders wait for the next requests in their scope that break no rule; they
/// add up.
#[derive(Debug, Clone)]
pub struct Faults {
    orders: Arc<Mutex<Vec<Order>>>,
    scope: Scope,
}

#[derive(Debug)]
struct Order {
    scope: Scope,
    remaining: u32,
    effect: Effect,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Effect {
    Fail { status: u16, code: String },
    FailAfterwards { status: u16, code: String },
    WrongCrc,
    Hang(Duration),
}

/// What is to happen to one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Planned {
    pub hang: Option<Duration>,
    /// Status and code of the answer, instead of doing anything.
    pub fail: Option<(u16, String)>,
    /// Status and code of the answer, after everything was done.
    pub fail_afterwards: Option<(u16, String)>,
    pub wrong_crc: bool,
}

impl Faults {
    /// No faults yet; orders are for writes.
    pub(crate) fn new() -> Self {
        Self { orders: Arc::default(), scope: Scope::Writes }
    }

    /// The same, with orders for other requests.
    #[must_use]
    pub fn on(&self, scope: Scope) -> Self {
        Self { orders: Arc::clone(&self.orders), scope }
    }

    /// The next `count` requests are answered with this HTTP status and S3 code, and change nothing. For a
    /// store that is overloaded 503 `SlowDown`, for one that is full 507 `InsufficientStorage`.
    pub fn fail_next(&self, count: u32, status: u16, code: &str) {
        self.order(count, Effect::Fail { status, code: code.to_owned() });
    }

    /// The next `count` requests are carried out, and answered with this HTTP status and S3 code all the
    /// same.
    pub fn fail_afterwards_next(&self, count: u32, status: u16, code: &str) {
        self.order(count, Effect::FailAfterwards { status, code: code.to_owned() });
    }

    /// The next `count` answers that carry `x-oss-hash-crc64ecma` carry a wrong one.
    pub fn wrong_crc_next(&self, count: u32) {
        self.order(count, Effect::WrongCrc);
    }

    /// The next `count` requests are kept waiting this long, then carried out.
    pub fn hang_next(&self, count: u32, duration: Duration) {
        self.order(count, Effect::Hang(duration));
    }

    /// Takes back all orders, of every scope.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How many requests in every scope are still to meet a fault, by the sum of the orders.
    pub fn pending(&self) -> u32 {
        self.lock().iter().map(|order| order.remaining).sum()
    }

    /// What is ordered for a request, which uses the orders up.
    pub(crate) fn take(&self, operation: Operation) -> Planned {
        let mut orders = self.lock();
        let mut taken = BTreeMap::new();
        for order in orders.iter_mut().filter(|order| order.applies_to(operation)) {
            if let std::collections::btree_map::Entry::Vacant(kind) = taken.entry(order.effect.kind()) {
                order.remaining -= 1;
                kind.insert(order.effect.clone());
            }
        }
        orders.retain(|order| order.remaining > 0);
        let mut planned = Planned::default();
        for effect in taken.into_values() {
            match effect {
                Effect::Fail { status, code } => planned.fail = Some((status, code)),
                Effect::FailAfterwards { status, code } => planned.fail_afterwards = Some((status, code)),
                Effect::WrongCrc => planned.wrong_crc = true,
                Effect::Hang(duration) => planned.hang = Some(duration),
            }
        }
        planned
    }

    fn order(&self, count: u32, effect: Effect) {
        if count > 0 {
            self.lock().push(Order { scope: self.scope, remaining: count, effect });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Order {
    fn applies_to(&self, operation: Operation) -> bool {
        let in_scope = match self.scope {
            Scope::Writes => operation.is_write(),
            Scope::Reads => operation.is_read(),
            Scope::All => true,
            Scope::Only(only) => only == operation,
        };
        in_scope && (self.effect != Effect::WrongCrc || operation.answers_crc())
    }
}

impl Effect {
    /// One request meets at most one fault of each kind.
    fn kind(&self) -> u8 {
        match self {
            Self::Fail { .. } => 0,
            Self::FailAfterwards { .. } => 1,
            Self::WrongCrc => 2,
            Self::Hang(_) => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_met_one_request_each_and_in_their_scope() {
        let faults = Faults::new();
        faults.fail_next(1, 503, "SlowDown");
        faults.fail_next(1, 500, "InternalError");
        faults.on(Scope::Only(Operation::GetObject)).hang_next(1, Duration::from_secs(1));
        assert_eq!(faults.pending(), 3);
        let of_get = Planned { hang: Some(Duration::from_secs(1)), ..Planned::default() };
        assert_eq!(faults.take(Operation::GetObject), of_get);
        assert_eq!(faults.take(Operation::PutObject).fail, Some((503, "SlowDown".to_owned())));
        assert_eq!(faults.take(Operation::DeleteObject).fail, Some((500, "InternalError".to_owned())));
        assert_eq!(faults.take(Operation::PutObject), Planned::default());
    }

    #[test]
    fn a_wrong_checksum_waits_for_an_answer_that_carries_one() {
        let faults = Faults::new();
        faults.wrong_crc_next(1);
        assert!(!faults.take(Operation::CreateMultipartUpload).wrong_crc);
        assert!(faults.take(Operation::CompleteMultipartUpload).wrong_crc);
        faults.wrong_crc_next(1);
        faults.clear();
        assert_eq!(faults.pending(), 0);
    }
}
