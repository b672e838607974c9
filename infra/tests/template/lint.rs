//! Checks the template with cfn-lint, which must give no warning.

use sluice_localstack::python::ensure_environment;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

use crate::{template, workspace_dir};

fn lint(template: &Path) {
    let requirements = workspace_dir().join("infra/requirements.txt");
    let root = workspace_dir().join("target/venv");
    let python = ensure_environment(&requirements, &root, |_| {}).expect("an environment");
    let cfn_lint = python.with_file_name("cfn-lint");
    let output = Command::new(cfn_lint).args(["--non-zero-exit-code", "warning"]).arg(template).output();
    let output = output.expect("cfn-lint runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_template_passes_cfn_lint() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("template.yaml");
    fs::write(&path, template()).expect("written");
    lint(&path);
}

#[test]
fn the_example_templates_pass_cfn_lint() {
    for example in ["deploy-role", "web-acl"] {
        lint(&workspace_dir().join(format!("infra/examples/{example}.yaml")));
    }
}
