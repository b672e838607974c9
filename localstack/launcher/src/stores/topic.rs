//! Creates the topic by which Ceph knows a webhook.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::SdkBody;
use reqwest::Url;
use sha2::{Digest as _, Sha256};

use super::WebhookSettings;
use crate::Error;

const ACTION: &str = "creating a notification topic";

/// Creates Ceph's topic for a webhook, or finds it, and returns its ARN.
///
/// Ceph serves the SNS API at its S3 endpoint and accepts a signature for `s3`. The S3 client can therefore
/// sign and send the form, as any request whose response body it does not parse.
pub(super) async fn create_topic(
    client: &Client,
    endpoint: &str,
    webhook: &WebhookSettings,
) -> Result<String, Error> {
    let name = format!("sluice-{}", &hex::encode(Sha256::digest(&webhook.url))[..16]);
    let form = [
        ("Action", "CreateTopic"),
        ("Version", "2010-03-31"),
        ("Name", &name),
        ("Attributes.entry.1.key", "push-endpoint"),
        ("Attributes.entry.1.value", &webhook.url),
        // Without this, Ceph drops an event that the webhook does not accept at once.
        ("Attributes.entry.2.key", "persistent"),
        ("Attributes.entry.2.value", "true"),
    ];
    let address = Url::parse_with_params(endpoint, form).map_err(Error::call(ACTION))?;
    let form = address.query().unwrap_or_default().to_owned();
    let form_address = format!("{endpoint}/");
    let request = client.get_object().bucket("any").key("any").customize();
    let request = request.mutate_request(move |request| {
        let headers = request.headers_mut();
        headers.insert("content-type", "application/x-www-form-urlencoded");
        headers.insert("content-length", form.len().to_string());
        *request.body_mut() = SdkBody::from(form.as_str());
        // Neither can fail: the method is valid, and the address was parsed above.
        let _ = request.set_method("POST");
        let _ = request.set_uri(form_address.as_str());
    });
    let answer = request.send().await.map_err(Error::call(ACTION))?;
    let answer = answer.body.collect().await.map_err(Error::call(ACTION))?.to_vec();
    let answer = String::from_utf8_lossy(&answer);
    let arn = answer.split_once("<TopicArn>").and_then(|(_, rest)| rest.split_once("</TopicArn>"));
    arn.map(|(arn, _)| arn.to_owned())
        .ok_or_else(|| Error::Call { action: ACTION, reason: format!("the answer names no topic: {answer}") })
}
