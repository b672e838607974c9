//! Assembles one template from the parts under `infra/template/`, and reads what a deployment needs of one.
//!
//! A part has the form of a template, with only the sections that it needs. Each section of the assembled
//! template is the concatenation of that section in all parts. The YAML parser tells what there is and where;
//! the text is cut, not written anew, because no writer keeps comments, short tags and line breaks.

mod assembly;
mod contents;

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use self::assembly::Assembly;
use crate::Error;

pub use self::contents::{Retained, environment_bytes, parameters, retained, with_names};

/// Assembles the parts of `workspace_dir`. Fails on an unknown section, and on a name that two parts use.
pub fn assemble(workspace_dir: &Path) -> Result<String, Error> {
    let folder = workspace_dir.join("infra/template");
    let mut whole = Assembly::default();
    for part in parts(&folder)? {
        let text = fs::read_to_string(&part).map_err(Error::io(format!("reading {}", part.display())))?;
        let name = part.strip_prefix(&folder).unwrap_or(&part).display().to_string();
        whole.add(&name, &text).map_err(|reason| Error::Template { part, reason })?;
    }
    whole.text().map_err(|reason| Error::Template { part: folder, reason })
}

fn parts(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let listing = || Error::io(format!("listing {}", folder.display()));
    let mut parts = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let path = entry.map_err(|error| listing()(error.into()))?.into_path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            parts.push(path);
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::{Retained, assemble, retained, with_names};
    use std::path::Path;

    #[test]
    fn tables_and_the_landing_and_vault_buckets_outlive_the_stack() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let template = assemble(&workspace).expect("a template");
        let template = with_names(&template, "s", "1", "r").expect("a template");
        let tables = template.matches("Type: AWS::DynamoDB::Table").count();
        let retained = retained(&template).expect("a template");
        let (kept_tables, kept_buckets): (Vec<_>, Vec<_>) =
            retained.into_iter().partition(|kept| matches!(kept, Retained::Table(_)));
        assert_eq!(kept_tables.len(), tables);
        let buckets = ["s-landing-1-r", "s-vault-1-r"].map(|name| Retained::Bucket(name.to_owned()));
        assert_eq!(kept_buckets, buckets);
    }
}
