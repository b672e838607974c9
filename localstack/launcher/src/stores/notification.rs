//! Sets up a bucket's notifications to a webhook.

use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{
    Event, FilterRule, FilterRuleName, NotificationConfiguration, NotificationConfigurationFilter,
    QueueConfiguration, S3KeyFilter, TopicConfiguration,
};
use backon::{ConstantBuilder, Retryable as _};

use super::{LocalStore, StoreKind, WebhookSettings, minio, topic};
use crate::Error;

const ACTION: &str = "setting a bucket's notifications";
/// The MinIO fork answers requests before it has set up its webhooks, and rejects every webhook until then.
const UNKNOWN_WEBHOOK: &str = "InvalidArgument";
/// Two minutes.
const WEBHOOK_RETRIES: ConstantBuilder =
    ConstantBuilder::new().with_delay(Duration::from_millis(200)).with_max_times(600);

impl LocalStore {
    /// Notifies the webhook of every new object under `prefix`. Replaces the bucket's earlier notifications.
    ///
    /// Ceph and the MinIO fork keep an event until the webhook answers 2xx. Ceph accepts any webhook and
    /// notifies it within a second, but finds a new webhook only every 30 seconds; the webhook of the
    /// settings is created when the store starts. The MinIO fork accepts only the webhook of the settings and
    /// notifies it within 3 seconds. `SeaweedFS` has no notifications, which is an error.
    pub async fn notify(&self, bucket: &str, prefix: &str, webhook: &WebhookSettings) -> Result<(), Error> {
        let filter = key_filter(prefix);
        let rules = NotificationConfiguration::builder();
        let rules = match self.kind() {
            StoreKind::SeaweedFs => return Err(self.unsupported("it has no notifications")),
            StoreKind::Minio if self.webhook.as_ref() != Some(webhook) => {
                return Err(self.unsupported("it was started with another webhook"));
            }
            StoreKind::Minio => {
                let rule = QueueConfiguration::builder().queue_arn(minio::WEBHOOK_ARN).filter(filter);
                let rule = rule.events(Event::S3ObjectCreated).build().map_err(Error::call(ACTION))?;
                rules.queue_configurations(rule)
            }
            StoreKind::Ceph => {
                let topic = topic::create_topic(self.client(), &self.endpoint(), webhook).await?;
                let rule = TopicConfiguration::builder().id("sluice").topic_arn(topic).filter(filter);
                let rule = rule.events(Event::S3ObjectCreated).build().map_err(Error::call(ACTION))?;
                rules.topic_configurations(rule)
            }
        };
        let set = self.client().put_bucket_notification_configuration().bucket(bucket);
        let set = set.notification_configuration(rules.build());
        let retried = (|| set.clone().send()).retry(WEBHOOK_RETRIES);
        let retried = retried.when(|error| error.code() == Some(UNKNOWN_WEBHOOK)).await;
        retried.map(drop).map_err(Error::call(ACTION))
    }

    fn unsupported(&self, reason: &'static str) -> Error {
        Error::StoreNotifications { store: self.kind().label(), reason }
    }
}

fn key_filter(prefix: &str) -> NotificationConfigurationFilter {
    let rule = FilterRule::builder().name(FilterRuleName::Prefix).value(prefix).build();
    NotificationConfigurationFilter::builder().key(S3KeyFilter::builder().filter_rules(rule).build()).build()
}
