//! Assembles one template from the parts under `infra/template/`.
//!
//! A part has the form of a template, with only the sections that it needs. Each section of the assembled
//! template is the concatenation of that section in all parts. The text stays as it is, comments included.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;

/// The sections in the order of `CloudFormation`'s documentation.
const SECTIONS: [&str; 8] =
    ["Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs"];
const VERSION: &str = "AWSTemplateFormatVersion";

/// Assembles the parts of `workspace_dir`. Fails on an unknown section, and on a name that two parts use.
pub fn assemble(workspace_dir: &Path) -> Result<String, Error> {
    let folder = workspace_dir.join("infra/template");
    let mut whole = Assembly::default();
    for part in parts(&folder)? {
        let text = fs::read_to_string(&part).map_err(Error::io(format!("reading {}", part.display())))?;
        let name = part.strip_prefix(&folder).unwrap_or(&part).display().to_string();
        whole.add(&name, &text).map_err(|reason| Error::Template { part, reason })?;
    }
    Ok(whole.text())
}

/// Returns the template with the literal names of one stack's tables and buckets. `CloudFormation` imports
/// existing resources only by literal names.
pub fn with_names(template: &str, stack: &str, account: &str, region: &str) -> String {
    let mut text = String::new();
    for line in template.lines() {
        if line.starts_with("      TableName: !Sub ") || line.starts_with("      BucketName: !Sub ") {
            let written = line.replace("!Sub ", "").replace("${AWS::StackName}", stack);
            text.push_str(&written.replace("${AWS::AccountId}", account).replace("${AWS::Region}", region));
        } else {
            text.push_str(line);
        }
        text.push('\n');
    }
    text
}

/// The names of the template's parameters, in order.
pub fn parameters(template: &str) -> Vec<&str> {
    let lines = template.lines().skip_while(|line| *line != "Parameters:").skip(1);
    lines.take_while(|line| line.is_empty() || line.starts_with(' ')).filter_map(entry).collect()
}

/// The logical ids of the resources that outlive the stack, in order.
pub fn retained(template: &str) -> Vec<&str> {
    let mut current = "";
    let mut retained = Vec::new();
    for line in template.lines() {
        current = entry(line).unwrap_or(current);
        if line.trim() == "DeletionPolicy: Retain" {
            retained.push(current);
        }
    }
    retained
}

