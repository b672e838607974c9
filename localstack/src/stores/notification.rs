use std::time::Duration;

use aws_sdk_s3::{
    error::ProvideErrorMetadata as _,
    primitives::SdkBody,
    types::{
        Event, FilterRule, FilterRuleName, NotificationConfiguration, NotificationConfigurationFilter,
        QueueConfiguration, S3KeyFilter, TopicConfiguration,
    },
};
use reqwest::Url;
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, sleep};

use super::{LocalStore, StoreKind, WebhookSettings, minio};
use crate::Error;

const ACTION: &str = "setting a bucket's notifications";
const TOPIC_ACTION: &str = "creating a notification topic";
/// The MinIO fork answers requests before it has set up its webhooks, and until then takes none for known.
const UNKNOWN_WEBHOOK: &str = "InvalidArgument";
const WEBHOOK_PATIENCE: Duration = Duration::from_secs(30);

impl LocalStore {
    /// Announces every new object under `prefix` to the webhook, instead of what the bucket announced before.
    ///
    /// Both stores keep an event until the webhook answers 2xx. Ceph takes any webhook and announces within a second,
    /// but not before it has found the webhook, for which it looks every 30 seconds; the one of the settings is there to
    /// be found from the start. The MinIO fork takes none but the one of the settings, and announces within 3 seconds.
    /// `SeaweedFS` announces nothing, which is an error.
    pub async fn notify(&self, bucket: &str, prefix: &str, webhook: &WebhookSettings) -> Result<(), Error> {
        let filter = key_filter(prefix);
        let rules = NotificationConfiguration::builder();
        let rules = match self.kind() {
            StoreKind::SeaweedFs => return Err(self.unable("it has no notifications")),
            StoreKind::Minio if self.webhook.as_ref() != Some(webhook) => {
                return Err(self.unable("this is not the webhook it was started with"));
            }
            StoreKind::Minio => {
                let rule = QueueConfiguration::builder().queue_arn(minio::WEBHOOK_ARN).filter(filter);
                let rule = rule.events(Event::S3ObjectCreated).build().map_err(Error::call(ACTION))?;
                rules.queue_configurations(rule)
            }
            StoreKind::Ceph => {
                let topic = create_topic(self, webhook).await?;
                let rule = TopicConfiguration::builder().id("sluice").topic_arn(topic).filter(filter);
                let rule = rule.events(Event::S3ObjectCreated).build().map_err(Error::call(ACTION))?;
                rules.topic_configurations(rule)
            }
        };
        let set = self.client().put_bucket_notification_configuration().bucket(bucket);
        let set = set.notification_configuration(rules.build());
        let give_up = Instant::now() + WEBHOOK_PATIENCE;
        loop {
            match set.clone().send().await {
                Ok(_) => return Ok(()),
                Err(error) if error.code() == Some(UNKNOWN_WEBHOOK) && Instant::now() < give_up => {
                    sleep(Duration::from_millis(200)).await;
                }
                Err(error) => return Err(Error::call(ACTION)(error)),
            }
        }
    }

    fn unable(&self, reason: &'static str) -> Error {
        Error::StoreNotifications { store: self.kind().label(), reason }
    }
}

/// Creates Ceph's topic for a webhook, or finds it, and returns its ARN.
///
/// Ceph has the SNS API at its S3 endpoint, and takes a signature for `s3`: any request of the S3 client whose answer is
/// not read serves to sign and send the form.
pub(super) async fn create_topic(store: &LocalStore, webhook: &WebhookSettings) -> Result<String, Error> {
    let name = format!("sluice-{}", &hex::encode(Sha256::digest(&webhook.url))[..16]);
    let form = [
        ("Action", "CreateTopic"),
        ("Version", "2010-03-31"),
        ("Name", &name),
        ("Attributes.entry.1.key", "push-endpoint"),
        ("Attributes.entry.1.value", &webhook.url),
        // Without this, an event that the webhook does not take at once is lost.
        ("Attributes.entry.2.key", "persistent"),
        ("Attributes.entry.2.value", "true"),
    ];
    let address = Url::parse_with_params(&store.endpoint(), form).map_err(Error::call(TOPIC_ACTION))?;
    let (endpoint, form) = (format!("{}/", store.endpoint()), address.query().unwrap_or_default().to_owned());
    let request = store.client().get_object().bucket("any").key("any").customize();
    let request = request.mutate_request(move |request| {
        let headers = request.headers_mut();
        headers.insert("content-type", "application/x-www-form-urlencoded");
        headers.insert("content-length", form.len().to_string());
        *request.body_mut() = SdkBody::from(form.as_str());
        // Both are valid: a method, and the address that was parsed above.
        let _ = request.set_method("POST");
        let _ = request.set_uri(endpoint.as_str());
    });
    let answer = request.send().await.map_err(Error::call(TOPIC_ACTION))?;
    let answer = answer.body.collect().await.map_err(Error::call(TOPIC_ACTION))?.to_vec();
    let answer = String::from_utf8_lossy(&answer);
    let arn = answer.split_once("<TopicArn>").and_then(|(_, rest)| rest.split_once("</TopicArn>"));
    arn.map(|(arn, _)| arn.to_owned()).ok_or_else(|| Error::Call {
        action: TOPIC_ACTION,
        reason: format!("the answer names no topic: {answer}"),
    })
}

fn key_filter(prefix: &str) -> NotificationConfigurationFilter {
    let rule = FilterRule::builder().name(FilterRuleName::Prefix).value(prefix).build();
    NotificationConfigurationFilter::builder().key(S3KeyFilter::builder().filter_rules(rule).build()).build()
}
