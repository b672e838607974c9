//! Queues in memory. They come into being when they are first used.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sluice_deployment::clock;
use sluice_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The visibility timeout of a receipt that asks for none.
const VISIBILITY_TIMEOUT_SECONDS: u64 = 30;

/// For how long Lambda's poller hides messages: six worker timeouts, as in the template.
const POLLER_VISIBILITY_TIMEOUT: Duration = Duration::from_mins(90);

/// A message on a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMessage {
    pub id: String,
    pub body: String,
    /// The string attributes, by name.
    pub attributes: BTreeMap<String, String>,
    /// How often it has been received.
    pub receive_count: u32,
    sent_at: Timestamp,
    /// Not received before this time.
    pub visible_at: Timestamp,
    /// Identifies the last receipt.
    pub receipt_handle: String,
}

/// All queues, by URL.
#[derive(Debug, Default)]
pub struct Queues(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    queues: BTreeMap<String, Vec<QueuedMessage>>,
    /// How many ids and receipt handles there are.
    ids: u64,
}

/// A refusal in the protocol of SQS.
pub(crate) struct Refusal(pub &'static str);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    queue_url: String,
    #[serde(default)]
    message_body: String,
    #[serde(default)]
    message_attributes: BTreeMap<String, Attribute>,
    #[serde(default)]
    receipt_handle: String,
    visibility_timeout: Option<u64>,
    max_number_of_messages: Option<usize>,
    #[serde(default)]
    entries: Vec<Entry>,
}

/// One message of a `ChangeMessageVisibilityBatch` or `SendMessageBatch`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: String,
    #[serde(default)]
    receipt_handle: String,
    #[serde(default)]
    visibility_timeout: u64,
    #[serde(default)]
    message_body: String,
    #[serde(default)]
    delay_seconds: u64,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    data_type: String,
    string_value: String,
}

impl Queues {
    /// The messages of a queue, hidden ones too, in the order in which they were sent.
    pub fn messages(&self, queue: &str) -> Vec<QueuedMessage> {
        let state = self.lock();
        state.queues.get(queue).cloned().unwrap_or_default()
    }

    /// Receives every message of a queue, as Lambda's poller does once the hidden ones are visible again.
    pub fn poll(&self, queue: &str) -> Vec<QueuedMessage> {
        self.poll_if(queue, usize::MAX, |_| true)
    }

    /// Receives up to `most` messages that are visible, as Lambda's poller does.
    pub fn poll_visible(&self, queue: &str, most: usize) -> Vec<QueuedMessage> {
        let now = clock::now();
        self.poll_if(queue, most, |message| message.visible_at <= now)
    }

    fn poll_if(&self, queue: &str, most: usize, may: impl Fn(&QueuedMessage) -> bool) -> Vec<QueuedMessage> {
        let now = clock::now();
        let mut state = self.lock();
        let handle = state.next_id();
        let messages = state.queues.entry(queue.to_owned()).or_default();
        let received = messages.iter_mut().filter(|message| may(message)).take(most).map(|message| {
            message.receive_count += 1;
            message.visible_at = now.after(POLLER_VISIBILITY_TIMEOUT);
            message.receipt_handle = format!("{}-{handle}", message.id);
            message.clone()
        });
        received.collect()
    }

    /// Deletes a message, as Lambda's poller does once it is done.
    pub fn delete(&self, queue: &str, id: &str) {
        self.lock().queues.entry(queue.to_owned()).or_default().retain(|message| message.id != id);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Performs an operation of the JSON protocol of SQS.
    pub(crate) fn call(&self, operation: &str, body: &[u8], now: Timestamp) -> Result<Value, Refusal> {
        let request: Request = serde_json::from_slice(body).map_err(|_| Refusal("InvalidParameterValue"))?;
        let mut state = self.lock();
        match operation {
            "SendMessage" => Ok(state.send(request, now)),
            "SendMessageBatch" => Ok(state.send_all(request, now)),
            "ReceiveMessage" => Ok(state.receive(&request, now)),
            "DeleteMessage" => state.delete(&request),
            "ChangeMessageVisibility" => state.change_visibility(&request, now),
            "ChangeMessageVisibilityBatch" => Ok(state.change_visibility_of_all(&request, now)),
            _ => Err(Refusal("UnsupportedOperation")),
        }
    }
}

impl State {
    fn next_id(&mut self) -> String {
        self.ids += 1;
        format!("{:08}", self.ids)
    }

