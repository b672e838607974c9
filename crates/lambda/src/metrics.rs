//! Writes metrics as log lines in the [embedded metric format] of `CloudWatch`.
//!
//! Without `SLUICE_STACK_NAME` nothing is written.
//!
//! [embedded metric format]:
//! https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use serde_json::{Map, Value, json};
use sluice_deployment::clock;
use sluice_domain::time::Timestamp;
use std::sync::OnceLock;
use std::time::Duration;

const NAMESPACE: &str = "Sluice";
/// The only dimension: the name of the deployment.
const DIMENSION: &str = "Stack";

static STACK: OnceLock<String> = OnceLock::new();

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Count,
    Bytes,
    Milliseconds,
}

impl Unit {
    fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Bytes => "Bytes",
            Self::Milliseconds => "Milliseconds",
        }
    }
}

/// A named quantity; `docs/OPERATIONS.md` lists the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    name: &'static str,
    unit: Unit,
    value: u64,
}

impl Metric {
    pub fn count(name: &'static str, value: u64) -> Self {
        Self { name, unit: Unit::Count, value }
    }

    pub fn bytes(name: &'static str, value: u64) -> Self {
        Self { name, unit: Unit::Bytes, value }
    }

    pub fn duration(name: &'static str, value: Duration) -> Self {
        let value = u64::try_from(value.as_millis()).unwrap_or(u64::MAX);
        Self { name, unit: Unit::Milliseconds, value }
    }
}

/// Sets the name of the deployment, which turns metrics on.
pub(crate) fn start(stack: String) {
    // A second start is for the same deployment.
    let _ = STACK.set(stack);
}

/// Writes metrics with the current time.
#[expect(clippy::print_stdout, reason = "Lambda collects logs from standard output")]
pub fn write(metrics: &[Metric]) {
    if let Some(stack) = STACK.get() {
        println!("{}", line(stack, clock::now(), metrics));
    }
}

fn line(stack: &str, now: Timestamp, metrics: &[Metric]) -> Value {
    let definitions =
        metrics.iter().map(|metric| json!({ "Name": metric.name, "Unit": metric.unit.as_str() }));
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.unix_milliseconds(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[DIMENSION]],
                "Metrics": definitions.collect::<Value>(),
            }],
        }),
    );
    line.insert(DIMENSION.to_owned(), stack.into());
    line.extend(metrics.iter().map(|metric| (metric.name.to_owned(), metric.value.into())));
    line.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_cloudwatch_reads() {
        let metrics = [
            Metric::count("UploadsAvailable", 1),
            Metric::bytes("ContentBytes", 10_240),
            Metric::duration("UploadDuration", Duration::from_millis(1500)),
        ];
        let written = line("sluice", Timestamp::from_unix_milliseconds(1_795_000_000_123), &metrics);
        let expected = json!({
            "_aws": {
                "Timestamp": 1_795_000_000_123_u64,
                "CloudWatchMetrics": [{
                    "Namespace": "Sluice",
                    "Dimensions": [["Stack"]],
                    "Metrics": [
                        { "Name": "UploadsAvailable", "Unit": "Count" },
                        { "Name": "ContentBytes", "Unit": "Bytes" },
                        { "Name": "UploadDuration", "Unit": "Milliseconds" },
                    ],
                }],
            },
            "Stack": "sluice",
            "UploadsAvailable": 1,
            "ContentBytes": 10_240,
            "UploadDuration": 1500,
        });
        assert_eq!(written, expected);
    }
}
