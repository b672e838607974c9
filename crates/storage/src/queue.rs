//! One SQS queue to send to.

use aws_sdk_sqs::types::MessageAttributeValue;

use crate::clients::Clients;
use crate::error::StorageError;
use crate::fault;

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
        fault::write(OPERATION, request.send())
            .await
            .map_err(|error| StorageError::from_sdk(OPERATION, &error))?;
        Ok(())
    }
}
