//! The template deploys the calls that the contracts name, each to its own function, and no others.

use aws_sdk_s3::types::CorsRule;
use sluice_contracts::route::ROUTES;
use sluice_tests::{store_kind, swept};
use std::collections::BTreeSet;

const TEMPLATE: &str = include_str!("../../infra/template.yaml");

#[test]
fn the_template_deploys_the_routes_of_the_contracts() {
    let lines: Vec<&str> = TEMPLATE.lines().map(str::trim).collect();
    let deployed: BTreeSet<(String, String)> = lines
        .windows(2)
        .filter_map(|pair| {
            let key = pair[0].strip_prefix("RouteKey: ")?;
            let target = pair[1].strip_prefix("Target: !Sub \"integrations/${")?;
            Some((key.to_owned(), target.strip_suffix("Integration}\"")?.to_owned()))
        })
        .collect();
    let agreed = ROUTES.iter().map(|route| {
        let key = format!("{} {}", route.method, route.path);
        (key, pascal_case(route.function))
    });
    assert_eq!(deployed, agreed.collect());
}

#[test]
fn the_distribution_sends_every_call_to_the_api() {
    let behaviours = TEMPLATE.lines().filter_map(|line| line.trim().strip_prefix("- PathPattern: \"/"));
    let passed_on: BTreeSet<&str> = behaviours.filter_map(|pattern| pattern.strip_suffix("*\"")).collect();
    let agreed = ROUTES.iter().filter_map(|route| route.path.split('/').nth(1));
    assert_eq!(passed_on, agreed.collect());
}

#[test]
fn the_page_has_one_security_policy_wherever_it_is_served() {
    let policies = TEMPLATE.split("default-src 'none'").skip(1);
    let policies: Vec<Vec<&str>> = policies
        .filter_map(|policy| policy.split_once("frame-ancestors 'none'"))
        .map(|(policy, _)| policy.split_whitespace().collect())
        .collect();
    assert_eq!(policies.len(), 2, "the distribution's and the output");
    assert_eq!(policies[0], policies[1]);
}

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

/// `init-upload` as the template writes it.
fn pascal_case(name: &str) -> String {
    let capitalise = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capitalise).collect()
}
