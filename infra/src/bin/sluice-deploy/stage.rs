//! Reads a stage: the file with the settings of one deployment.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use sluice_infra::{Architecture, template};

use crate::target::{Outcome, workspace_dir};

/// Longer names make bucket names that S3 rejects.
const STACK_NAME_LENGTH: usize = 20;

/// The settings in `infra/stages/STAGE.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stage {
    pub(crate) stack: String,
    /// The account of the stack. Credentials of another account are refused.
    pub(crate) account: String,
    pub(crate) region: String,
    /// The role that `CloudFormation` assumes for the stack, instead of the caller's rights.
    pub(crate) role: Option<String>,
    /// Parameters of the template. The others have the template's defaults.
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
}

impl Stage {
    /// Reads a stage by its name or by the path of its file.
    pub(crate) fn read(name: &str) -> Outcome<Self> {
        let path = if name.contains('/') {
            PathBuf::from(name)
        } else {
            workspace_dir().join(format!("infra/stages/{name}.json"))
        };
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    fn parse(text: &str) -> Outcome<Self> {
        let stage: Self = serde_json::from_str(text)?;
        let allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        let is_name = stage.stack.starts_with(|first: char| first.is_ascii_lowercase())
            && stage.stack.len() <= STACK_NAME_LENGTH
            && stage.stack.chars().all(allowed);
        if !is_name {
            let rule = "use at most 20 lower-case letters, digits and hyphens, starting with a letter";
            return Err(format!("stack {:?}: {rule}", stage.stack).into());
        }
        if let Some(name) = stage.parameters.keys().find(|name| name.starts_with("Artifact")) {
            return Err(format!("{name} is set by the deployment itself").into());
        }
        Ok(stage)
    }

    /// The parameters in `CloudFormation`'s format: lists of strings joined by commas, other lists and
    /// objects as JSON.
    pub(crate) fn parameters(&self) -> BTreeMap<String, String> {
        self.parameters.iter().map(|(name, value)| (name.clone(), parameter(value))).collect()
    }

    /// The values of all parameters of the template. Refuses unknown ones: `CloudFormation` would too, but
    /// only after the build.
    pub(crate) fn values(&self, template: &str) -> Outcome<BTreeMap<String, String>> {
        let known = template::parameters(template)?;
        if let Some(name) = self.parameters.keys().find(|name| !known.contains_key(*name)) {
            return Err(format!("the template has no parameter {name}").into());
        }
        let defaults = known.into_iter().filter_map(|(name, default)| Some((name, default?)));
        Ok(defaults.chain(self.parameters()).collect())
    }

    /// The template with the literal names of this stack's tables and buckets.
    pub(crate) fn with_names(&self, template: &str) -> Result<String, sluice_infra::Error> {
        template::with_names(template, &self.stack, &self.account, &self.region)
    }

    pub(crate) fn architecture(&self) -> Result<Architecture, String> {
        self.parameters.get("Architecture").map_or(Ok(Architecture::Arm64), |name| parameter(name).parse())
    }

    pub(crate) fn serves_page(&self) -> bool {
        self.parameters.get("ServePage").is_none_or(|value| parameter(value) == "true")
    }

    /// The bucket of the functions and the template. It is not part of the stack, which needs it before it
    /// exists.
    pub(crate) fn artifact_bucket(&self) -> String {
        format!("{}-artifacts-{}-{}", self.stack, self.account, self.region)
    }
}

fn parameter(value: &Value) -> String {
    let texts: Option<Vec<&str>> = value.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
    match (value, texts) {
        (_, Some(texts)) if !texts.is_empty() => texts.join(","),
        (Value::String(text), _) => text.clone(),
        (other, _) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::Stage;
    use serde_json::{Value, json};

    fn stage(change: impl Fn(&mut Value)) -> Result<Stage, String> {
        let mut stage = json!({ "stack": "sluice", "account": "111122223333", "region": "eu-central-1" });
        change(&mut stage);
        Stage::parse(&stage.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn parameters_are_written_in_the_format_of_cloudformation() {
        let stage = stage(|stage| {
            stage["parameters"] = json!({
                "AllowedOrigins": ["https://a.example", "https://b.example"],
                "MigrationRules": [{ "to": "oss" }],
                "ServePage": false,
                "PresignedUrlTtlSeconds": 600,
                "LogLevel": "warn",
                "Stores": {},
                "Empty": [],
            });
        });
        let stage = stage.expect("a stage");
        let parameters = stage.parameters();
        let expected = [
            ("AllowedOrigins", "https://a.example,https://b.example"),
            ("Empty", "[]"),
            ("LogLevel", "warn"),
            ("MigrationRules", r#"[{"to":"oss"}]"#),
            ("PresignedUrlTtlSeconds", "600"),
            ("ServePage", "false"),
            ("Stores", "{}"),
        ];
        assert!(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected));
        assert!(!stage.serves_page());
    }

    #[test]
    fn a_stage_that_cannot_be_deployed_is_refused() {
        for name in ["", "Sluice", "1sluice", "sluice_test", "a-name-of-21-characters"] {
            assert!(stage(|stage| stage["stack"] = json!(name)).is_err(), "{name}");
        }
        assert!(stage(|stage| stage["parameters"] = json!({ "ArtifactBucket": "mine" })).is_err());
        assert!(stage(|stage| stage["stage"] = json!("typo")).is_err());
        assert!(
            stage(|stage| stage["parameters"] = json!({ "Architecture": "arm" }))
                .is_ok_and(|stage| { stage.architecture().is_err() })
        );
    }
}
