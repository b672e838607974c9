//! Calls the AWS command line, so that its credentials work here and each step can be repeated by hand.

use serde_json::Value;
use std::process::{Command, Stdio};

use crate::stage::Stage;
use crate::target::{Outcome, Target};

/// The AWS command line for one account and region.
pub(crate) struct Aws {
    region: String,
    endpoint: Option<String>,
    partition: String,
    pub(crate) account: String,
}

/// A call that AWS or the command line refused.
#[derive(Debug, thiserror::Error)]
#[error("{call}: {message}")]
pub(crate) struct Refused {
    call: String,
    pub(crate) message: String,
}

impl Aws {
    /// Checks that the credentials belong to the stage's account.
    pub(crate) fn open(stage: &Stage, target: &Target) -> Outcome<Self> {
        let mut aws = Self {
            region: stage.region.clone(),
            endpoint: target.endpoint.clone(),
            partition: String::new(),
            account: String::new(),
        };
        let caller = aws.json(&["sts", "get-caller-identity"])?;
        text(&caller["Account"]).clone_into(&mut aws.account);
        text(&caller["Arn"]).split(':').nth(1).unwrap_or("aws").clone_into(&mut aws.partition);
        if aws.account != stage.account {
            let expected = &stage.account;
            return Err(format!(
                "these credentials belong to account {}, but the stage is in account {expected}",
                aws.account
            )
            .into());
        }
        Ok(aws)
    }

    /// Runs a command and parses its output; null if it has none.
    pub(crate) fn json(&self, arguments: &[&str]) -> Result<Value, Refused> {
        let refused =
            |message: String| Refused { call: format!("aws {}", arguments[..2].join(" ")), message };
        let output = self
            .command(arguments)
            .args(["--output", "json"])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| refused(format!("cannot run the AWS command line ({error})")))?;
        if output.status.success() {
            return Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null));
        }
        let written = String::from_utf8_lossy(&output.stderr);
        // "An error occurred (Code) when calling the X operation: what is wrong"
        let message =
            written.trim().rsplit_once(" operation: ").map_or(written.trim(), |(_, message)| message);
        Err(refused(message.to_owned()))
    }

    /// Runs a command that prints its own progress.
    pub(crate) fn show(&self, arguments: &[&str]) -> Outcome {
        let status = self.command(arguments).status()?;
        if status.success() { Ok(()) } else { Err(format!("aws {}: {status}", arguments.join(" ")).into()) }
    }

    /// The URL at which `CloudFormation` reads an object of this region.
    pub(crate) fn object_url(&self, bucket: &str, key: &str) -> String {
        match &self.endpoint {
            Some(endpoint) => format!("{endpoint}/{bucket}/{key}"),
            None => format!("https://{bucket}.s3.{}.{}/{key}", self.region, self.domain()),
        }
    }

    fn domain(&self) -> &'static str {
        if self.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("aws");
        command.args(arguments).args(["--region", &self.region]).env("AWS_PAGER", "");
        if let Some(endpoint) = &self.endpoint {
            command.args(["--endpoint-url", endpoint]);
        }
        command
    }
}

/// The text of a value; empty if it is not a string.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items of a value; none if it is not a list.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
