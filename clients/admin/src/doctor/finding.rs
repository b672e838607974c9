//! What was found, and what follows.

use serde_json::{Value, json};
use sluice_storage::stores::{Capability, Role, StoreKind};
use std::collections::BTreeMap;

/// What a trial gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TrialOutcome {
    /// The store does it.
    Yes,
    /// It does not; and how that showed.
    No(String),
    /// The trial did not tell; and why.
    Unknown(String),
}

/// One line of the report.
#[derive(Debug, Clone)]
pub(super) enum Finding {
    /// A capability.
    Capability { capability: Capability, expected: bool, found: TrialOutcome },
    /// Something else that is worth knowing.
    Fact { name: &'static str, value: String, fix: String },
}

/// Without these, bytes could change between being verified and being used, or be taken for verified.
const SECURITY: [Capability; 4] = [
    Capability::PresignedUrls,
    Capability::ConditionalRead,
    Capability::ConditionalCopy,
    Capability::VerifiedChecksums,
];

impl TrialOutcome {
    /// The same, unless it is better to go by another that is no.
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

    /// Whether the configuration promises what functions rely on, and the store does not do it.
    pub fn is_unsafe(&self) -> bool {
        matches!(self, Self::Capability { capability, expected: true, found: TrialOutcome::No(_) }
            if SECURITY.contains(capability))
    }

    /// Why that is unsafe.
    pub fn danger(&self) -> String {
        let Self::Capability { capability, found, .. } = self else { return String::new() };
        format!("functions would be unsafe, because they rely on {capability}: {}", found.why())
    }

    /// The capability as it should be configured, if it is configured otherwise.
    fn correction(&self) -> Option<(Capability, bool)> {
        let Self::Capability { capability, expected, found } = self else { return None };
        found.as_bool().filter(|found| found != expected).map(|found| (*capability, found))
    }

    /// For people.
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

    /// What to do about a capability that is not as expected.
    fn fix(&self, kind: StoreKind) -> String {
        let Self::Capability { capability, expected, found } = self else { return String::new() };
        match (expected, found) {
            (_, TrialOutcome::Unknown(why)) => format!("not told: {why}"),
            (true, TrialOutcome::No(why)) if self.is_unsafe() => {
                format!("UNSAFE: use another store, or a release of {kind:?} that does it: {why}")
            }
            (true, TrialOutcome::No(why)) => format!("set {capability} to false: {why}"),
            (false, TrialOutcome::Yes) => format!("may be set to true: {}", what_for(*capability)),
            (true, TrialOutcome::Yes) | (false, TrialOutcome::No(_)) => String::new(),
        }
    }

    /// For programs.
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

/// What a capability that nobody knew of would be good for.
fn what_for(capability: Capability) -> &'static str {
    match capability {
        Capability::Crc64 | Capability::VerifiedChecksums => "moves then need not read back what they wrote",
        Capability::ConditionalPut | Capability::ForbidOverwrite => "nothing is then overwritten by mistake",
        Capability::Notifications => "bridge-events is then not needed",
        Capability::Cors => "browsers then reach the bucket",
        _ => "it works",
    }
}

/// What to put into `capabilities`.
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
    fn only_a_broken_promise_of_security_is_unsafe() {
        let no = || TrialOutcome::No("ignored".to_owned());
        assert!(finding(Capability::ConditionalRead, true, no()).is_unsafe());
        assert!(!finding(Capability::ConditionalRead, false, no()).is_unsafe(), "not promised");
        assert!(!finding(Capability::ConditionalPut, true, no()).is_unsafe(), "not relied on");
        let unknown = TrialOutcome::Unknown("timed out".to_owned());
        assert!(!finding(Capability::PresignedUrls, true, unknown).is_unsafe());
    }

    #[test]
    fn corrections_are_what_differs_and_is_known() {
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
