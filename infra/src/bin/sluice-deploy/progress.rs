//! Prints a stack's events while it changes.

use std::collections::HashSet;

use aws_sdk_cloudformation::types::{EventFilter, ResourceStatus, StackEvent};

use crate::aws::{Aws, refused};
use crate::poll::PollInterval;
use crate::target::Outcome;

/// Follows one operation of a stack.
pub(crate) struct Progress<'a> {
    aws: &'a Aws,
    stack_id: String,
    /// The ids of events. Those of former operations are all older than one of these.
    seen: HashSet<String>,
    /// The first failure, which caused the others.
    failure: Option<String>,
}

impl<'a> Progress<'a> {
    /// Must be called before the operation starts.
    pub(crate) async fn new(aws: &'a Aws, stack_id: &str) -> Outcome<Self> {
        let latest = aws.cloudformation.describe_stack_events().stack_name(stack_id).send().await;
        let latest = latest.map_err(refused("cloudformation describe-stack-events"))?;
        let seen = latest.stack_events().iter().filter_map(|event| event.event_id.clone()).collect();
        Ok(Self { aws, stack_id: stack_id.to_owned(), seen, failure: None })
    }

    /// Prints events until the operation ends. It must end with one of the `successes`.
    pub(crate) async fn follow(mut self, successes: &[ResourceStatus]) -> Outcome {
        let mut interval = PollInterval::new();
        loop {
            for event in self.new_events().await? {
                self.show(&event);
                if let Some(status) = self.end(event) {
                    return self.outcome(&status, successes).await;
                }
            }
            interval.wait().await;
        }
    }

    /// The events since the last call, the earliest first.
    async fn new_events(&mut self) -> Outcome<Vec<StackEvent>> {
        let describe = self.aws.cloudformation.describe_stack_events().stack_name(&self.stack_id);
        let mut pages = describe.into_paginator().send();
        let mut events = Vec::new();
        // The latest events come first.
        while let Some(page) = pages.next().await {
            let page = page.map_err(refused("cloudformation describe-stack-events"))?;
            let page = page.stack_events.unwrap_or_default();
            let length = page.len();
            let is_new = |event: &StackEvent| self.seen.insert(event.event_id.clone().unwrap_or_default());
            let new: Vec<StackEvent> = page.into_iter().filter(is_new).collect();
            let older_are_seen = new.len() < length;
            events.extend(new);
            if older_are_seen {
                break;
            }
        }
        events.reverse();
        Ok(events)
    }

    fn show(&mut self, event: &StackEvent) {
        let status = event.resource_status.as_ref().map_or("", ResourceStatus::as_str);
        let resource = event.logical_resource_id().unwrap_or_default();
        if status.ends_with("_FAILED") {
            let reason = event.resource_status_reason().unwrap_or_default();
            println!("  {status:<16} {resource}: {reason}");
            self.failure.get_or_insert_with(|| format!("{resource}: {reason}"));
        } else if status.ends_with("_COMPLETE") {
            println!("  {status:<16} {resource}");
        }
    }

    /// The status of the stack itself, if this event ends the operation.
    fn end(&self, event: StackEvent) -> Option<ResourceStatus> {
        use ResourceStatus::{CreateFailed, UpdateFailed};
        let of_stack = event.physical_resource_id() == Some(self.stack_id.as_str());
        let status = event.resource_status.filter(|_| of_stack)?;
        // A stack is rolled back after a failure.
        let goes_on =
            status.as_str().ends_with("_IN_PROGRESS") || [CreateFailed, UpdateFailed].contains(&status);
        (!goes_on).then_some(status)
    }

    async fn outcome(self, status: &ResourceStatus, successes: &[ResourceStatus]) -> Outcome {
        if successes.contains(status) {
            return Ok(());
        }
        let left = match status {
            ResourceStatus::RollbackComplete | ResourceStatus::RollbackFailed => "the stack was deleted",
            ResourceStatus::UpdateRollbackComplete => "the stack was rolled back",
            status => status.as_str(),
        };
        let mut failure = self.failure.clone().unwrap_or_else(|| "no reason was given".to_owned());
        if failure.contains("DescribeEvents") {
            failure = self.refusals().await.unwrap_or(failure);
        }
        Err(format!("failed at {failure}; {left}").into())
    }

    /// Why `CloudFormation` refused to start. The stack's own events do not say.
    async fn refusals(&self) -> Option<String> {
        let failed = EventFilter::builder().failed_events(true).build();
        let describe = self.aws.cloudformation.describe_events().stack_name(&self.stack_id);
        let described = describe.filters(failed).send().await.ok()?;
        let refusals = described.operation_events().iter().filter_map(|event| {
            Some(format!("{}: {}", event.logical_resource_id()?, event.validation_status_reason()?))
        });
        Some(refusals.collect::<Vec<_>>().join("; ")).filter(|refusals| !refusals.is_empty())
    }
}
