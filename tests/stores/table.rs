//! Compares the observations with the table in `docs/stores/behaviours.md`.

use std::fmt::Write as _;
use std::path::Path;

use crate::behaviours::all_sections;
use crate::findings::{StoreFindings, failures, findings};

const TITLE: &str = "\
# What stores do

Made by `UPDATE_EXPECTED=1 cargo test -p sluice-tests --test stores`; the same test fails where a
store behaves otherwise. Each behaviour was tried on a store on the same machine, over plain HTTP,
through the code that the functions use.

| word | meaning |
|---|---|
| yes | it works |
| ignored | the store took the request and did not look at the condition |
| stored | it kept a body that is not what was signed |
| any other | the store's error code or status, or the error's kind in Sluice |

[README.md](README.md) says what follows. No column is Amazon S3, Alibaba Cloud OSS or a MinIO
release: the first is an emulator, the last a double that enforces OSS's documented rules, and the
MinIO-derived gateway has MinIO's code of 2021.
";

/// Renders the table as Markdown.
fn render(stores: &[StoreFindings]) -> String {
    let mut text = TITLE.to_owned();
    for section in all_sections() {
        let labels: Vec<_> = stores.iter().map(|store| store.label.as_str()).collect();
        let line = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
        let _ = write!(text, "\n## {}\n\n", section.name);
        text += &line(&[&["behaviour"], &labels[..]].concat());
        text += &line(&vec!["---"; labels.len() + 1]);
        for behaviour in section.behaviours {
            let words =
                stores.iter().map(|store| store.observations[&(section.name, behaviour.name)].as_str());
            text += &line(&[behaviour.name].into_iter().chain(words).collect::<Vec<_>>());
        }
    }
    text
}

/// The lines that differ from the file.
fn differences(expected: &str, found: &str) -> Vec<String> {
    let mut expected = expected.lines();
    let pairs = found.lines().map(|found| (expected.next().unwrap_or("nothing"), found));
    let differ = pairs.filter(|(expected, found)| expected != found);
    differ.map(|(expected, found)| format!("expected {expected}\n   found {found}")).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the tests' own setting, read here only")]
fn stores_do_what_the_table_says() {
    assert_eq!(failures(), Vec::<String>::new(), "every behaviour can be observed");
    let found = render(findings());
    println!("{found}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/stores/behaviours.md");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, &found).expect("it can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).expect("docs/stores/behaviours.md");
    let differences = differences(&expected, &found).join("\n");
    assert!(expected == found, "docs/stores/behaviours.md is not what the stores do:\n{differences}");
}
