//! Keeps the messages of a batch hidden from other workers, for as long as this one lives.
//!
//! AWS wants a queue to hide messages for six worker timeouts, so a worker that died would take its batch
//! out of sight for that long. A heartbeat hides the messages for a much shorter time, again and again.

use sluice_deployment::WorkerQueue;
use sluice_storage::{Chain, Queue, VisibilityChange};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

use crate::message::Message;

/// How many beats fall into the longest time for which a message is hidden. Three in a row may fail of the
/// first message of a request; of its last, which is hidden for little over two beats, one may.
const BEATS: u32 = 4;

/// SQS changes at most this many messages in one request.
const MESSAGES_A_REQUEST: usize = 10;

/// Each further message of a request is hidden for a shorter time, by this fraction of the whole. If one of
/// them kills its worker, it comes back apart from the others and does not take them along again.
const SPREAD: u32 = 20;

/// A batch's messages, hidden until this is dropped and for a while after it.
pub struct Heartbeat {
    hidden: Arc<Mutex<Vec<HiddenMessage>>>,
    _beats: AbortOnDropHandle<()>,
}

struct HiddenMessage {
    receipt_handle: String,
    hidden_for: Duration,
}

impl Heartbeat {
    /// Begins to hide the messages.
    pub fn start(queue: &WorkerQueue, messages: &[Message]) -> Self {
        let timeout = queue.heartbeat_timeout;
        let hidden: Vec<_> = messages
            .iter()
            .zip((0..MESSAGES_A_REQUEST as u32).cycle())
            .map(|(message, position)| HiddenMessage {
                receipt_handle: message.receipt_handle.clone(),
                hidden_for: hidden_for(timeout, position),
            })
            .collect();
        let hidden = Arc::new(Mutex::new(hidden));
        let beats = tokio::spawn(beat(queue.queue.clone(), hidden.clone(), timeout / BEATS));
        Self { hidden, _beats: AbortOnDropHandle::new(beats) }
    }

    /// Leaves a message alone from now on. No beat is under way when this returns, so the caller can decide
    /// when the message is visible again.
    pub async fn release(&self, message: &Message) {
        self.hidden.lock().await.retain(|hidden| hidden.receipt_handle != message.receipt_handle);
    }
}

/// How long the message at this position of a request is hidden. SQS knows whole seconds only.
fn hidden_for(timeout: Duration, position: u32) -> Duration {
    let time = timeout / SPREAD * (SPREAD - position);
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

async fn beat(queue: Queue, hidden: Arc<Mutex<Vec<HiddenMessage>>>, pause: Duration) {
    let mut beats = interval(pause);
    // Lambda may freeze the process; no burst follows.
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        let hidden = hidden.lock().await;
        for messages in hidden.chunks(MESSAGES_A_REQUEST) {
            hide(&queue, messages).await;
        }
    }
}

/// A failure is not the work's: at worst another worker begins it too, and both come to the same result.
async fn hide(queue: &Queue, messages: &[HiddenMessage]) {
    let changes = messages.iter().map(|HiddenMessage { receipt_handle, hidden_for }| VisibilityChange {
        receipt_handle,
        visible_after: *hidden_for,
    });
    match queue.change_visibility_of_all(changes).await {
        Ok(0) => {}
        Ok(refused) => tracing::warn!(refused, "messages are not hidden any more"),
        Err(error) => tracing::warn!(error = %Chain(&error), "messages could not be kept hidden"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_stays_hidden_if_one_beat_fails() {
        for timeout in [1, 5, 10, 120].map(Duration::from_secs) {
            for position in 0..MESSAGES_A_REQUEST as u32 {
                let hidden_for = hidden_for(timeout, position);
                assert_eq!(hidden_for.subsec_nanos(), 0);
                assert!(hidden_for > timeout / BEATS * 2, "number {position}: {hidden_for:?}");
            }
        }
    }
}