fn parts(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let listing = || Error::io(format!("listing {}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(listing())? {
        let path = entry.map_err(listing())?.path();
        if path.is_dir() {
            files.extend(parts(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[derive(Default)]
struct Assembly {
    version: String,
    sections: BTreeMap<&'static str, String>,
    /// The part that each name of a section comes from.
    names: BTreeMap<(&'static str, String), String>,
}

impl Assembly {
    fn add(&mut self, part: &str, text: &str) -> Result<(), String> {
        let mut section = None;
        for line in text.lines() {
            if line.starts_with('#') {
                continue;
            }
            if let Some((name, value)) =
                line.split_once(':').filter(|_| line.starts_with(char::is_alphabetic))
            {
                section = self.begin(name, value, part, line)?;
            } else if let Some(section) = section {
                self.take(section, line, part)?;
            } else if !line.trim().is_empty() {
                return Err(format!("{line:?} is in no section"));
            }
        }
        Ok(())
    }

    fn begin(
        &mut self,
        name: &str,
        value: &str,
        part: &str,
        line: &str,
    ) -> Result<Option<&'static str>, String> {
        if name == VERSION {
            line.clone_into(&mut self.version);
            return Ok(None);
        }
        let known = SECTIONS.into_iter().find(|section| *section == name);
        let section = known.ok_or_else(|| format!("there is no section {name}"))?;
        let body = self.sections.entry(section).or_default();
        if value.trim().is_empty() {
            body.truncate(body.trim_end().len());
            body.push_str(&["\n\n  # ---- ", part, "\n"].concat());
        } else {
            body.push_str(value);
        }
        Ok(Some(section))
    }

    fn take(&mut self, section: &'static str, line: &str, part: &str) -> Result<(), String> {
        if let Some(name) = entry(line)
            && let Some(other) = self.names.insert((section, name.to_owned()), part.to_owned())
        {
            return Err(format!("{name} is in {other} too"));
        }
        let body = self.sections.entry(section).or_default();
        body.push_str(line);
        body.push('\n');
        Ok(())
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.version);
        for section in SECTIONS {
            if let Some(body) = self.sections.get(section) {
                text.push_str(&["\n", section, ":", body.trim_end(), "\n"].concat());
            }
        }
        text
    }
}

/// The name of the entry that a line of a section begins.
fn entry(line: &str) -> Option<&str> {
    let name = line.strip_prefix("  ")?.split(':').next()?;
    let is_name = name.starts_with(char::is_alphabetic) && name.chars().all(char::is_alphanumeric);
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{Assembly, assemble, parameters, retained, with_names};
    use std::path::Path;

    fn assemble_parts(parts: &[(&str, &str)]) -> Result<String, String> {
        let mut whole = Assembly::default();
        parts.iter().try_for_each(|(name, text)| whole.add(name, text))?;
        Ok(whole.text())
    }

    #[test]
    fn sections_of_all_parts_are_concatenated() {
        let whole = assemble_parts(&[
            (
                "a.yaml",
                "# About a.\nResources:\n  # Why.\n  A:\n    Type: T\n\nOutputs:\n  X: { Value: x }\n",
            ),
            (
                "b.yaml",
                "AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: Both\nResources:\n  B:\n    Type: T\n",
            ),
        ]);
        let expected = [
            "AWSTemplateFormatVersion: \"2010-09-09\"\n\nDescription: Both\n\nResources:\n\n",
            "  # ---- a.yaml\n  # Why.\n  A:\n    Type: T\n\n  # ---- b.yaml\n  B:\n    Type: T\n\n",
            "Outputs:\n\n  # ---- a.yaml\n  X: { Value: x }\n",
        ]
        .concat();
        assert_eq!(whole, Ok(expected));
    }

    #[test]
    fn an_invalid_part_is_refused() {
        let twice = [("a.yaml", "Resources:\n  A: {}\n"), ("b.yaml", "Resources:\n  A: {}\n")];
        assert_eq!(assemble_parts(&twice), Err("A is in a.yaml too".to_owned()));
        assert_eq!(
            assemble_parts(&[("a.yaml", "Resource:\n")]),
            Err("there is no section Resource".to_owned())
        );
        assert!(assemble_parts(&[("a.yaml", "  A: {}\n")]).is_err());
        assert!(assemble_parts(&[("a.yaml", "Outputs:\n  A: {}\nResources:\n  A: {}\n")]).is_ok());
    }

    #[test]
    fn names_of_tables_and_buckets_become_literal() {
        let template = "  B:\n      \
            BucketName: !Sub \"${AWS::StackName}-b-${AWS::AccountId}-${AWS::Region}\"\n      \
            TableName: !Sub \"${AWS::StackName}-t\"\n      QueueName: !Sub \"${AWS::StackName}-q\"\n";
        let expected = "  B:\n      BucketName: \"s-b-1-r\"\n      TableName: \"s-t\"\n      \
            QueueName: !Sub \"${AWS::StackName}-q\"\n";
        assert_eq!(with_names(template, "s", "1", "r"), expected);
    }

    #[test]
    fn parameters_are_read_from_their_section_only() {
        let template = "Metadata:\n  M: {}\nParameters:\n\n  A:\n    Type: String\n  B:\n    Type: String\n\
            Rules:\n  C: {}\n";
        assert_eq!(parameters(template), ["A", "B"]);
    }

    #[test]
    fn tables_and_the_landing_and_vault_buckets_outlive_the_stack() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let template = assemble(&workspace).expect("a template");
        let tables = template.matches("Type: AWS::DynamoDB::Table").count();
        let retained = retained(&template);
        assert_eq!(retained.iter().filter(|name| name.ends_with("Table")).count(), tables);
        let buckets: Vec<_> = retained.into_iter().filter(|name| !name.ends_with("Table")).collect();
        assert_eq!(buckets, ["LandingBucket", "VaultBucket"]);
    }
}
