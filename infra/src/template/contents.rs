//! Reads what a deployment needs of a template.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::{Spanned, Tagged};

use crate::Error;

/// Returns the template with the literal names of one stack's tables and buckets. `CloudFormation` imports
/// existing resources only by literal names.
pub fn with_names(template: &str, stack: &str, account: &str, region: &str) -> Result<String, Error> {
    let names = resources(template)?.into_values().filter_map(|resource| resource.properties.name);
    let computed = names.filter(|name| name.value.1.as_deref() == Some("!Sub"));
    let mut places: Vec<Range<usize>> = computed.filter_map(|name| place(&name)).collect();
    places.sort_by_key(|place| place.start);
    let mut text = template.to_owned();
    // From the last to the first, so that the places of the others stay right.
    for Range { start, end } in places.into_iter().rev() {
        let literal = template[start..end].replace("${AWS::StackName}", stack);
        let literal = literal.replace("${AWS::AccountId}", account).replace("${AWS::Region}", region);
        let tag = template[..start].rfind("!Sub").unwrap_or(start);
        text.replace_range(tag..end, &literal);
    }
    Ok(text)
}

/// The template's parameters with their defaults.
pub fn parameters(template: &str) -> Result<BTreeMap<String, Option<String>>, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Template {
        #[serde(default)]
        parameters: BTreeMap<String, Parameter>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Parameter {
        default: Option<Value>,
    }
    let text = |value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let parameters = read::<Template>(template)?.parameters.into_iter();
    Ok(parameters.map(|(name, parameter)| (name, parameter.default.map(text))).collect())
}

/// The most bytes that the environment of each function can have, as Lambda measures it: as JSON.
/// `parameters` are the values of the template's parameters.
pub fn environment_bytes(
    template: &str,
    parameters: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, usize>, Error> {
    // As long as any name of a bucket or URL of a queue.
    let unknown = "x".repeat(110);
    let resolve = |Tagged(value, tag): Tagged<Value>| match (value, tag.as_deref()) {
        (Value::String(text), None) => text,
        (Value::String(name), Some("!Ref")) => parameters.get(&name).unwrap_or(&unknown).clone(),
        _ => unknown.clone(),
    };
    let functions = resources(template)?.into_iter();
    let measured = functions.filter_map(|(logical_id, resource)| {
        let variables = resource.properties.environment?.variables.into_iter();
        let variables = variables.map(|(name, value)| (name, Value::String(resolve(value)))).collect();
        Some((logical_id, Value::Object(variables).to_string().len()))
    });
    Ok(measured.collect())
}

/// A table or bucket that outlives its stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retained {
    Table(String),
    Bucket(String),
}

/// The tables and buckets that outlive the stack of a template with literal names. Fails if one has no such
/// name.
pub fn retained(template: &str) -> Result<Vec<Retained>, Error> {
    let kept = resources(template)?
        .into_iter()
        .filter(|(_, resource)| resource.deletion_policy.as_deref() == Some("Retain"));
    let kept = kept.filter_map(|(logical_id, resource)| {
        let retained = match resource.r#type.as_str() {
            "AWS::DynamoDB::Table" => Retained::Table,
            "AWS::S3::Bucket" => Retained::Bucket,
            _ => return None,
        };
        let literal = resource.properties.name.filter(|name| name.value.1.is_none());
        Some(literal.map(|name| retained(name.value.0)).ok_or(Error::Unnamed { logical_id }))
    });
    kept.collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    r#type: String,
    deletion_policy: Option<String>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Deserialize, Default)]
struct Properties {
    #[serde(rename = "TableName", alias = "BucketName")]
    name: Option<Spanned<Tagged<String>>>,
    #[serde(rename = "Environment")]
    environment: Option<Environment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    variables: BTreeMap<String, Tagged<Value>>,
}

fn resources(template: &str) -> Result<BTreeMap<String, Resource>, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Template {
        resources: BTreeMap<String, Resource>,
    }
    Ok(read::<Template>(template)?.resources)
}

fn read<T: DeserializeOwned>(yaml: &str) -> Result<T, Error> {
    serde_saphyr::from_str(yaml).map_err(|error| Error::Yaml(Box::new(error)))
}

/// The bytes of a scalar, quotes included.
pub(super) fn place<T>(scalar: &Spanned<T>) -> Option<Range<usize>> {
    let span = scalar.defined.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    Some(start..start + usize::try_from(span.byte_len()?).ok()?)
}

#[cfg(test)]
mod tests {
    use super::{Retained, environment_bytes, parameters, retained, with_names};
    use std::collections::BTreeMap;

    #[test]
    fn names_of_tables_and_buckets_become_literal() {
        let template = r#"Resources:
  B:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties:
      BucketName: !Sub "${AWS::StackName}-b-${AWS::AccountId}-${AWS::Region}" # its name
  Q:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
    Properties: { QueueName: !Sub "${AWS::StackName}-q" }
  T:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties: { TableName: !Sub "${AWS::StackName}-t" }
  U:
    Type: AWS::DynamoDB::Table
    Properties: { TableName: !Sub '${AWS::StackName}-u' }
"#;
        let expected = template
            .replace(r#"!Sub "${AWS::StackName}-b-${AWS::AccountId}-${AWS::Region}""#, r#""s-b-1-r""#)
            .replace(r#"!Sub "${AWS::StackName}-t""#, r#""s-t""#)
            .replace("!Sub '${AWS::StackName}-u'", "'s-u'");
        let named = with_names(template, "s", "1", "r").expect("a template");
        assert_eq!(named, expected);
        assert_eq!(with_names(&named, "other", "2", "r").expect("a template"), expected);
        let kept = [Retained::Bucket("s-b-1-r".to_owned()), Retained::Table("s-t".to_owned())];
        assert_eq!(retained(&named).expect("a template"), kept);
        let error = retained(template).expect_err("computed names");
        assert_eq!(error.to_string(), "B outlives the stack and must have a literal name");
    }

    #[test]
    fn parameters_are_read_from_their_section_only() {
        let template = "Metadata:\n  M: {}\nParameters:\n\n  A:\n    Type: String\n  \"B\":\n    \
            Type: Number\n    Default: 7\nRules:\n  C: {}\n";
        let expected = [("A".to_owned(), None), ("B".to_owned(), Some("7".to_owned()))];
        assert_eq!(parameters(template).expect("a template"), BTreeMap::from(expected));
    }

    #[test]
    fn an_environment_is_measured_with_the_values_of_parameters() {
        let template = "Resources:\n  F:\n    Type: T\n    Properties:\n      Environment:\n        \
            Variables: { A: !Ref P, B: !Ref Bucket, C: x, D: !FindInMap [M, N, O] }\n";
        let values = BTreeMap::from([("P".to_owned(), r#"{"a":1}"#.to_owned())]);
        let json = r#"{"A":"{\"a\":1}","B":"","C":"x","D":""}"#;
        let expected = BTreeMap::from([("F".to_owned(), json.len() + 2 * 110)]);
        assert_eq!(environment_bytes(template, &values).expect("a template"), expected);
    }
}
