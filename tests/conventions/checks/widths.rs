//! Lines are as wide as `CONTRIBUTING.md` says, and files as long.

use crate::tree;

const CODE_COLUMNS: usize = 110;
const PROSE_COLUMNS: usize = 100;
const FILE_LINES: usize = 400;

/// Files that tools write.
const GENERATED: [&str; 1] = ["clients/browser/sdk/src/api/schema.ts"];

#[test]
fn comments_are_no_wider_and_files_no_longer_than_agreed() {
    let mut wrong = Vec::new();
    for file in tree::files("", &["rs", "ts", "tsx"]) {
        let name = tree::name(&file);
        if GENERATED.contains(&&*name) {
            continue;
        }
        let text = tree::read(&file);
        for (number, line) in (1..).zip(text.lines()) {
            // The formatters hold the width of code, and leave comments and texts alone.
            if is_comment(line) && line.chars().count() > CODE_COLUMNS && !has_long_word(line, CODE_COLUMNS) {
                wrong.push(format!("{name}:{number}: {} columns", line.chars().count()));
            }
        }
        let lines = text.lines().count();
        if lines > FILE_LINES {
            wrong.push(format!("{name}: {lines} lines"));
        }
    }
    assert!(wrong.is_empty(), "over {CODE_COLUMNS} columns or {FILE_LINES} lines:\n{}", wrong.join("\n"));
}

#[test]
fn prose_is_no_wider_than_agreed() {
    let mut wrong = Vec::new();
    for file in tree::files("", &["md"]) {
        let mut in_code = false;
        for (number, line) in (1..).zip(tree::read(&file).lines()) {
            if line.trim_start().starts_with("```") {
                in_code = !in_code;
            }
            let is_table = line.trim_start().starts_with('|');
            let columns = line.chars().count();
            if columns > PROSE_COLUMNS && !in_code && !is_table && !has_long_word(line, PROSE_COLUMNS) {
                wrong.push(format!("{}:{number}: {columns} columns", tree::name(&file)));
            }
        }
    }
    assert!(wrong.is_empty(), "over {PROSE_COLUMNS} columns:\n{}", wrong.join("\n"));
}

fn is_comment(line: &str) -> bool {
    ["//", "/*", "* "].iter().any(|mark| line.trim_start().starts_with(mark))
}

/// Whether the line cannot be broken: one word of it, such as a link, reaches over the edge from near its
/// beginning.
fn has_long_word(line: &str, columns: usize) -> bool {
    line.split_whitespace().any(|word| word.chars().count() > columns / 2)
}
