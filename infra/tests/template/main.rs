//! Checks the template, and that functions, parts, documents and events agree with it.

mod cors;
mod documents;
mod examples;
mod lint;
mod parts;
mod recursion;
mod routes;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn workspace_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn template() -> String {
    sluice_infra::template::assemble(&workspace_dir()).expect("a template")
}

fn document(path: &str) -> String {
    fs::read_to_string(workspace_dir().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn functions() -> BTreeSet<String> {
    sluice_infra::function_names(&workspace_dir()).expect("functions").into_iter().collect()
}

/// The entries of a section: each name with its lines.
fn section(template: &str, name: &str) -> BTreeMap<String, String> {
    let begin = format!("{name}:");
    let lines = template.lines().skip_while(|line| *line != begin).skip(1);
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut current = None;
    for line in lines.take_while(|line| line.is_empty() || line.starts_with(' ')) {
        if let Some(rest) = line.strip_prefix("  ").filter(|rest| rest.starts_with(char::is_alphabetic)) {
            current = rest.split(':').next().map(str::to_owned);
        }
        if let Some(name) = &current {
            let text = found.entry(name.clone()).or_default();
            text.push_str(line);
            text.push('\n');
        }
    }
    found
}

fn of_type(template: &str, resource_type: &str) -> BTreeSet<String> {
    let is = format!("    Type: {resource_type}\n");
    let resources = section(template, "Resources").into_iter().filter(|(_, text)| text.contains(&is));
    resources.map(|(name, _)| name).collect()
}

/// Converts `init-upload` to `InitUpload`.
fn pascal_case(name: &str) -> String {
    let capitalise = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capitalise).collect()
}

/// Converts `RetiredObjects` to `retired-objects`.
fn kebab_case(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// The cells of the Markdown table that has this first heading, row by row.
fn table(document: &str, heading: &str) -> Vec<Vec<String>> {
    let begin = format!("| {heading} |");
    let rows = document.lines().skip_while(|line| !line.starts_with(&begin)).skip(2);
    let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.take_while(|line| line.starts_with('|')).map(cells).collect()
}

/// The texts between backticks.
fn code(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
