//! Tells the compressor which packs were stored.

use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::id::AccountId;
use sluice_packs::sample::SAVED_MIN_BYTES;
use sluice_storage::StorageError;

use crate::app::App;

/// Returns the subject only if compressing `stored_bytes` could save enough.
pub fn worth_compressing(subject: Subject, stored_bytes: u64) -> Option<Subject> {
    (stored_bytes > SAVED_MIN_BYTES).then_some(subject)
}

/// Enqueues the subject for compression. It may be enqueued twice.
pub async fn enqueue(app: &App, account_id: AccountId, subject: Subject) -> Result<(), StorageError> {
    app.compress_queue.send(&PackEvent::PackWritten { account_id, of: subject }.to_json()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_cannot_save_enough_are_not_compressed() {
        let subject = || Subject::Packs(Vec::new());
        assert_eq!(worth_compressing(subject(), SAVED_MIN_BYTES), None);
        assert_eq!(worth_compressing(subject(), SAVED_MIN_BYTES + 1), Some(subject()));
    }
}
