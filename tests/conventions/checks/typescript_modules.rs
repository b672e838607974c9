//! Which TypeScript file imports which.

use regex::Regex;
use std::path::Path;

use crate::tree;

/// The imports between the files of a folder, of types too.
pub fn edges(folder: &str) -> Vec<(String, String)> {
    let import = Regex::new(r#"(?:from|import)\s*\(?\s*"(\.[^"]+)""#).expect("a pattern");
    let mut edges = Vec::new();
    for file in tree::files(folder, &["ts", "tsx"]) {
        let text = tree::read(&file);
        let parent = file.parent().expect("a folder");
        for found in import.captures_iter(&text) {
            if let Some(target) = resolve(parent, &found[1]) {
                edges.push((tree::name(&file), target));
            }
        }
    }
    edges
}

/// The source file that an import names; none for a style sheet.
fn resolve(parent: &Path, import: &str) -> Option<String> {
    let base = import.strip_suffix(".js").unwrap_or(import);
    ["ts", "tsx"]
        .into_iter()
        .map(|extension| parent.join(format!("{base}.{extension}")))
        .find_map(|path| path.canonicalize().ok())
        .map(|path| tree::name(&path))
}
