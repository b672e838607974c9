//! The findings about a store, and the corrections that follow from them.

use serde_json::{Value, json};
use sluice_storage::stores::{Capability, Role, StoreKind};
use sluice_storage::{ErrorKind, StorageError};
use std::collections::BTreeMap;

/// What a trial showed about a capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TrialOutcome {
    /// The store has the capability.
    Yes,
    /// The store does not have it; with the reason.
    No(String),
    /// The trial did not show it; with the reason.
    Unknown(String),
}

/// One line of the report.
#[derive(Debug, Clone)]
pub(super) enum Finding {
    /// A capability, as expected and as found.
    Capability { capability: Capability, expected: bool, found: TrialOutcome },
    /// Another fact about the store.
    Fact { name: &'static str, value: String, fix: String },
}

/// Without these capabilities, bytes could change between verification and use, or pass as verified.
const SECURITY: [Capability; 4] = [
    Capability::PresignedUrls,
    Capability::ConditionalRead,
    Capability::ConditionalCopy,
    Capability::VerifiedChecksums,
];

impl TrialOutcome {
    /// The outcome of a request that must succeed.
    pub fn of_success<T>(answer: Result<T, StorageError>) -> Self {
        match answer {
            Ok(_) => Self::Yes,
            Err(error) if error.kind.is_transient() && error.kind != ErrorKind::Conflict => {
                Self::Unknown(error.message)
            }
            Err(error) => Self::No(error.message),
        }
    }

    /// The outcome of a request whose condition does not hold: a store that honours the condition refuses the
    /// request. `ignored` says what it means that the request succeeds.
    pub fn of_refusal<T>(answer: Result<T, StorageError>, ignored: &str) -> Self {
        match answer {
            Ok(_) => Self::No(ignored.to_owned()),
            Err(error) => match error.kind {
                ErrorKind::Conflict => Self::Yes,
                ErrorKind::Fault | ErrorKind::NotFound => Self::No(error.message),
                ErrorKind::Throttled | ErrorKind::Unavailable => Self::Unknown(error.message),
            },
        }
    }

    /// This outcome, or the other one if this one is yes.
    pub fn and(self, other: Self) -> Self {
        if self == Self::Yes { other } else { self }
    }

    fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No(_) => Some(false),
            Self::Unknown(_) => None,
        }
    }

    fn why(&self) -> &str {
        match self {
            Self::Yes => "",
            Self::No(why) | Self::Unknown(why) => why,
        }
    }
}

impl Finding {
    pub fn capability(capability: Capability, expected: bool, found: TrialOutcome) -> Self {
        Self::Capability { capability, expected, found }
    }

    pub fn fact(name: &'static str, value: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Fact { name, value: value.into(), fix: fix.into() }
    }

    /// Whether functions rely on a capability that is configured but missing.
    pub fn is_unsafe(&self) -> bool {
        matches!(self, Self::Capability { capability, expected: true, found: TrialOutcome::No(_) }
            if SECURITY.contains(capability))
    }

    pub fn danger(&self) -> String {
        let Self::Capability { capability, found, .. } = self else { return String::new() };
        format!("functions would be unsafe, because they rely on {capability}: {}", found.why())
    }

    /// The capability and its right value, if the configured value is wrong.
    fn correction(&self) -> Option<(Capability, bool)> {
        let Self::Capability { capability, expected, found } = self else { return None };
        found.as_bool().filter(|found| found != expected).map(|found| (*capability, found))
    }

    /// A row of the table for people.
    pub fn row(&self, kind: StoreKind) -> [String; 4] {
        let word = |known: Option<bool>| match known {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        };
        match self {
            Self::Capability { capability, expected, found } => [
                format!("  {capability}"),
                word(Some(*expected)).to_owned(),
                word(found.as_bool()).to_owned(),
                self.fix(kind),
            ],
            Self::Fact { name, value, fix } => {
                [format!("  {name}"), String::new(), value.clone(), fix.clone()]
            }
        }
    }

    /// What to do if the capability is not as expected.
    fn fix(&self, kind: StoreKind) -> String {
        let Self::Capability { capability, expected, found } = self else { return String::new() };
        match (expected, found) {
            (_, TrialOutcome::Unknown(why)) => format!("not known: {why}"),
            (true, TrialOutcome::No(why)) if self.is_unsafe() => {
                format!("UNSAFE: use another store, or a release of {kind:?} that has it: {why}")
            }
            (true, TrialOutcome::No(why)) => format!("set {capability} to false: {why}"),
            (false, TrialOutcome::Yes) => format!("can be set to true: {}", what_for(*capability)),
            (true, TrialOutcome::Yes) | (false, TrialOutcome::No(_)) => String::new(),
        }
    }

    /// A line of `--json` output.
    pub fn document(&self, store: &str, role: Role, bucket: &str) -> Value {
        let mut document = json!({ "store": store, "role": role, "bucket": bucket });
        match self {
            Self::Capability { capability, expected, found } => {
                document["capability"] = json!(capability);
                document["expected"] = json!(expected);
                document["found"] = json!(found.as_bool());
                document["unsafe"] = json!(self.is_unsafe());
                document["why"] = json!(found.why());
            }
            Self::Fact { name, value, fix } => {
                document["fact"] = json!(name);
                document["value"] = json!(value);
                document["fix"] = json!(fix);
            }
        }
        document
    }
}

/// The benefit of a capability that is not configured yet.
fn what_for(capability: Capability) -> &'static str {
    match capability {
        Capability::Crc64 | Capability::VerifiedChecksums => "moves then need not read back what they write",
        Capability::ConditionalPut | Capability::ForbidOverwrite => "nothing is then overwritten by mistake",
        Capability::Notifications => "bridge-events is then not needed",
        Capability::Cors => "browsers then reach the bucket",
        _ => "it works",
    }
}

/// The values to set in `capabilities`.
pub(super) fn corrections(findings: &[Finding]) -> BTreeMap<Capability, bool> {
    findings.iter().filter_map(Finding::correction).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(capability: Capability, expected: bool, found: TrialOutcome) -> Finding {
        Finding::capability(capability, expected, found)
    }

    #[test]
    fn only_a_missing_security_capability_that_is_configured_is_unsafe() {
        let no = || TrialOutcome::No("ignored".to_owned());
        assert!(finding(Capability::ConditionalRead, true, no()).is_unsafe());
        assert!(!finding(Capability::ConditionalRead, false, no()).is_unsafe(), "not promised");
        assert!(!finding(Capability::ConditionalPut, true, no()).is_unsafe(), "not relied on");
        let unknown = TrialOutcome::Unknown("timed out".to_owned());
        assert!(!finding(Capability::PresignedUrls, true, unknown).is_unsafe());
    }

    #[test]
    fn corrections_are_known_differences() {
        let findings = [
            finding(Capability::Crc64, true, TrialOutcome::Yes),
            finding(Capability::Md5Etag, true, TrialOutcome::No(String::new())),
            finding(Capability::ConditionalPut, false, TrialOutcome::Yes),
            finding(Capability::Cors, true, TrialOutcome::Unknown(String::new())),
            Finding::fact("tls", "yes", ""),
        ];
        let json = serde_json::to_string(&corrections(&findings)).expect("JSON");
        assert_eq!(json, r#"{"conditional_put":true,"md5_etag":false}"#);
    }
}
