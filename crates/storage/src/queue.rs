//! Sends to an SQS queue and receives from it.

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};
use sluice_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::call;
use crate::clients::Clients;
use crate::error::{ErrorKind, StorageError};
use crate::trace;

/// SQS takes at most this many entries in one request.
const ENTRIES_MAX: usize = 10;

/// A message that was received but not deleted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub body: String,
    /// The string attributes, by name.
    pub attributes: BTreeMap<String, String>,
    pub sent_at: Timestamp,
    /// Identifies this delivery of the message to SQS.
    pub receipt_handle: String,
}

/// A message that is received after some time.
#[derive(Debug, Clone)]
pub struct DelayedMessage {
    pub body: String,
    /// At most 15 minutes.
    pub delay: Duration,
}

/// When a received message is to be visible again.
#[derive(Debug, Clone, Copy)]
pub struct VisibilityChange<'a> {
    pub receipt_handle: &'a str,
    pub visible_after: Duration,
}

#[derive(Debug, Clone)]
pub struct Queue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    pub fn new(clients: &Clients, url: impl Into<String>) -> Self {
        Self { client: clients.sqs.clone(), url: url.into() }
    }

    pub async fn send(&self, body: &str) -> Result<(), StorageError> {
        self.send_with(body, &[]).await
    }

    /// Makes a received message visible again after `delay`, not at the end of its visibility timeout.
    pub async fn retry_after(&self, receipt_handle: &str, delay: Duration) -> Result<(), StorageError> {
        let request = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(seconds(delay));
        call::write("sqs:ChangeMessageVisibility", request.send()).await?;
        Ok(())
    }

    /// The same for up to ten messages in one request. Returns how many SQS refused, mostly because they were
    /// deleted or received again.
    pub async fn change_visibility_of_all(
        &self,
        changes: impl Iterator<Item = VisibilityChange<'_>>,
    ) -> Result<usize, StorageError> {
        const OPERATION: &str = "sqs:ChangeMessageVisibilityBatch";
        let entries =
            changes.enumerate().map(|(number, VisibilityChange { receipt_handle, visible_after })| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(number.to_string())
                    .receipt_handle(receipt_handle)
                    .visibility_timeout(seconds(visible_after))
                    .build()
                    .map_err(|error| StorageError::fault(OPERATION, error))
            });
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        if entries.is_empty() {
            return Ok(0);
        }
        let request =
            self.client.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
        Ok(call::write(OPERATION, request.send()).await?.failed.len())
    }

    /// Receives up to ten messages and hides them from others for `hidden_for`. May return none although
    /// there are some.
    pub async fn receive(&self, hidden_for: Duration) -> Result<Vec<Received>, StorageError> {
        const MOST: i32 = 10;
        const WAIT_SECONDS: i32 = 2;
        let request = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(MOST)
            .wait_time_seconds(WAIT_SECONDS)
            .visibility_timeout(seconds(hidden_for))
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        let answer = call::write("sqs:ReceiveMessage", request.send()).await?;
        Ok(answer.messages.unwrap_or_default().into_iter().map(received).collect())
    }

    pub async fn delete(&self, receipt_handle: &str) -> Result<(), StorageError> {
        let request = self.client.delete_message().queue_url(&self.url).receipt_handle(receipt_handle);
        call::write("sqs:DeleteMessage", request.send()).await?;
        Ok(())
    }

    /// Sends messages of a few hundred bytes, ten in one request. If it fails, some may have been sent.
    pub async fn send_delayed(&self, messages: &[DelayedMessage]) -> Result<(), StorageError> {
        const OPERATION: &str = "sqs:SendMessageBatch";
        for messages in messages.chunks(ENTRIES_MAX) {
            let entries = messages.iter().enumerate().map(|(number, DelayedMessage { body, delay })| {
                SendMessageBatchRequestEntry::builder()
                    .id(number.to_string())
                    .message_body(body)
                    .delay_seconds(seconds(*delay))
                    .build()
                    .map_err(|error| StorageError::fault(OPERATION, error))
            });
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
            let answer = call::write(OPERATION, request.send()).await?;
            if let Some(refused) = answer.failed.first() {
                let reason = refused.code().to_owned();
                return Err(StorageError::new(ErrorKind::Unavailable, OPERATION, reason));
            }
        }
        Ok(())
    }

    /// Sends a message with string attributes.
    pub async fn send_with(&self, body: &str, attributes: &[(&str, String)]) -> Result<(), StorageError> {
        const OPERATION: &str = "sqs:SendMessage";
        let mut request = self.client.send_message().queue_url(&self.url).message_body(body);
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|error| StorageError::fault(OPERATION, error))?;
            request = request.message_attributes(*name, value);
        }
        if let Some(header) = trace::header() {
            let value =
                MessageSystemAttributeValue::builder().data_type("String").string_value(header).build();
            let value = value.map_err(|error| StorageError::fault(OPERATION, error))?;
            let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
            request = request.message_system_attributes(name, value);
        }
        call::write(OPERATION, request.send()).await?;
        Ok(())
    }
}

fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

fn received(message: Message) -> Received {
    let sent = message
        .attributes()
        .and_then(|all| all.get(&MessageSystemAttributeName::SentTimestamp)?.parse().ok());
    let attributes = message.message_attributes.unwrap_or_default();
    Received {
        sent_at: Timestamp::from_unix_milliseconds(sent.unwrap_or(0)),
        body: message.body.unwrap_or_default(),
        attributes: attributes
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.string_value?)))
            .collect(),
        receipt_handle: message.receipt_handle.unwrap_or_default(),
    }
}
