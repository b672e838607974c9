//! Refuses conditional writes that race.

use http::StatusCode;
use sluice_s3_protocol::{Failure, Operation};
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Refusal;
use super::call::Call;
use crate::tally::Rule;

pub(super) const CONFLICT: Rule = Rule("S3: 409 ConditionalRequestConflict");

/// The objects with a conditional write under way.
#[derive(Debug, Default)]
pub(super) struct Races(Mutex<HashSet<String>>);

/// A write that others may conflict with until it is dropped.
#[derive(Debug)]
pub(super) struct Writing<'a> {
    races: &'a Races,
    /// `None` for a request without a condition.
    object: Option<String>,
}

impl Races {
    /// Refuses a conditional write while another one of the object is under way.
    pub(super) fn begin(&self, call: &Call) -> Result<Writing<'_>, Refusal> {
        let object = is_conditional_write(call).then(|| call.object());
        if let Some(object) = &object
            && !self.lock().insert(object.clone())
        {
            return Err(Refusal { rule: CONFLICT, failure: failure() });
        }
        Ok(Writing { races: self, object })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if let Some(object) = &self.object {
            self.races.lock().remove(object);
        }
    }
}

/// The answer to the write that loses.
pub(super) fn failure() -> Failure {
    let message = "The conditional request cannot succeed due to a conflicting operation.";
    Failure::new(StatusCode::CONFLICT, "ConditionalRequestConflict", message)
}

pub(super) fn is_conditional_write(call: &Call) -> bool {
    use Operation as O;
    let writes = matches!(call.operation, O::PutObject | O::CopyObject | O::CompleteMultipartUpload);
    writes && ["if-match", "if-none-match"].iter().any(|name| call.headers.contains_key(*name))
}
