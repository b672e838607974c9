//! Compares the documents with the template.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::{
    code, document, functions, kebab_case, of_type, pascal_case, section, table, template, workspace_dir,
};

#[test]
fn the_documents_list_every_function() {
    for path in ["docs/ARCHITECTURE.md", "infra/README.md"] {
        let rows = table(&document(path), "function");
        let listed: BTreeSet<String> = rows.iter().map(|row| row[1].trim_matches('`').to_owned()).collect();
        assert_eq!(listed, functions(), "{path}");
    }
}

#[test]
fn the_rights_of_the_readme_are_those_of_the_roles() {
    let resources = section(&template(), "Resources");
    for row in table(&document("infra/README.md"), "function") {
        let function = &row[1];
        let rights = row[2..].join(" ");
        let role = &resources[&format!("{}Role", pascal_case(function))];
        let mentioned: BTreeSet<&str> = rights.split([' ', ',', ':', ';', '(', ')']).collect();
        for table in resources.keys().filter_map(|name| name.strip_suffix("Table")) {
            let granted = role.contains(&format!("!GetAtt {table}Table.Arn"));
            assert_eq!(mentioned.contains(&*kebab_case(table)), granted, "{function}, table {table}");
        }
        for bucket in ["Landing", "Vault", "Cache"] {
            let prefix = |line: &str| {
                let rest = line.split(&format!("${{{bucket}Bucket.Arn}}/")).nth(1)?;
                Some(format!("{}/*", rest.split('/').next()?))
            };
            let granted: BTreeSet<String> = role.split("!Sub").filter_map(prefix).collect();
            let clauses =
                rights.split("; ").filter(|clause| clause.contains(&format!("{} `", bucket.to_lowercase())));
            let documented: BTreeSet<String> = clauses.flat_map(code).collect();
            assert_eq!(documented, granted, "{function}, bucket {bucket}");
        }
        for queue in ["Landing", "Materialize", "Compress", "Migrate"] {
            let granted = role.contains(&format!("!GetAtt {queue}Queue.Arn"));
            let documented =
                row[5].split("; ").any(|clause| clause.starts_with(&format!("{}:", queue.to_lowercase())));
            assert_eq!(documented, granted, "{function}, queue {queue}");
        }
    }
}

/// The emulator does not support `dynamodb:LeadingKeys` and grants what is conditional on it, so no story can
/// test this.
#[test]
fn movers_of_packs_and_readers_write_no_quota_to_accounts() {
    let resources = section(&template(), "Resources");
    for function in ["CompressPack", "MigratePack", "ReadContent"] {
        let role = &resources[&format!("{function}Role")];
        let statements = role.split("- Sid: ").filter(|statement| statement.contains("AccountsTable.Arn"));
        let statements: Vec<&str> = statements.collect();
        assert_eq!(statements.len(), 1, "{function}");
        let lines: Vec<&str> = statements[0].lines().map(str::trim).collect();
        let condition = r##"Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["#*"] } }"##;
        assert!(
            lines.contains(&"Action: [dynamodb:UpdateItem]") && lines.contains(&condition),
            "{function}: {lines:?}"
        );
    }
}

#[test]
fn the_readme_lists_every_parameter_with_its_default() {
    let parameters = section(&template(), "Parameters");
    let mut documented = BTreeSet::new();
    for row in table(&document("infra/README.md"), "parameter") {
        let names = code(&row[1]);
        let defaults = &row[2];
        let defaults: Vec<&str> = match names.len() {
            1 => vec![defaults],
            _ => defaults.split(", ").collect(),
        };
        for (name, default) in names.iter().zip(defaults.iter().chain(std::iter::repeat(&""))) {
            let parameter = parameters.get(name).unwrap_or_else(|| panic!("there is no parameter {name}"));
            let value =
                parameter.lines().find_map(|line| line.trim().strip_prefix("Default: ")).unwrap_or_default();
            assert_eq!(value.trim_matches('"'), *default, "{name}");
            documented.insert(name.clone());
        }
    }
    assert_eq!(documented, parameters.into_keys().collect());
}

#[test]
fn operations_lists_every_alarm() {
    let rows = table(&document("docs/OPERATIONS.md"), "alarm");
    let alarms: BTreeSet<String> = rows.iter().flat_map(|row| code(&row[1])).collect();
    assert_eq!(alarms, of_type(&template(), "AWS::CloudWatch::Alarm"));
}

#[test]
fn every_metric_is_on_the_dashboard_and_in_operations() {
    let between = |text: &str, begin: &str| -> BTreeSet<String> {
        let rest = text.split(begin).skip(1);
        rest.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    };
    let mut written = BTreeSet::new();
    for source in
        sources(&workspace_dir().join("functions")).chain(sources(&workspace_dir().join("crates/lambda")))
    {
        // Its own tests may make up metrics.
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        for kind in ["count", "bytes", "duration"] {
            written.extend(between(source, &format!("Metric::{kind}(\"")));
        }
    }
    assert!(!written.is_empty());
    let dashboard = &section(&template(), "Resources")["Dashboard"];
    assert_eq!(between(dashboard, "[\"Sluice\", \""), written, "the dashboard");
    let rows = table(&document("docs/OPERATIONS.md"), "metric");
    assert_eq!(
        rows.iter().flat_map(|row| code(&row[1])).collect::<BTreeSet<_>>(),
        written,
        "docs/OPERATIONS.md"
    );
}

fn sources(folder: &Path) -> impl Iterator<Item = String> {
    let mut folders = vec![folder.to_owned()];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                texts.push(fs::read_to_string(entry).expect("a source"));
            }
        }
    }
    texts.into_iter()
}

#[test]
fn senders_and_receivers_of_an_event_share_its_queue() {
    let resources = section(&template(), "Resources");
    let functions = functions();
    let named = |cell: &str| -> Vec<String> {
        let words = cell.split([' ', ',', ';']).map(str::to_owned);
        words.filter(|word| functions.contains(word)).collect()
    };
    let rows = table(&document("events/README.md"), "event");
    let mut documented = BTreeSet::new();
    for row in rows.iter().filter(|row| !row[3].contains("dead-letter")) {
        let queue = pascal_case(&row[3]);
        for receiver in named(&row[4]) {
            let source = &resources[&format!("{}EventSource", pascal_case(&receiver))];
            assert!(source.contains(&format!("!GetAtt {queue}Queue.Arn")), "{}: {receiver}", row[1]);
        }
        for sender in named(&row[2]) {
            let role = &resources[&format!("{}Role", pascal_case(&sender))];
            assert!(role.contains(&format!("!GetAtt {queue}Queue.Arn")), "{}: {sender}", row[1]);
        }
        documented.insert(queue);
    }
    let queues = resources.keys().filter_map(|name| name.strip_suffix("Queue"));
    assert_eq!(
        queues.filter(|name| !name.ends_with("DeadLetter")).map(str::to_owned).collect::<BTreeSet<_>>(),
        documented
    );
}

#[test]
fn the_example_stage_sets_only_parameters_that_exist() {
    let stage: serde_json::Value =
        serde_json::from_str(&document("infra/stages/example.json")).expect("JSON");
    let parameters = section(&template(), "Parameters");
    for name in stage["parameters"].as_object().expect("parameters").keys() {
        assert!(parameters.contains_key(name), "{name}");
    }
}
