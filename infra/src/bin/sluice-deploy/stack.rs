//! Reads the status, the id and the outputs of a deployed stack.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;
use aws_sdk_cloudformation::types::{Stack, StackStatus};

use crate::aws::{Aws, Refused, refused};
use crate::target::Outcome;

/// The stack of this name or id, if it exists.
pub(crate) async fn find(aws: &Aws, stack: &str) -> Result<Option<Stack>, Refused> {
    match aws.cloudformation.describe_stacks().stack_name(stack).send().await {
        Ok(described) => Ok(described.stacks.unwrap_or_default().into_iter().next()),
        Err(error) if error.message().is_some_and(|message| message.contains("does not exist")) => Ok(None),
        Err(error) => Err(refused("cloudformation describe-stacks")(error)),
    }
}

/// The stack of this name or id, which must exist.
pub(crate) async fn get(aws: &Aws, stack: &str) -> Outcome<Stack> {
    Ok(find(aws, stack).await?.ok_or_else(|| format!("there is no stack {stack}"))?)
}

/// The status of the stack, if it exists.
pub(crate) async fn status(aws: &Aws, stack: &str) -> Result<Option<StackStatus>, Refused> {
    Ok(find(aws, stack).await?.and_then(|stack| stack.stack_status))
}

/// The stack's outputs by name.
pub(crate) fn outputs(stack: Stack) -> BTreeMap<String, String> {
    let outputs = stack.outputs.unwrap_or_default().into_iter();
    outputs.filter_map(|output| Some((output.output_key?, output.output_value?))).collect()
}
