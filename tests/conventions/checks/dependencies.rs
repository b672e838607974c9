//! Crates depend one way, as `docs/ARCHITECTURE.md` draws it. `deny.toml` says who may use the AWS SDKs.

use crate::tree;

#[test]
fn only_functions_and_tests_know_lambda_and_nothing_depends_on_a_function() {
    let mut wrong = Vec::new();
    for folder in ["clients", "crates", "functions", "infra", "localstack"] {
        for manifest in tree::files(folder, &["toml"]).iter().filter(|path| path.ends_with("Cargo.toml")) {
            let name = tree::name(manifest);
            let may_know_lambda = name.starts_with("functions/") || name.starts_with("crates/lambda/");
            for dependency in dependencies(&tree::read(manifest)) {
                let knows_lambda = ["sluice-lambda", "lambda_runtime", "lambda_http"]
                    .iter()
                    .any(|lambda| dependency.starts_with(lambda));
                if dependency.contains("functions/") || (knows_lambda && !may_know_lambda) {
                    wrong.push(format!("{name}: {dependency}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "not allowed:\n{}", wrong.join("\n"));
}

/// The lines of `[dependencies]`, without those of other tables.
fn dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    let lines = manifest.lines().skip_while(|line| line.trim() != "[dependencies]").skip(1);
    lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.trim().is_empty())
}
