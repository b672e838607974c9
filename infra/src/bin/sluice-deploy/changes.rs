//! Reads change sets and shows people what a deployment would do.

use std::collections::BTreeSet;
use std::fmt;

use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{
    ChangeAction, ChangeSetStatus, Replacement, ResourceChange, ResourceTargetDefinition,
};

use crate::aws::{Aws, Refused, refused};
use crate::poll::PollInterval;
use crate::target::Outcome;

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
    fn of(change: &ResourceChange) -> Self {
        let kind = match (change.action(), change.replacement()) {
            (Some(ChangeAction::Add), _) => Kind::Add,
            (Some(ChangeAction::Import), _) => Kind::Import,
            (Some(ChangeAction::Remove), _) => Kind::Remove,
            (_, Some(Replacement::True)) => Kind::Replace,
            (_, Some(Replacement::Conditional)) => Kind::MayReplace,
            _ => Kind::Change,
        };
        let property = |target: &ResourceTargetDefinition| match (target.name(), target.attribute()) {
            (Some(name), _) if !name.is_empty() => name.to_owned(),
            (_, attribute) => attribute.map_or_else(String::new, ToString::to_string),
        };
        Self {
            kind,
            resource_type: change.resource_type().unwrap_or_default().to_owned(),
            logical_id: change.logical_resource_id().unwrap_or_default().to_owned(),
            properties: change.details().iter().filter_map(|detail| detail.target().map(property)).collect(),
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
    fn of<'c>(changes: impl Iterator<Item = &'c ResourceChange>) -> Self {
        let mut changes: Vec<Change> = changes.map(Change::of).collect();
        changes.sort();
        Self(changes)
    }

    /// Whether tables or buckets with data are imported.
    pub(crate) fn import_data(&self) -> bool {
        self.0.iter().any(|change| change.kind == Kind::Import)
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
pub(crate) async fn wait(aws: &Aws, change_set_id: &str) -> Outcome<Option<Changes>> {
    let mut interval = PollInterval::new();
    loop {
        let pages = describe(aws, change_set_id).await?;
        let (status, reason) = pages
            .first()
            .map(|page| (page.status(), page.status_reason().unwrap_or_default()))
            .unwrap_or_default();
        match status {
            Some(ChangeSetStatus::CreateComplete) => {
                let changes = pages.iter().flat_map(DescribeChangeSetOutput::changes);
                return Ok(Some(Changes::of(changes.filter_map(|change| change.resource_change()))));
            }
            Some(ChangeSetStatus::Failed) => {
                if reason.contains("didn't contain changes") || reason.contains("No updates") {
                    return Ok(None);
                }
                return Err(format!("these changes are not possible: {reason}").into());
            }
            _ => interval.wait().await,
        }
    }
}

/// Every page of the description.
async fn describe(aws: &Aws, change_set_id: &str) -> Result<Vec<DescribeChangeSetOutput>, Refused> {
    let describe = aws.cloudformation.describe_change_set().change_set_name(change_set_id);
    let pages = describe.into_paginator().send().try_collect().await;
    pages.map_err(refused("cloudformation describe-change-set"))
}

#[cfg(test)]
mod tests {
    use super::Changes;
    use aws_sdk_cloudformation::types::{
        ChangeAction, Replacement, ResourceChange, ResourceChangeDetail, ResourceTargetDefinition,
    };

    fn change(action: ChangeAction, id: &str, kind: &str, property: &str) -> ResourceChange {
        let target = ResourceTargetDefinition::builder().name(property).build();
        let detail = ResourceChangeDetail::builder().target(target).build();
        let replacement = match property {
            "KeySchema" => Replacement::True,
            _ => Replacement::False,
        };
        ResourceChange::builder()
            .action(action)
            .logical_resource_id(id)
            .resource_type(kind)
            .replacement(replacement)
            .details(detail)
            .build()
    }

    #[test]
    fn the_most_severe_change_comes_first() {
        let changes = [
            change(ChangeAction::Modify, "AccountsFunction", "AWS::Lambda::Function", "Code"),
            change(ChangeAction::Modify, "FilesTable", "AWS::DynamoDB::Table", "KeySchema"),
            change(ChangeAction::Add, "New", "AWS::SQS::Queue", "QueueName"),
        ];
        let changes = Changes::of(changes.iter());
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
