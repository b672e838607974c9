//! Decides what the sweeper does with an upload that is due.

use std::time::Duration;

use crate::time::Timestamp;
use crate::upload::{Upload, UploadState};
use crate::version::RejectReason;

/// How long a worker may take for a pending version before the sweeper enqueues the upload again.
pub const PENDING_PATIENCE: Duration = Duration::from_mins(30);

/// The pause before an upload that was enqueued `enqueue_count` times is enqueued again. It doubles each
/// time, up to five days, so that an outage of days rejects no upload.
pub fn enqueue_backoff(enqueue_count: u32) -> Duration {
    PENDING_PATIENCE * 2_u32.saturating_pow(enqueue_count.min(ENQUEUE_COUNT_MAX))
}

/// How often the sweeper checks whether the bytes of an open upload have landed although no event came.
pub const OPEN_CHECK_INTERVAL: Duration = Duration::from_hours(1);

/// After this many attempts the sweeper rejects the version instead of enqueueing the upload again.
pub const ENQUEUE_COUNT_MAX: u32 = 8;

/// What the sweeper does with one upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sweep {
    /// Send the worker a message: the bytes have landed, but the event or the worker was lost.
    Enqueue,
    /// Check again at this time: the bytes may still arrive.
    Wait(Timestamp),
    /// Abort the upload and release its reservation: it has expired.
    Expire,
    /// Reject the version for this reason: it cannot become available any more.
    Reject(RejectReason),
    /// Do nothing: the upload is in a final state.
    Nothing,
}

/// Decides about `upload`. `landed` says whether everything it sends is in the landing bucket.
pub fn decide(upload: &Upload, landed: bool, now: Timestamp) -> Sweep {
    match upload.state {
        UploadState::Open | UploadState::Pending if landed => {
            if upload.enqueue_count < ENQUEUE_COUNT_MAX {
                Sweep::Enqueue
            } else {
                Sweep::Reject(RejectReason::ProcessingFailed)
            }
        }
        UploadState::Open if now < upload.expires_at => {
            Sweep::Wait(upload.expires_at.min(now.after(OPEN_CHECK_INTERVAL)))
        }
        UploadState::Open => Sweep::Expire,
        UploadState::Pending => Sweep::Reject(RejectReason::BytesLost),
        _ => Sweep::Nothing,
    }
}
