//! Reads the status, the id and the outputs of a deployed stack.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::{Aws, Refused, items, text};
use crate::target::Outcome;

/// The status of the stack, if it exists.
pub(crate) fn status(aws: &Aws, stack: &str) -> Option<String> {
    let described = describe(aws, stack).ok()?;
    items(&described["Stacks"]).first().map(|stack| text(&stack["StackStatus"]).to_owned())
}

pub(crate) fn id(aws: &Aws, stack: &str) -> Outcome<String> {
    Ok(text(&describe(aws, stack)?["Stacks"][0]["StackId"]).to_owned())
}

/// The stack's outputs by name.
pub(crate) fn outputs(aws: &Aws, stack: &str) -> Outcome<BTreeMap<String, String>> {
    let described = describe(aws, stack)?;
    let output =
        |output: &Value| (text(&output["OutputKey"]).to_owned(), text(&output["OutputValue"]).to_owned());
    Ok(items(&described["Stacks"][0]["Outputs"]).iter().map(output).collect())
}

fn describe(aws: &Aws, stack: &str) -> Result<Value, Refused> {
    aws.json(&["cloudformation", "describe-stacks", "--stack-name", stack])
}
