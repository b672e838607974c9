//! Writes the metrics of finished uploads.

use sluice_deployment::clock;
use sluice_domain::publication::Outcome;
use sluice_domain::upload::Upload;
use sluice_lambda::metrics::{self, Metric};
use sluice_storage::tables::Published;

/// Counts an upload that this worker has finished.
pub fn count(upload: &Upload, outcome: &Outcome, published: Published) {
    match published {
        Published::Available => metrics::write(&available(upload, outcome)),
        Published::Rejected(_) => metrics::write(&[Metric::count("UploadsRejected", 1)]),
        Published::BlobExists | Published::BlobGone | Published::PackGone | Published::Ended(_) => {}
    }
}

fn available(upload: &Upload, outcome: &Outcome) -> [Metric; 6] {
    let (new_bytes, stored_bytes) = match outcome {
        Outcome::Stored(stored) => (stored.new_bytes, stored.stored_bytes),
        Outcome::Linked { .. } | Outcome::Rejected(_) => (0, 0),
    };
    [
        Metric::count("UploadsAvailable", 1),
        Metric::bytes("ContentBytes", upload.size),
        Metric::bytes("NewBytes", new_bytes),
        Metric::bytes("SharedBytes", upload.size.saturating_sub(new_bytes)),
        Metric::bytes("StoredBytes", stored_bytes),
        Metric::duration("UploadDuration", upload.created_at.until(clock::now())),
    ]
}
