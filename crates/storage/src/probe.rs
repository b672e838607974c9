//! Probes what a store supports, for `sluice-admin doctor`.

use aws_sdk_s3::types::NotificationConfiguration;
use bytes::Bytes;
use sluice_domain::key::ObjectKey;

use crate::bucket::Bucket;
use crate::call;
use crate::dialect::Dialect;
use crate::error::StorageError;
use crate::presign::PutOf;
use crate::put::{PutOptions, Written};

/// The condition that keeps a PUT from overwriting an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOverwriting {
    IfNoneMatch,
    ForbidOverwrite,
}

impl Bucket {
    /// Writes a new object under this condition, whether or not the store is known to support it.
    ///
    /// # Errors
    /// `Conflict` if the object exists and the store honours the condition.
    pub async fn put_new(
        &self,
        key: &ObjectKey,
        bytes: Bytes,
        condition: NotOverwriting,
    ) -> Result<Written, StorageError> {
        let forbid_overwrite_header = condition == NotOverwriting::ForbidOverwrite;
        let dialect = Dialect { forbid_overwrite_header, ..self.dialect };
        let options = PutOptions { put_of: PutOf::NewObject, ..PutOptions::default() };
        Self { dialect, ..self.clone() }.put(key, bytes, options).await
    }

    /// Whether the bucket is configured to notify anything of new objects.
    pub async fn notifies(&self) -> Result<bool, StorageError> {
        let request = self.client.get_bucket_notification_configuration().bucket(&self.name);
        let answer = call::read("s3:GetBucketNotificationConfiguration", request.send()).await?;
        let configuration = NotificationConfiguration::builder()
            .set_queue_configurations(answer.queue_configurations)
            .set_topic_configurations(answer.topic_configurations)
            .set_lambda_function_configurations(answer.lambda_function_configurations)
            .set_event_bridge_configuration(answer.event_bridge_configuration)
            .build();
        Ok(!configuration.queue_configurations().is_empty()
            || !configuration.topic_configurations().is_empty()
            || !configuration.lambda_function_configurations().is_empty()
            || configuration.event_bridge_configuration().is_some())
    }

    /// The number of CORS rules of the bucket.
    ///
    /// # Errors
    /// `NotFound` if the store supports CORS rules and the bucket has none.
    pub async fn cors_rules(&self) -> Result<usize, StorageError> {
        let request = self.client.get_bucket_cors().bucket(&self.name);
        Ok(call::read("s3:GetBucketCors", request.send()).await?.cors_rules().len())
    }
}
