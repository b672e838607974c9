//! The template deploys the calls that the contracts name, each to its own function, and no others.

use sluice_contracts::route::ROUTES;
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

/// `init-upload` as the template writes it.
fn pascal_case(name: &str) -> String {
    let capitalise = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capitalise).collect()
}
