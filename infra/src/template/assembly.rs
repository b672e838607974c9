//! Concatenates the sections of parts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use serde_saphyr::Spanned;

use super::contents::place;

/// The sections in the order of `CloudFormation`'s documentation.
const SECTIONS: [&str; 9] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
];

/// A template that grows part by part.
#[derive(Default)]
pub(super) struct Assembly {
    sections: BTreeMap<&'static str, String>,
    /// The part that each name comes from.
    names: BTreeMap<Name, String>,
}

impl Assembly {
    pub(super) fn add(&mut self, part: &str, text: &str) -> Result<(), String> {
        for Section { name, entries, body } in sections(text)? {
            let known = SECTIONS.into_iter().find(|section| *section == name);
            let section = known.ok_or_else(|| format!("there is no section {name}"))?;
            let whole = self.sections.entry(section).or_default();
            whole.truncate(whole.trim_end().len());
            if entries.is_some() {
                whole.push_str(&["\n\n  # ---- ", part].concat());
            }
            // Comments at the start of a line are about the part.
            whole.extend(body.split_inclusive('\n').filter(|line| !line.starts_with('#')));
            for name in names(&name, entries) {
                if let Some(other) = self.names.insert(name.clone(), part.to_owned()) {
                    return Err(format!("{} {} is in {other} too", name.section, name.entry));
                }
            }
        }
        Ok(())
    }

    pub(super) fn text(&self) -> Result<String, String> {
        let written = SECTIONS.into_iter().filter_map(|section| {
            Some([section, ":", self.sections.get(section)?.trim_end(), "\n"].concat())
        });
        let text = written.collect::<Vec<_>>().join("\n");
        // An entry that is indented otherwise than its neighbours would become one of theirs.
        let sections = sections(&text)?.into_iter();
        let read: BTreeSet<Name> =
            sections.flat_map(|section| names(&section.name, section.entries)).collect();
        if read.iter().eq(self.names.keys()) {
            Ok(text)
        } else {
            Err("the parts are not indented alike".to_owned())
        }
    }
}

/// The name of an entry. A section that is no mapping has one without a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    section: String,
    entry: String,
}

fn names(section: &str, entries: Option<Vec<String>>) -> Vec<Name> {
    let entries = entries.unwrap_or_else(|| vec![String::new()]);
    entries.into_iter().map(|entry| Name { section: section.to_owned(), entry }).collect()
}

/// A section of a part or of the template.
struct Section<'a> {
    name: String,
    /// What it declares, if it is a mapping.
    entries: Option<Vec<String>>,
    /// Its text after the colon.
    body: &'a str,
}

/// The sections, the last first.
fn sections(text: &str) -> Result<Vec<Section<'_>>, String> {
    let values: HashMap<Spanned<String>, Value> =
        serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let mut values: Vec<_> =
        values.into_iter().filter_map(|(key, value)| Some((place(&key)?, key, value))).collect();
    values.sort_by_key(|(place, ..)| place.start);
    let mut end = text.len();
    let sections = values.into_iter().rev().map(|(place, key, value)| {
        let name = key.value;
        let body = text[place.end..end].strip_prefix(':');
        let body = body.ok_or_else(|| format!("{name} is not followed by a colon"))?;
        end = place.start;
        let entries = value.as_object().map(|entries| entries.keys().cloned().collect());
        Ok(Section { name, entries, body })
    });
    sections.collect()
}

#[cfg(test)]
mod tests {
    use super::Assembly;

    fn assemble_parts(parts: &[(&str, &str)]) -> Result<String, String> {
        let mut whole = Assembly::default();
        parts.iter().try_for_each(|(name, text)| whole.add(name, text))?;
        whole.text()
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
                "AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: Both\n\
                 Resources:\n  B:\n    Type: T\n",
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
        let refusal = |parts: &[(&str, &str)]| assemble_parts(parts).expect_err("refused");
        let a = ("a.yaml", "Resources:\n  A:\n    Type: T\n");
        for (text, reason) in [
            ("Resources:\n  A: {}\n", "Resources A is in a.yaml too"),
            ("Resources:\n  \"A\": {}\n", "Resources A is in a.yaml too"),
            ("Resources:\n    B: {}\n", "not indented alike"),
            ("Resources: { B: {} }\n", "not indented alike"),
            ("{ Resources: { B: {} } }\n", "not indented alike"),
            ("Resources:\n  B: {}\n  B: {}\n", "duplicate"),
            ("Resource:\n", "there is no section Resource"),
            ("  A: {}\n", "there is no section A"),
            ("text\n", "mapping"),
        ] {
            let refused = refusal(&[a, ("b.yaml", text)]);
            assert!(refused.contains(reason), "{text}: {refused}");
        }
        let twice = [("a.yaml", "Description: A\n"), ("b.yaml", "Description: B\n")];
        assert!(refusal(&twice).contains("is in a.yaml too"));
        assert!(assemble_parts(&[("a.yaml", "Outputs:\n  A: {}\nResources:\n  A: {}\n")]).is_ok());
    }
}
