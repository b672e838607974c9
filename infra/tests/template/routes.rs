//! Checks that the template deploys exactly the routes of the contracts, each to its own function.

use sluice_contracts::route::ROUTES;
use std::collections::BTreeSet;

use crate::{pascal_case, section, template};

#[test]
fn the_template_deploys_the_routes_of_the_contracts() {
    let template = template();
    let lines: Vec<&str> = template.lines().map(str::trim).collect();
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

/// Comparing a password is the dearest work of a call, and whoever guesses calls no other route.
#[test]
fn routes_that_take_a_password_have_a_throttle_of_their_own() {
    let resources = section(&template(), "Resources");
    let stage = &resources["ApiStage"];
    for route in ["CreateAccountRoute", "CreateSessionRoute", "ChangePasswordRoute"] {
        let key = resources[route].lines().find_map(|line| line.trim().strip_prefix("RouteKey: "));
        let key = key.expect("a key");
        let throttle = "ThrottlingRateLimit: !Ref PasswordRatePerSecond";
        assert!(stage.contains(&format!("        {key}:\n          {throttle}\n")), "{key}");
        let depends = stage.lines().find_map(|line| line.trim().strip_prefix("DependsOn: "));
        assert!(depends.is_some_and(|depends| depends.contains(route)), "AWS refuses settings of no route");
    }
}

#[test]
fn every_function_that_answers_calls_knows_the_distribution_by_its_secret() {
    let resources = section(&template(), "Resources");
    let secret = "!Sub \"{{resolve:secretsmanager:${OriginSecret}:SecretString:::}}\"";
    assert!(resources["PageDistribution"].contains(&format!("HeaderValue: {secret}")));
    let functions: BTreeSet<&str> = ROUTES.iter().map(|route| route.function).collect();
    for function in functions {
        let setting = format!("SLUICE_ORIGIN_SECRET: !If\n            - WithPage\n            - {secret}");
        let knows = resources[&format!("{}Function", pascal_case(function))].contains(&setting);
        assert_eq!(knows, function != "bridge-events", "{function}: stores call the webhook directly");
    }
}

#[test]
fn the_distribution_forwards_every_route_to_the_api() {
    let template = template();
    let behaviours = template.lines().filter_map(|line| line.trim().strip_prefix("- PathPattern: \"/"));
    let forwarded: BTreeSet<&str> = behaviours.filter_map(|pattern| pattern.strip_suffix("*\"")).collect();
    let agreed = ROUTES.iter().filter_map(|route| route.path.split('/').nth(1));
    assert_eq!(forwarded, agreed.collect());
}

#[test]
fn the_page_has_one_security_policy_wherever_it_is_served() {
    let template = template();
    let policies = template.split("default-src 'none'").skip(1);
    let policies: Vec<Vec<&str>> = policies
        .filter_map(|policy| policy.split_once("frame-ancestors 'none'"))
        .map(|(policy, _)| policy.split_whitespace().collect())
        .collect();
    assert_eq!(policies.len(), 2, "the distribution's and the output");
    assert_eq!(policies[0], policies[1]);
}
