//! No modules import one another in a circle.

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use crate::rust_modules::Crate;
use crate::{tree, typescript_modules};

/// The crates whose modules are checked: what ships, and what runs it locally.
const RUST: [&str; 5] = ["crates", "functions", "clients", "infra", "localstack"];
const TYPESCRIPT: [&str; 3] =
    ["clients/browser/sdk/src", "clients/browser/page/src", "clients/browser/uppy/src"];

/// The circles of a graph, a line each.
pub fn circles(edges: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let edges: Vec<(String, String)> = edges.into_iter().filter(|(from, to)| from != to).collect();
    let mut graph = DiGraphMap::<&str, ()>::new();
    for (from, to) in &edges {
        graph.add_edge(from.as_str(), to.as_str(), ());
    }
    let components = tarjan_scc(&graph).into_iter().filter(|modules| modules.len() > 1);
    let mut circles: Vec<String> = components
        .map(|mut modules| {
            modules.sort_unstable();
            let within = |(from, to): &&(String, String)| {
                modules.contains(&from.as_str()) && modules.contains(&to.as_str())
            };
            let mut arrows: Vec<String> =
                edges.iter().filter(within).map(|(from, to)| format!("{from} -> {to}")).collect();
            arrows.sort();
            arrows.dedup();
            arrows.join(", ")
        })
        .collect();
    circles.sort();
    circles
}

#[test]
fn no_rust_modules_import_one_another_in_a_circle() {
    let mut found = Vec::new();
    for folder in RUST {
        for path in tree::files(folder, &["rs"]) {
            let is_root = path.ends_with("src/lib.rs") || path.ends_with("src/main.rs");
            if is_root || (path.ends_with("main.rs") && path.iter().any(|part| part == "bin")) {
                let circles = circles(Crate::read(&path).edges());
                found.extend(circles.into_iter().map(|circle| format!("{}: {circle}", tree::name(&path))));
            }
        }
    }
    assert!(found.is_empty(), "circles of modules:\n{}", found.join("\n"));
}

#[test]
fn no_typescript_modules_import_one_another_in_a_circle() {
    let edges = TYPESCRIPT.into_iter().flat_map(typescript_modules::edges);
    let found = circles(edges);
    assert!(found.is_empty(), "circles of modules:\n{}", found.join("\n"));
}

#[test]
fn a_circle_is_found_and_a_chain_is_none() {
    let edge = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let chain = [edge("a", "b"), edge("b", "c"), edge("a", "c"), edge("a", "a")];
    assert_eq!(circles(chain.clone()), Vec::<String>::new());
    let with_circle = chain.into_iter().chain([edge("c", "b")]);
    assert_eq!(circles(with_circle), ["b -> c, c -> b"]);
}
