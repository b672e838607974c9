//! Crates depend one way, as `docs/ARCHITECTURE.md` draws it. `deny.toml` says who may use the AWS SDKs.

use std::collections::BTreeSet;
use std::process::Command;

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

/// The functions that the tests deploy are built without what only tests depend on. If that enables another
/// feature of a library, the library and all that use it are compiled twice: the AWS SDKs alone take minutes.
#[test]
fn tests_and_functions_share_the_compiled_libraries() {
    let tests = libraries(&["--workspace", "--edges", "normal,build,dev"]);
    let functions = libraries(&["--edges", "normal,build"]);
    let twice: Vec<_> = functions.difference(&tests).map(String::as_str).collect();
    assert!(
        twice.is_empty(),
        "a test enables other features of these; name what enables them in [dependencies] of tests/Cargo.toml:\n{}",
        twice.join("\n")
    );
}

/// The libraries of other projects, each with its features.
fn libraries(options: &[&str]) -> BTreeSet<String> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(tree::root()).args(["tree", "--locked", "--prefix", "none", "--format", "{p} {f}"]);
    let output = command.args(options).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let of_others = lines.lines().filter(|line| !line.contains(" (/"));
    of_others.map(|line| line.trim_end_matches(" (*)").trim_end().to_owned()).collect()
}
