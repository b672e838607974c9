//! Words that the glossary rules out do not come back.

use regex::{Regex, RegexBuilder};

use crate::tree;

const GLOSSARY: &str = "docs/GLOSSARY.md";

/// Files that are not ours to word, or that tell of the past.
const LEFT_OUT: [&str; 4] =
    [GLOSSARY, "CHANGELOG.md", "tests/conventions/checks/words.rs", "clients/browser/sdk/src/api/schema.ts"];

#[test]
fn no_word_that_the_glossary_rules_out_comes_back() {
    let words = ruled_out(&tree::read(&tree::root().join(GLOSSARY)));
    assert!(words.len() >= 10, "the glossary rules out {} words only", words.len());
    let mut found = Vec::new();
    for file in tree::files("", &["rs", "ts", "tsx", "md", "yaml", "py", "toml", "css", "html"]) {
        let name = tree::name(&file);
        if LEFT_OUT.contains(&&*name) {
            continue;
        }
        for (number, line) in (1..).zip(tree::read(&file).lines()) {
            let spoken = spoken(line);
            let hits = words.iter().filter(|(_, pattern)| pattern.is_match(&spoken));
            found.extend(hits.map(|(word, _)| format!("{name}:{number}: {word}")));
        }
    }
    assert!(found.is_empty(), "{} words that {GLOSSARY} rules out:\n{}", found.len(), found.join("\n"));
}

/// The words in backticks of the glossary's last column, each with the pattern that finds it and what is
/// derived from it.
fn ruled_out(glossary: &str) -> Vec<(String, Regex)> {
    let rows = glossary.lines().filter(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.trim_end().strip_suffix('|')?.rsplit('|').next());
    let words = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    words
        .map(|word| {
            let stem = regex::escape(word.trim_end_matches('…'));
            let end = if word.ends_with('…') { "" } else { r"\b" };
            let pattern = RegexBuilder::new(&format!(r"\b{stem}{end}")).case_insensitive(true).build();
            (word.to_owned(), pattern.expect("a pattern"))
        })
        .collect()
}

/// A line with its identifiers taken apart: `settleAll` and `settle_all` are `settle all`.
fn spoken(line: &str) -> String {
    let line = line.replace("Promise.allSettled", "");
    let mut spoken = String::with_capacity(line.len() + 16);
    let mut before = ' ';
    for c in line.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            spoken.push(' ');
        }
        spoken.push(if c == '_' { ' ' } else { c });
        before = c;
    }
    spoken
}

#[test]
fn a_word_is_found_in_identifiers_and_in_its_forms() {
    let words = ruled_out("| finish | end | `settl…`, `work off` |\n| blob | bytes | `a content` |");
    assert_eq!(words.len(), 3);
    let is_hit = |line: &str| words.iter().any(|(_, pattern)| pattern.is_match(&spoken(line)));
    for hit in ["fn settle_all()", "isSettled", "Settlement", "work_off(app)", "It is a content."] {
        assert!(is_hit(hit), "{hit}");
    }
    for miss in ["resettled", "a content type".replace("a content", "the content").as_str(), "workoff"] {
        assert!(!is_hit(miss), "{miss}");
    }
}
