//! Shows the reports of the operator's command as snapshots compare them.

use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// What differs from run to run, and what a snapshot shows instead: ids, MD5 sums, and the clock skew.
static VARYING: LazyLock<[(Regex, &str); 2]> = LazyLock::new(|| {
    [(r"\b[0-9A-Fa-f]{16}(?:[0-9A-Fa-f]{16})?\b", "[id]"), (r"-?\b\d+ s\b", "[seconds] s")]
        .map(|(pattern, shown)| (Regex::new(pattern).expect("a pattern"), shown))
});

/// The lines of `--json` output.
pub fn of_lines<'a>(lines: impl IntoIterator<Item = &'a Value>) -> String {
    let lines: Vec<String> = lines.into_iter().map(Value::to_string).collect();
    of_text(&lines.join("\n"))
}

/// The output for people.
pub fn of_text(text: &str) -> String {
    VARYING.iter().fold(text.to_owned(), |text, (varying, shown)| varying.replace_all(&text, *shown).into())
}
