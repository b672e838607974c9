//! One SQS queue to send to.

use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};
use std::time::Duration;

use crate::clients::Clients;
use crate::error::StorageError;
use crate::{fault, trace};

/// An SQS queue.
#[derive(Debug, Clone)]
pub struct Queue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    /// The queue at `url`.
    pub fn new(clients: &Clients, url: impl Into<String>) -> Self {
        Self { client: clients.sqs.clone(), url: url.into() }
    }

    /// Sends one message.
    pub async fn send(&self, body: &str) -> Result<(), StorageError> {
        self.send_with(body, &[]).await
    }

    /// Makes a received message visible again after `delay`, rather than at the end of its visibility timeout.
    pub async fn retry_after(&self, receipt_handle: &str, delay: Duration) -> Result<(), StorageError> {
        const OPERATION: &str = "sqs:ChangeMessageVisibility";
        let request = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(i32::try_from(delay.as_secs()).unwrap_or(i32::MAX));
        fault::write(OPERATION, request.send())
            .await
            .map_err(|error| StorageError::from_sdk(OPERATION, &error))?;
        Ok(())
    }

    /// Sends one message with string attributes.
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
        fault::write(OPERATION, request.send())
            .await
            .map_err(|error| StorageError::from_sdk(OPERATION, &error))?;
        Ok(())
    }
}
