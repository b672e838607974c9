//! What the sweeper does with an upload that has fallen due.

use std::time::Duration;

use crate::time::Timestamp;
use crate::upload::{Upload, UploadState};
use crate::version::RejectReason;

/// How long a pending version may go without a sign of life before its upload is announced again.
pub const PENDING_PATIENCE: Duration = Duration::from_mins(30);

/// How long until an upload that was announced `enqueue_count` times is announced again: twice as long each time, so that
/// an outage of days costs no upload.
pub fn patience(enqueue_count: u32) -> Duration {
    PENDING_PATIENCE * 2_u32.saturating_pow(enqueue_count.min(ENQUEUE_COUNT_MAX))
}

/// How often it is looked whether the bytes of an open upload have landed and their event was lost.
pub const OPEN_PATIENCE: Duration = Duration::from_hours(1);

/// How often an upload is announced again before its version is rejected.
pub const ENQUEUE_COUNT_MAX: u32 = 8;

/// A decision about one upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sweep {
    /// Its bytes have landed and nobody was told, or the worker was lost: tell the worker again.
    Enqueue,
    /// Its bytes may still come: look again then.
    Wait(Timestamp),
    /// Its time is over: abort it and release its quota.
    Expire,
    /// It will never become available.
    Reject(RejectReason),
    /// It has ended already.
    Nothing,
}

/// Decides about `upload`, given whether an object lies at its landing key.
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
            Sweep::Wait(upload.expires_at.min(now.after(OPEN_PATIENCE)))
        }
        UploadState::Open => Sweep::Expire,
        UploadState::Pending => Sweep::Reject(RejectReason::BytesLost),
        _ => Sweep::Nothing,
    }
}
