//! Remembers what the emulator has let callers do.
//!
//! Where the front makes a call in another form, it makes it as administrator. It does so only for callers
//! that have succeeded with the same operation on the same resource, so that rights are still enforced.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::json::Call;

#[derive(Debug, Default)]
pub(crate) struct Trust(Mutex<HashSet<Done>>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Done {
    access_key: String,
    operation: String,
    resource: String,
}

impl Done {
    fn of(call: &Call, resource: &str) -> Self {
        Self {
            access_key: call.scope.access_key.clone(),
            operation: call.operation.clone(),
            resource: resource.to_owned(),
        }
    }
}

impl Trust {
    /// Remembers that this call succeeded.
    pub(crate) fn add(&self, call: &Call, resource: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(Done::of(call, resource));
    }

    pub(crate) fn has(&self, call: &Call, resource: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&Done::of(call, resource))
    }
}
