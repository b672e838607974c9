//! Refuses what is beyond SQS's limits and within the emulator's.

use http::StatusCode;
use serde_json::{Map, Value, json};
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

/// A limit that a call, or an entry of a batch, is beyond.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub rule: Rule,
    code: &'static str,
    message: &'static str,
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

    /// Remembers that the visibility of a message was changed: that of the call, or of an entry of a batch.
    pub(super) fn change(&self, change: &Value) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = change["ReceiptHandle"].as_str().unwrap_or_default();
        if let (Some(receipt), Some(hidden)) = (all.get_mut(handle), visibility(change)) {
            receipt.hidden_until = Instant::now() + hidden;
        }
    }

    fn get(&self, change: &Value) -> Option<Receipt> {
        let handle = change["ReceiptHandle"].as_str()?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(handle).copied()
    }

    /// What SQS answers to a call that is beyond its limits.
    pub(super) fn refuse(&self, call: &Call) -> Option<Refusal> {
        match call.operation.as_str() {
            "SendMessage" | "SendMessageBatch" => refuse_size(call).or_else(|| refuse_delay(call)),
            "ReceiveMessage" => refuse_visibility(&call.document, Duration::ZERO).map(Fault::refusal),
            "ChangeMessageVisibility" => self.refuse_change(&call.document).map(Fault::refusal),
            _ => None,
        }
    }

    /// What SQS answers to a change of visibility beyond its limits, be it a call or an entry of a batch.
    pub(super) fn refuse_change(&self, change: &Value) -> Option<Fault> {
        let Some(receipt) = self.get(change) else { return refuse_visibility(change, Duration::ZERO) };
        if receipt.hidden_until < Instant::now() {
            let message = "Message does not exist or is not available for visibility timeout change.";
            return Some(Fault { rule: VISIBILITY_LIMIT, code: "MessageNotInflight", message });
        }
        refuse_visibility(change, receipt.received.elapsed())
    }
}

fn visibility(change: &Value) -> Option<Duration> {
    change["VisibilityTimeout"].as_u64().map(Duration::from_secs)
}

fn refuse_visibility(change: &Value, elapsed: Duration) -> Option<Fault> {
    let is_over = visibility(change)? + elapsed > VISIBILITY_MAX;
    let message = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
    is_over.then_some(Fault { rule: VISIBILITY_LIMIT, code: "InvalidParameterValue", message })
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
    Some(Fault { rule: SIZE_LIMIT, code, message }.refusal())
}

fn refuse_delay(call: &Call) -> Option<Refusal> {
    let delay = messages(&call.document).filter_map(|message| message["DelaySeconds"].as_u64()).max();
    let is_over = delay? > DELAY_MAX_SECONDS;
    let message =
        "Value for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.";
    is_over.then(|| Fault { rule: DELAY_LIMIT, code: "InvalidParameterValue", message }.refusal())
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

impl Fault {
    /// The refusal of a whole call.
    fn refusal(self) -> Refusal {
        let Self { rule, code, message } = self;
        let answer = Answer::error(StatusCode::BAD_REQUEST, &format!("com.amazonaws.sqs#{code}"), message);
        let error = format!("{};Sender", self.legacy_code());
        Refusal { rule, answer: answer.with_header("x-amzn-query-error", &error) }
    }

    /// What a batch's answer tells of an entry.
    pub(super) fn failed(self, entry: &Value) -> Value {
        let code = self.legacy_code();
        json!({ "Id": entry["Id"], "SenderFault": true, "Code": code, "Message": self.message })
    }

    fn legacy_code(self) -> String {
        match self.code {
            "InvalidParameterValue" => self.code.to_owned(),
            code => format!("AWS.SimpleQueueService.{code}"),
        }
    }
}
