//! Reads change sets and shows people what a deployment would do.

use std::collections::BTreeSet;
use std::fmt;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::aws::{Aws, items, text};
use crate::target::Outcome;

const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Types of resources that hold data which cannot be recreated.
const HOLDING_DATA: [&str; 2] = ["AWS::DynamoDB::Table", "AWS::S3::Bucket"];

/// What happens to a resource, the most severe first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Replace,
    Remove,
    /// `CloudFormation` decides only when it executes the change.
    MayReplace,
    Change,
    Import,
    Add,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Replace => "! replace",
            Self::Remove => "- remove ",
            Self::MayReplace => "? replace",
            Self::Change => "~ change ",
            Self::Import => "^ import ",
            Self::Add => "+ add    ",
        })
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    kind: Kind,
    resource_type: String,
    logical_id: String,
    /// The properties that change.
    properties: BTreeSet<String>,
}

impl Change {
    fn of(change: &Value) -> Self {
        let change = &change["ResourceChange"];
        let kind = match (text(&change["Action"]), text(&change["Replacement"])) {
            ("Add", _) => Kind::Add,
            ("Import", _) => Kind::Import,
            ("Remove", _) => Kind::Remove,
            (_, "True") => Kind::Replace,
            (_, "Conditional") => Kind::MayReplace,
            _ => Kind::Change,
        };
        let targets = items(&change["Details"]).iter().map(|detail| &detail["Target"]);
        let property = |target: &Value| match text(&target["Name"]) {
            "" => text(&target["Attribute"]).to_owned(),
            name => name.to_owned(),
        };
        Self {
            kind,
            resource_type: text(&change["ResourceType"]).to_owned(),
            logical_id: text(&change["LogicalResourceId"]).to_owned(),
            properties: targets.map(property).collect(),
        }
    }

    fn endangers_data(&self) -> bool {
        let leaves = matches!(self.kind, Kind::Replace | Kind::Remove | Kind::MayReplace);
        leaves && HOLDING_DATA.contains(&&*self.resource_type)
    }
}

/// The changes of a change set, displayed with a summary and warnings about data.
pub(crate) struct Changes(Vec<Change>);

impl Changes {
    fn of(change_set: &Value) -> Self {
        let mut changes: Vec<Change> = items(&change_set["Changes"]).iter().map(Change::of).collect();
        changes.sort();
        Self(changes)
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.0 {
            let properties: Vec<&str> = change.properties.iter().map(String::as_str).collect();
            let line = format!(
                "  {} {:<30} {:<36} {}",
                change.kind,
                change.logical_id,
                change.resource_type,
                properties.join(", ")
            );
            writeln!(formatter, "{}", line.trim_end())?;
        }
        let count = |kind: &Kind| self.0.iter().filter(|change| change.kind == *kind).count();
        let [added, imported, changed, unknown, replaced, removed] =
            [Kind::Add, Kind::Import, Kind::Change, Kind::MayReplace, Kind::Replace, Kind::Remove]
                .map(|kind| count(&kind));
        writeln!(
            formatter,
            "{added} to add, {imported} to import, {changed} to change, {unknown} to change or replace, \
             {replaced} to replace, {removed} to remove"
        )?;
        for change in self.0.iter().filter(|change| change.endangers_data()) {
            writeln!(formatter, "WARNING: {} holds data and may be removed or replaced", change.logical_id)?;
        }
        Ok(())
    }
}

/// Waits until the change set is created and reads it. Returns `None` if nothing would change.
pub(crate) fn wait(aws: &Aws, change_set_id: &str) -> Outcome<Option<Changes>> {
    let describe = ["cloudformation", "describe-change-set", "--change-set-name", change_set_id];
    loop {
        let described = aws.json(&describe)?;
        let reason = text(&described["StatusReason"]);
        match text(&described["Status"]) {
            "CREATE_COMPLETE" => return Ok(Some(Changes::of(&described))),
            "FAILED" if reason.contains("didn't contain changes") || reason.contains("No updates") => {
                return Ok(None);
            }
            "FAILED" => return Err(format!("these changes are not possible: {reason}").into()),
            _ => sleep(POLL_INTERVAL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Changes;
    use serde_json::json;

    #[test]
    fn the_most_severe_change_comes_first() {
        let change = |action: &str, id: &str, kind: &str, replacement: &str, property: &str| {
            json!({ "Type": "Resource", "ResourceChange": {
                "Action": action, "LogicalResourceId": id, "ResourceType": kind, "Replacement": replacement,
                "Details": [{ "Target": { "Attribute": "Properties", "Name": property } }],
            } })
        };
        let changes = Changes::of(&json!({ "Changes": [
            change("Modify", "AccountsFunction", "AWS::Lambda::Function", "False", "Code"),
            change("Modify", "FilesTable", "AWS::DynamoDB::Table", "True", "KeySchema"),
            change("Add", "New", "AWS::SQS::Queue", "", "QueueName"),
        ] }));
        let shown = changes.to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert!(
            lines[0].starts_with("  ! replace FilesTable ") && lines[0].ends_with(" KeySchema"),
            "{shown}"
        );
        assert!(
            lines[1].starts_with("  ~ change  AccountsFunction ") && lines[1].ends_with(" Code"),
            "{shown}"
        );
        assert!(
            lines[2].starts_with("  + add     New ") && lines[2].contains(" AWS::SQS::Queue "),
            "{shown}"
        );
        let sum = "1 to add, 0 to import, 1 to change, 0 to change or replace, 1 to replace, 0 to remove";
        assert_eq!(lines[3], sum);
        assert_eq!(lines[4], "WARNING: FilesTable holds data and may be removed or replaced");
    }
}
