//! Refuses what is beyond SQS's limits and within the emulator's.

use http::StatusCode;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

use super::{DELAY_LIMIT, SIZE_LIMIT, VISIBILITY_LIMIT};
use crate::json::{Answer, Call};
use crate::tally::Rule;

/// What Lambda and older queues take. Queues take 1 MiB since August 2025.
const SIZE_MAX_BYTES: usize = 256 << 10;
pub(super) const DELAY_MAX_SECONDS: u64 = 900;
/// From the receive on, however often it is extended.
const VISIBILITY_MAX: Duration = Duration::from_hours(12);

/// A rule that a call breaks, and what SQS answers.
pub(super) struct Refusal {
    pub rule: Rule,
    pub answer: Answer,
}

/// The messages that were received.
#[derive(Debug, Default)]
pub(super) struct Receipts(Mutex<HashMap<String, Receipt>>);

#[derive(Debug, Clone, Copy)]
struct Receipt {
    received: Instant,
    hidden_until: Instant,
}

impl Receipts {
    /// Remembers the messages of an answer, if the call says for how long it hides them.
    pub(super) fn add(&self, call: &Call, answer: &Value) {
        let Some(hidden) = call.document["VisibilityTimeout"].as_u64() else { return };
        let received = Instant::now();
        let receipt = Receipt { received, hidden_until: received + Duration::from_secs(hidden) };
        let messages = answer["Messages"].as_array().into_iter().flatten();
        let handles = messages.filter_map(|message| message["ReceiptHandle"].as_str());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(handles.map(|handle| (handle.to_owned(), receipt)));
    }

    /// Remembers that the visibility of a message was changed.
    pub(super) fn change(&self, call: &Call) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = call.document["ReceiptHandle"].as_str().unwrap_or_default();
        if let (Some(receipt), Some(hidden)) = (all.get_mut(handle), visibility(call)) {
            receipt.hidden_until = Instant::now() + hidden;
        }
    }

    fn get(&self, call: &Call) -> Option<Receipt> {
        let handle = call.document["ReceiptHandle"].as_str()?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(handle).copied()
    }

    /// What SQS answers to a call that is beyond its limits.
    pub(super) fn refuse(&self, call: &Call) -> Option<Refusal> {
        match call.operation.as_str() {
            "SendMessage" | "SendMessageBatch" => refuse_size(call).or_else(|| refuse_delay(call)),
            "ReceiveMessage" => refuse_visibility(call, Duration::ZERO),
            "ChangeMessageVisibility" => {
                let Some(receipt) = self.get(call) else { return refuse_visibility(call, Duration::ZERO) };
                if receipt.hidden_until < Instant::now() {
                    let message = "Message does not exist or is not available for visibility timeout change.";
                    return Some(refusal(VISIBILITY_LIMIT, "MessageNotInflight", message));
                }
                refuse_visibility(call, receipt.received.elapsed())
            }
            _ => None,
        }
    }
}

fn visibility(call: &Call) -> Option<Duration> {
    call.document["VisibilityTimeout"].as_u64().map(Duration::from_secs)
}

fn refuse_visibility(call: &Call, elapsed: Duration) -> Option<Refusal> {
    let is_over = visibility(call)? + elapsed > VISIBILITY_MAX;
    let message = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
    is_over.then(|| refusal(VISIBILITY_LIMIT, "InvalidParameterValue", message))
}

fn refuse_size(call: &Call) -> Option<Refusal> {
    let size: usize = messages(&call.document).map(size_bytes).sum();
    if size <= SIZE_MAX_BYTES {
        return None;
    }
    let (code, message) = match call.operation.as_str() {
        "SendMessage" => ("InvalidParameterValue", "Message must be shorter than 262144 bytes."),
        _ => ("BatchRequestTooLong", "Batch requests cannot be longer than 262144 bytes."),
    };
    Some(refusal(SIZE_LIMIT, code, message))
}

fn refuse_delay(call: &Call) -> Option<Refusal> {
    let delay = messages(&call.document).filter_map(|message| message["DelaySeconds"].as_u64()).max();
    let is_over = delay? > DELAY_MAX_SECONDS;
    let message =
        "Value for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.";
    is_over.then(|| refusal(DELAY_LIMIT, "InvalidParameterValue", message))
}

/// The messages of a batch, or the only one.
fn messages(document: &Value) -> impl Iterator<Item = &Value> {
    let entries = document["Entries"].as_array();
    let one = entries.is_none().then_some(document);
    entries.into_iter().flatten().chain(one)
}

/// What counts: the body, and names, types and values of the attributes.
fn size_bytes(message: &Value) -> usize {
    let length = |value: &Value| value.as_str().map_or(0, str::len);
    let attributes = message["MessageAttributes"].as_object().into_iter().flatten();
    let attributes = attributes.map(|(name, value)| {
        let fields = value.as_object().into_iter().flat_map(Map::values);
        name.len() + fields.map(length).sum::<usize>()
    });
    length(&message["MessageBody"]) + attributes.sum::<usize>()
}

fn refusal(rule: Rule, code: &str, message: &str) -> Refusal {
    let answer = Answer::error(StatusCode::BAD_REQUEST, &format!("com.amazonaws.sqs#{code}"), message);
    let legacy = match code {
        "InvalidParameterValue" => code.to_owned(),
        _ => format!("AWS.SimpleQueueService.{code}"),
    };
    Refusal { rule, answer: answer.with_header("x-amzn-query-error", &format!("{legacy};Sender")) }
}