    fn send(&mut self, request: Request, now: Timestamp) -> Value {
        let attributes = request.message_attributes.into_iter();
        let attributes = attributes.map(|(name, attribute)| (name, attribute.string_value)).collect();
        let message = QueuedMessage { attributes, ..self.new_message(request.message_body, now) };
        let id = message.id.clone();
        self.queues.entry(request.queue_url).or_default().push(message);
        json!({ "MessageId": id })
    }

    fn send_all(&mut self, request: Request, now: Timestamp) -> Value {
        let mut successful = Vec::new();
        for Entry { id, message_body, delay_seconds, .. } in request.entries {
            let visible_at = now.after(Duration::from_secs(delay_seconds));
            let message = QueuedMessage { visible_at, ..self.new_message(message_body, now) };
            successful.push(json!({ "Id": id, "MessageId": message.id, "MD5OfMessageBody": "" }));
            self.queues.entry(request.queue_url.clone()).or_default().push(message);
        }
        json!({ "Successful": successful, "Failed": [] })
    }

    fn new_message(&mut self, body: String, now: Timestamp) -> QueuedMessage {
        QueuedMessage {
            id: self.next_id(),
            body,
            attributes: BTreeMap::new(),
            receive_count: 0,
            sent_at: now,
            visible_at: now,
            receipt_handle: String::new(),
        }
    }

    fn receive(&mut self, request: &Request, now: Timestamp) -> Value {
        let hidden_for = request.visibility_timeout.unwrap_or(VISIBILITY_TIMEOUT_SECONDS);
        let handle = self.next_id();
        let messages = self.queues.entry(request.queue_url.clone()).or_default();
        let visible = messages.iter_mut().filter(|message| message.visible_at <= now);
        let received = visible.take(request.max_number_of_messages.unwrap_or(1)).map(|message| {
            message.receive_count += 1;
            message.visible_at = now.after(Duration::from_secs(hidden_for));
            let handle = format!("{}-{handle}", message.id);
            message.receipt_handle.clone_from(&handle);
            let attribute =
                |value: &String| Attribute { data_type: "String".to_owned(), string_value: value.clone() };
            let attributes: BTreeMap<_, _> =
                message.attributes.iter().map(|(name, value)| (name, attribute(value))).collect();
            json!({
                "MessageId": message.id,
                "ReceiptHandle": handle,
                "Body": message.body,
                "MessageAttributes": attributes,
                "Attributes": {
                    "SentTimestamp": message.sent_at.unix_milliseconds().to_string(),
                    "ApproximateReceiveCount": message.receive_count.to_string(),
                },
            })
        });
        json!({ "Messages": received.collect::<Vec<_>>() })
    }

    fn delete(&mut self, request: &Request) -> Result<Value, Refusal> {
        let message = self.received(&request.queue_url, &request.receipt_handle)?.id.clone();
        self.queues.entry(request.queue_url.clone()).or_default().retain(|other| other.id != message);
        Ok(json!({}))
    }

    fn change_visibility(&mut self, request: &Request, now: Timestamp) -> Result<Value, Refusal> {
        let hidden_for = Duration::from_secs(request.visibility_timeout.unwrap_or_default());
        self.received(&request.queue_url, &request.receipt_handle)?.visible_at = now.after(hidden_for);
        Ok(json!({}))
    }

    fn change_visibility_of_all(&mut self, request: &Request, now: Timestamp) -> Value {
        let mut successful = Vec::new();
        let mut failed = Vec::new();
        for Entry { id, receipt_handle, visibility_timeout, .. } in &request.entries {
            match self.received(&request.queue_url, receipt_handle) {
                Ok(message) => {
                    message.visible_at = now.after(Duration::from_secs(*visibility_timeout));
                    successful.push(json!({ "Id": id }));
                }
                Err(Refusal(code)) => {
                    failed.push(json!({ "Id": id, "Code": code, "SenderFault": true }));
                }
            }
        }
        json!({ "Successful": successful, "Failed": failed })
    }

    /// The message with this receipt handle. Only the handle of its last receipt counts.
    fn received(&mut self, queue: &str, receipt_handle: &str) -> Result<&mut QueuedMessage, Refusal> {
        let messages = self.queues.entry(queue.to_owned()).or_default();
        let received = messages
            .iter_mut()
            .find(|message| message.receive_count > 0 && message.receipt_handle == receipt_handle);
        received.ok_or(Refusal("ReceiptHandleIsInvalid"))
    }
}
