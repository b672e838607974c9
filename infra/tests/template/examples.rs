//! Checks the example of a deployment by GitHub Actions.

use std::collections::BTreeSet;

use crate::{document, section, template};

const WORKFLOW: &str = "infra/examples/github-actions.yaml";
const ROLES: &str = "infra/examples/deploy-role.yaml";

/// The lines of a job of the workflow.
fn job(name: &str) -> String {
    section(&document(WORKFLOW), "jobs")[name].clone()
}

/// The actions of all statements, such as `s3:GetObject`.
fn actions(text: &str) -> BTreeSet<&str> {
    let statements =
        text.split("- Sid: ").skip(1).filter_map(|statement| statement.split("Resource:").next());
    let lists = statements.filter_map(|statement| statement.split("Action:").nth(1));
    let words = lists.flat_map(|list| list.split([' ', ',', '[', ']', '\n']));
    words.filter(|word| word.contains(':')).collect()
}

#[test]
fn actions_are_pinned_by_commit_and_packages_by_hash() {
    let workflow = document(WORKFLOW);
    let uses: Vec<&str> = workflow.lines().filter_map(|line| line.trim().strip_prefix("- uses: ")).collect();
    assert!(!uses.is_empty());
    for action in uses {
        let commit = action.split(['@', ' ']).nth(1).unwrap_or_default();
        let is_commit = commit.len() == 40 && commit.chars().all(|letter| letter.is_ascii_hexdigit());
        assert!(is_commit && action.contains(" # v"), "{action}");
    }
    for install in workflow.lines().filter(|line| line.contains("pip install")) {
        assert!(install.contains("--require-hashes"), "{install}");
    }
}

#[test]
fn the_job_with_credentials_runs_no_build() {
    let (build, deploy) = (job("build"), job("deploy"));
    assert!(!build.contains("id-token") && !build.contains("credentials@"), "{build}");
    assert!(deploy.contains("id-token: write"), "{deploy}");
    for tool in ["cargo", "make", "pip", "npm", "rustup"] {
        assert!(!deploy.lines().any(|line| line.contains(&format!("run: {tool}"))), "{tool}");
    }
    let credentials = deploy.find("configure-aws-credentials@").expect("credentials");
    let last_run = deploy.rfind("- run: ").expect("a step");
    let between = &deploy[credentials..last_run];
    assert!(!between.contains("- run: "), "credentials are fetched last: {between}");
}

#[test]
fn a_subject_with_and_without_ids_is_trusted() {
    let role = &section(&document(ROLES), "Resources")["DeployRole"];
    for subject in [
        "repo:${Owner}/${Name}:environment:${Environment}",
        "repo:${Owner}@${OwnerId}/${Name}@${RepositoryId}:environment:${Environment}",
    ] {
        assert!(role.contains(&format!("- !Sub \"{subject}\"")), "{subject}");
    }
}

#[test]
fn functions_get_a_boundary_that_allows_all_they_need() {
    let resources = section(&document(ROLES), "Resources");
    let boundary = actions(&resources["FunctionBoundary"]);
    let allowed = |action: &str| {
        boundary.iter().any(|pattern| match pattern.split_once('*') {
            Some((start, end)) => action.starts_with(start) && action.ends_with(end),
            None => action == *pattern,
        })
    };
    let of_template = section(&template(), "Resources");
    let granting = of_template.iter().filter(|(name, _)| name.ends_with("Role") || name.ends_with("Policy"));
    let granted = granting.filter(|(_, text)| text.contains("    Type: AWS::IAM::"));
    for (name, text) in granted {
        for action in actions(text) {
            assert!(allowed(action), "{name}: {action}");
        }
    }
    let stack_role = &resources["StackRole"];
    assert!(stack_role.contains("\"iam:PermissionsBoundary\": !Ref FunctionBoundary"), "{stack_role}");
}
