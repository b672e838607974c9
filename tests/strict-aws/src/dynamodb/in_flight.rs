//! Knows which items transactions are writing, and lets no other write meet them.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::items::Item;

#[derive(Debug, Default)]
pub(super) struct InFlight(Mutex<HashSet<Item>>);

/// Ends the transaction when it is dropped.
#[derive(Debug)]
pub(super) struct Entered<'a> {
    all: &'a InFlight,
    items: &'a [Item],
}

impl InFlight {
    pub(super) fn has(&self, item: &Item) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(item)
    }

    /// Begins a transaction. If another one writes some of these items, tells for each whether it does.
    pub(super) fn enter<'a>(&'a self, items: &'a [Item]) -> Result<Entered<'a>, Vec<bool>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let met: Vec<bool> = items.iter().map(|item| all.contains(item)).collect();
        if met.contains(&true) {
            return Err(met);
        }
        all.extend(items.iter().cloned());
        Ok(Entered { all: self, items })
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        for item in self.items {
            all.remove(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_meets_another_until_that_ends() {
        let item = |key: &str| Item { table: "t".to_owned(), key: key.to_owned() };
        let (first, second) = ([item("a"), item("b")], [item("c"), item("b")]);
        let in_flight = InFlight::default();
        let entered = in_flight.enter(&first).unwrap();
        assert_eq!(in_flight.enter(&second).unwrap_err(), [false, true]);
        assert!(in_flight.has(&first[0]) && !in_flight.has(&second[0]));
        drop(entered);
        assert!(in_flight.enter(&second).is_ok());
        assert!(!in_flight.has(&second[0]));
    }
}
