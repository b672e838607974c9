//! Leases: at most one worker at a time does a piece of work, and another may once the lease has lapsed.

use sluice_domain::time::Timestamp;
use std::time::Duration;

use crate::error::StorageError;
use crate::transaction::Values;

/// A request for a lease.
#[derive(Debug, Clone, Copy)]
pub struct Lease<'a> {
    /// The worker that asks. It may take its own lease again.
    pub holder: &'a str,
    /// The time of the request.
    pub now: Timestamp,
    /// How long the lease lasts unless it is released or taken again.
    pub life: Duration,
}

impl Lease<'_> {
    /// The values for [`LeaseAttribute::take`] and [`LeaseAttribute::free`].
    pub(super) fn values(&self) -> Result<Values, StorageError> {
        held_by(self.holder)?.with(":until", &self.until())?.with(":now", &self.now.unix_milliseconds())
    }

    /// When the lease lapses, in milliseconds from 1970.
    pub(super) fn until(&self) -> u64 {
        self.now.after(self.life).unix_milliseconds()
    }
}

/// The values for [`LeaseAttribute::held`] and [`LeaseAttribute::not_held_by_another`].
pub(super) fn held_by(holder: &str) -> Result<Values, StorageError> {
    Values::new().with(":holder", &holder)
}

/// The attribute of a row that names the holder of a lease. A second one, `{name}_until`, says when the lease
/// lapses.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeaseAttribute(pub &'static str);

impl LeaseAttribute {
    /// The attribute that says when the lease lapses.
    pub(super) fn until(self) -> String {
        format!("{}_until", self.0)
    }

    /// The update that takes the lease.
    pub(super) fn take(self) -> String {
        let name = self.0;
        format!("SET #{name} = :holder, #{name}_until = :until")
    }

    /// The condition that the lease may be taken.
    pub(super) fn free(self) -> String {
        let name = self.0;
        format!("(attribute_not_exists(#{name}) OR #{name}_until < :now OR #{name} = :holder)")
    }

    /// The update that gives the lease back.
    pub(super) fn release(self) -> String {
        let name = self.0;
        format!("REMOVE #{name}, #{name}_until")
    }

    /// The condition that this worker has the lease.
    pub(super) fn held(self) -> String {
        format!("#{} = :holder", self.0)
    }

    /// The condition that no other worker has the lease. That of a release, because a repeated request finds
    /// the lease given back.
    pub(super) fn not_held_by_another(self) -> String {
        let name = self.0;
        format!("(attribute_not_exists(#{name}) OR #{name} = :holder)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_attributes_of_a_lease_are_set_tested_and_removed() {
        let lease = LeaseAttribute("merger");
        assert_eq!(lease.take(), "SET #merger = :holder, #merger_until = :until");
        assert_eq!(
            lease.free(),
            "(attribute_not_exists(#merger) OR #merger_until < :now OR #merger = :holder)"
        );
        assert_eq!(lease.release(), "REMOVE #merger, #merger_until");
        assert_eq!(lease.held(), "#merger = :holder");
        assert_eq!(lease.not_held_by_another(), "(attribute_not_exists(#merger) OR #merger = :holder)");
    }
}
