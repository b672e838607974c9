//! Tests that pages of the distribution may use the buckets.

use aws_sdk_s3::types::CorsRule;
use sluice_tests::{store_kind, swept};

#[tokio::test]
async fn pages_of_the_distribution_may_use_the_buckets() {
    let stack = swept();
    if store_kind().is_some() {
        return;
    }
    for setting in ["SLUICE_LANDING_BUCKET", "SLUICE_VAULT_BUCKET", "SLUICE_CACHE_BUCKET"] {
        let rules = stack.objects().get_bucket_cors().bucket(stack.setting(setting)).send().await;
        let rules = rules.expect("CORS rules");
        let origins: Vec<&String> = rules.cors_rules().iter().flat_map(CorsRule::allowed_origins).collect();
        let distribution =
            |origin: &&&String| origin.starts_with("https://") && origin.contains(".cloudfront.net");
        assert_eq!(origins.iter().filter(distribution).count(), 1, "{setting}: {origins:?}");
        assert!(origins.iter().all(|origin| !origin.contains('*')), "{setting}: {origins:?}");
    }
}
