//! Compares the table of settings in `docs/OPERATIONS.md` with the list in the code.

use sluice_deployment::{About, Absent, settings};
use std::path::Path;

const HEADING: &str = "| variable | value | if unset |\n|---|---|---|\n";

fn row(about: &About) -> String {
    let absent = match about.absent {
        Absent::Refused => "needed".to_owned(),
        Absent::Default(value) => format!("`{value}`"),
        Absent::Means(meaning) => meaning.to_owned(),
    };
    format!("| `{}` | {} | {absent} |\n", about.name, about.text)
}

/// Writes the table when `UPDATE_EXPECTED` is set.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test's own switch")]
fn operations_has_the_table_of_settings() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/OPERATIONS.md");
    let document = std::fs::read_to_string(&path).expect("a document");
    let (before, rest) = document.split_once(HEADING).expect("a table of settings");
    let length = rest.split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum();
    let (documented, after) = rest.split_at(length);
    let listed: String = settings::ALL.iter().map(|about| row(about)).collect();
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        return std::fs::write(path, format!("{before}{HEADING}{listed}{after}")).expect("written");
    }
    assert_eq!(documented, listed, "run `UPDATE_EXPECTED=1 cargo test -p sluice-deployment`, read the diff");
}
