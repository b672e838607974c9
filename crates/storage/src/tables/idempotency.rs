//! Remembers calls by their idempotency keys.

use sluice_domain::hash::Sha256;
use sluice_domain::idempotency::RememberedCall;

use super::{Committed, Tables};
use crate::error::StorageError;
use crate::transaction::{Cancelled, Condition, Transaction, key, row};

impl Tables {
    /// The call that had its effect under this key.
    pub async fn remembered_call(&self, key_sha256: &Sha256) -> Result<Option<RememberedCall>, StorageError> {
        let key = key([("key_sha256", &key_sha256.to_string())]);
        self.get(&self.names.idempotency_keys, key).await
    }

    /// Remembers a call that found everything as it was to be.
    pub async fn remember(&self, call: &RememberedCall) -> Result<Committed, StorageError> {
        match Transaction::new().remember(self, Some(call))?.commit(&self.client).await {
            Ok(()) => Ok(Committed::Done),
            Err(Cancelled::Conditions(_)) => Ok(Committed::Repeated),
            Err(Cancelled::Error(error)) => Err(error),
        }
    }
}

impl Transaction {
    /// Remembers the call that makes this transaction, if it has an idempotency key. A repeat then fails.
    pub(super) fn remember(
        self,
        tables: &Tables,
        call: Option<&RememberedCall>,
    ) -> Result<Self, StorageError> {
        let Some(call) = call else { return Ok(self) };
        let unused = Condition::KeyUnused.when("attribute_not_exists(#key_sha256)");
        self.put(&tables.names.idempotency_keys, row(call)?, unused)
    }
}
