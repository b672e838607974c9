//! Prints a stack's events while it changes.

use std::collections::HashSet;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::aws::{Aws, items, text};
use crate::target::Outcome;

const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// More events than a stack of this size has in one interval.
const MAX_EVENTS: &str = "500";

/// Follows one operation of a stack.
pub(crate) struct Progress<'a> {
    aws: &'a Aws,
    stack_id: String,
    seen: HashSet<String>,
    /// The first failure, which caused the others.
    failure: Option<String>,
}

impl<'a> Progress<'a> {
    /// Must be called before the operation starts.
    pub(crate) fn new(aws: &'a Aws, stack_id: &str) -> Outcome<Self> {
        let mut progress = Self { aws, stack_id: stack_id.to_owned(), seen: HashSet::new(), failure: None };
        let earlier = progress.events()?;
        progress.seen.extend(earlier.iter().map(|event| text(&event["EventId"]).to_owned()));
        Ok(progress)
    }

    /// Prints events until the operation ends. It must end with one of the `successes`.
    pub(crate) fn follow(mut self, successes: &[&str]) -> Outcome {
        loop {
            let mut events = self.events()?;
            events.reverse();
            for event in &events {
                if self.seen.insert(text(&event["EventId"]).to_owned()) {
                    self.show(event);
                    if let Some(status) = self.end(event) {
                        return self.outcome(status, successes);
                    }
                }
            }
            sleep(POLL_INTERVAL);
        }
    }

    /// The stack's events, the latest first.
    fn events(&self) -> Outcome<Vec<Value>> {
        let describe = [
            "cloudformation",
            "describe-stack-events",
            "--stack-name",
            &self.stack_id,
            "--max-items",
            MAX_EVENTS,
        ];
        Ok(items(&self.aws.json(&describe)?["StackEvents"]).to_vec())
    }

    fn show(&mut self, event: &Value) {
        let status = text(&event["ResourceStatus"]);
        let resource = text(&event["LogicalResourceId"]);
        let reason = text(&event["ResourceStatusReason"]);
        if status.ends_with("_FAILED") {
            println!("  {status:<16} {resource}: {reason}");
            self.failure.get_or_insert_with(|| format!("{resource}: {reason}"));
        } else if status.ends_with("_COMPLETE") {
            println!("  {status:<16} {resource}");
        }
    }

    /// The status of the stack itself, if this event ends the operation.
    fn end<'e>(&self, event: &'e Value) -> Option<&'e str> {
        let status = text(&event["ResourceStatus"]);
        let of_stack = text(&event["PhysicalResourceId"]) == self.stack_id;
        // A stack is rolled back after a failure, and deleted after a creation that was rolled back.
        let goes_on = ["CREATE_FAILED", "UPDATE_FAILED", "ROLLBACK_COMPLETE"].contains(&status);
        (of_stack && !status.ends_with("_IN_PROGRESS") && !goes_on).then_some(status)
    }

    fn outcome(self, status: &str, successes: &[&str]) -> Outcome {
        if successes.contains(&status) {
            return Ok(());
        }
        let left = match status {
            "UPDATE_ROLLBACK_COMPLETE" => "the stack was rolled back",
            "DELETE_COMPLETE" => "the stack was deleted",
            status => status,
        };
        let mut failure = self.failure.clone().unwrap_or_else(|| "no reason was given".to_owned());
        if failure.contains("DescribeEvents") {
            failure = self.refusals().unwrap_or(failure);
        }
        Err(format!("failed at {failure}; {left}").into())
    }

    /// Why `CloudFormation` refused to start. The stack's own events do not say.
    fn refusals(&self) -> Option<String> {
        let describe = ["cloudformation", "describe-events", "--stack-name", &self.stack_id];
        let described = self.aws.json(&[&describe[..], &["--filters", "FailedEvents=true"]].concat()).ok()?;
        let events = items(&described["OperationEvents"]).iter();
        let refusals = events.filter_map(|event| {
            let (resource, reason) =
                (text(&event["LogicalResourceId"]), event["ValidationStatusReason"].as_str()?);
            Some(format!("{resource}: {reason}"))
        });
        Some(refusals.collect::<Vec<_>>().join("; ")).filter(|refusals| !refusals.is_empty())
    }
}
