//! Compares the checked-in documents with those that the types make.

use serde_json::Value;
use sluice_contracts::openapi;
use sluice_contracts::problem::Code;
use sluice_contracts::route::ROUTES;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A path in the repository.
fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Compares `document` with the checked-in file, or writes the file when `UPDATE_EXPECTED` is set.
#[expect(clippy::disallowed_methods, reason = "a switch of the test run, not configuration")]
fn expect_current(path: &str, mut document: Value) {
    // Another crate of the build may turn on serde_json's `preserve_order`.
    document.sort_all_objects();
    let text = serde_json::to_string_pretty(&document).expect("serializable") + "\n";
    let file = repository(path);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&file, &text).expect("writable");
    }
    let checked_in = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        checked_in.replace("\r\n", "\n") == text,
        "{path} is out of date: run `UPDATE_EXPECTED=1 cargo test -p sluice-contracts` and review the change"
    );
}

#[test]
fn the_openapi_document_is_current() {
    expect_current("docs/openapi.json", openapi::document());
}

#[test]
fn the_event_schemas_are_current() {
    let mut names = BTreeSet::new();
    for (name, schema) in openapi::events::schemas() {
        expect_current(&format!("events/schemas/{name}"), schema);
        names.insert(name.to_owned());
    }
    let folder = std::fs::read_dir(repository("events/schemas")).expect("the folder of schemas");
    let found = folder.map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"));
    assert_eq!(found.collect::<BTreeSet<_>>(), names, "a schema of no event");
}

#[test]
fn the_guide_has_every_call_and_every_code() {
    let guide = std::fs::read_to_string(repository("docs/API.md")).expect("the guide");
    for route in ROUTES {
        let heading = format!("#### `{} {}`\n", route.method, route.path);
        assert!(guide.contains(&heading), "no {heading}");
    }
    for code in Code::ALL {
        let row = format!("| {} | `{}` |", code.status(), code.as_str());
        assert!(guide.contains(&row), "no {row}");
    }
}
