//! Observes which settings a bucket supports.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, CorsConfiguration, CorsRule, Event,
    ExpirationStatus, LifecycleRule, LifecycleRuleFilter, NotificationConfiguration, QueueConfiguration,
};
use reqwest::{Method, header::HeaderMap};

use crate::test_store::{NotificationTarget, Observation, TestStore, raw_outcome, yes_if};

const OURS: &str = "https://sluice.example";
const FOREIGN: &str = "https://foreign.example";

async fn allow_ours(store: &TestStore) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let methods = ["GET", "HEAD", "PUT"].map(str::to_owned).to_vec();
    let rule = CorsRule::builder().allowed_origins(OURS).set_allowed_methods(Some(methods));
    let rule = rule.allowed_headers("*").expose_headers("ETag").build()?;
    let rules = CorsConfiguration::builder().cors_rules(rule).build()?;
    let set = store.client.put_bucket_cors().bucket(store.name()).cors_configuration(rules);
    Ok(raw_outcome(set.send().await))
}

/// The headers that a browser gets for a request of a page.
async fn request_from(store: &TestStore, method: Method, origin: &str) -> Result<HeaderMap, reqwest::Error> {
    let address = format!("{}/behaviours/any", store.address);
    let request = store.http.request(method, address).header("origin", origin);
    let request = request.header("access-control-request-method", "PUT");
    // The emulator's gate refuses pages of unknown origins, unless the launcher's proxy vouches for them.
    let request = request.header("x-sluice-proxy", &store.access_key);
    Ok(request.send().await?.headers().clone())
}

fn is_allowed(headers: &HeaderMap, origin: &str) -> bool {
    let allowed = headers.get("access-control-allow-origin");
    allowed.is_some_and(|allowed| allowed == origin || allowed == "*")
}

pub async fn cors(store: &TestStore) -> Observation {
    let set = allow_ours(store).await?;
    let ours = is_allowed(&request_from(store, Method::OPTIONS, OURS).await?, OURS);
    let foreign = is_allowed(&request_from(store, Method::OPTIONS, FOREIGN).await?, FOREIGN);
    if set != "yes" {
        let origins = if foreign { "any origin" } else { "no origin" };
        return Ok(format!("{set}, {origins}"));
    }
    yes_if(ours && !foreign, if foreign { "any origin" } else { "no origin" })
}

pub async fn exposed_etag(store: &TestStore) -> Observation {
    allow_ours(store).await?;
    let headers = request_from(store, Method::GET, OURS).await?;
    let exposed = headers.get("access-control-expose-headers").and_then(|names| names.to_str().ok());
    let exposed = exposed.unwrap_or_default().to_ascii_lowercase();
    let names: Vec<&str> = exposed.split(',').map(str::trim).collect();
    yes_if(names.contains(&"etag") || names.contains(&"*"), "no")
}

pub async fn lifecycle(store: &TestStore) -> Observation {
    let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(8).build();
    let rule = LifecycleRule::builder()
        .id("abort-unfinished-uploads")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("unfinished/").build())
        .abort_incomplete_multipart_upload(abort)
        .build()?;
    let rules = BucketLifecycleConfiguration::builder().rules(rule).build()?;
    let set = store.client.put_bucket_lifecycle_configuration().bucket(store.name());
    Ok(raw_outcome(set.lifecycle_configuration(rules).send().await))
}

/// Whether the bucket's notifications can be configured, and are then reported.
pub async fn notifications(store: &TestStore) -> Observation {
    let set = match &store.notification_target {
        NotificationTarget::Webhook(local, webhook) => {
            local.notify(store.name(), "uploads/", webhook).await.is_ok()
        }
        NotificationTarget::Queue(arn) => {
            let queue =
                QueueConfiguration::builder().queue_arn(arn).events(Event::S3ObjectCreated).build()?;
            let rules = NotificationConfiguration::builder().queue_configurations(queue).build();
            let set = store.client.put_bucket_notification_configuration().bucket(store.name());
            set.notification_configuration(rules).send().await.is_ok()
        }
    };
    yes_if(set && store.bucket.notifies().await?, "no")
}
