//! Decides what the sweeper does with an upload that is due.

use std::time::Duration;

use crate::time::Timestamp;
use crate::upload::{Upload, UploadState};
use crate::version::RejectReason;

/// How long a worker may take for a pending version before the sweeper enqueues the upload again.
pub const PENDING_PATIENCE: Duration = Duration::from_mins(30);

/// The longest pause between two messages about one upload. It is shorter than the day over which the alarm
/// counts stuck uploads, so that the alarm does not end while one is stuck.
pub const ENQUEUE_PAUSE_MAX: Duration = Duration::from_hours(12);

/// The pause before an upload that was enqueued `enqueue_count` times is enqueued again. It doubles each
/// time, up to twelve hours.
pub fn enqueue_backoff(enqueue_count: u32) -> Duration {
    PENDING_PATIENCE.saturating_mul(2_u32.saturating_pow(enqueue_count)).min(ENQUEUE_PAUSE_MAX)
}

/// How often the sweeper checks whether the bytes of an open upload have landed although no event came.
pub const OPEN_CHECK_INTERVAL: Duration = Duration::from_hours(1);

/// An upload that was enqueued this often, over almost four hours, is stuck: an operator must look at it.
const STUCK_ENQUEUE_COUNT: u32 = 3;

/// Whether workers keep failing at the upload.
pub fn is_stuck(upload: &Upload) -> bool {
    upload.enqueue_count >= STUCK_ENQUEUE_COUNT
}

/// What the sweeper does with one upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sweep {
    /// Send the worker a message: the bytes have landed, but the event or the worker was lost. However often
    /// this fails, bytes that were accepted are not given up.
    Enqueue,
    /// Check again at this time: the bytes may still arrive.
    Wait(Timestamp),
    /// Abort the upload and release its reservation: it has expired.
    Expire,
    /// Reject the version for this reason: it cannot become available any more.
    Reject(RejectReason),
    /// Send the worker a message: the upload has ended, and not everything of it was cleaned up.
    CleanUp,
    /// Delete what landed late, for the last time: the upload has ended, and so have its URLs.
    DeleteLate,
    /// Do nothing: the upload is in a final state.
    Nothing,
}

/// How long the packs of an upload that has ended may still arrive. A presigned URL lives for an hour at most
/// (`PresignedUrlTtlSeconds` in the template), and a PUT that began before its end takes a while.
const LATE_PACKS_PERIOD: Duration = Duration::from_hours(2);

/// When the sweeper looks at `upload` again if it ends `now`, to delete packs that arrive later: the landing
/// bucket does not notify of packs.
pub fn late_packs_due_at(upload: &Upload, now: Timestamp) -> Option<Timestamp> {
    let has_urls = upload.packs.as_ref().is_some_and(|packs| !packs.is_empty());
    has_urls.then(|| now.after(LATE_PACKS_PERIOD))
}

/// Decides about `upload`. `landed` says whether everything it sends is in the landing bucket.
pub fn decide(upload: &Upload, landed: bool, now: Timestamp) -> Sweep {
    match upload.state {
        UploadState::Open | UploadState::Pending if landed => Sweep::Enqueue,
        UploadState::Open if now < upload.expires_at => {
            Sweep::Wait(upload.expires_at.min(now.after(OPEN_CHECK_INTERVAL)))
        }
        UploadState::Open => Sweep::Expire,
        UploadState::Pending => Sweep::Reject(RejectReason::BytesLost),
        _ if upload.packs.is_none() => Sweep::Nothing,
        _ if landed => Sweep::CleanUp,
        _ => Sweep::DeleteLate,
    }
}
