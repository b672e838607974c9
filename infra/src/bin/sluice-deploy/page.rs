//! The web page, in the bucket that the distribution serves.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Outcome, aws::Aws, workspace_dir};

/// Builds the page, or takes the one that is built.
pub(crate) fn build(built: Option<&Path>) -> Outcome<PathBuf> {
    if let Some(folder) = built {
        return Ok(folder.to_owned());
    }
    let status = Command::new("make").arg("page").current_dir(workspace_dir()).status()?;
    if status.success() {
        Ok(workspace_dir().join("clients/browser/page/dist"))
    } else {
        Err("the page cannot be built; a stage without it says \"ServePage\": false".into())
    }
}

/// Uploads it. All but its first file are named by their content, and are kept by browsers for ever.
pub(crate) fn upload(aws: &Aws, folder: &Path, bucket: &str) -> Outcome {
    let (from, to) = (folder.to_string_lossy(), format!("s3://{bucket}"));
    let for_ever = "max-age=31536000,immutable";
    let options = ["--only-show-errors", "--delete", "--exclude", "index.html", "--cache-control", for_ever];
    aws.show(&[&["s3", "sync", &*from, &*to][..], &options].concat())?;
    let (index, index_url) = (format!("{from}/index.html"), format!("{to}/index.html"));
    aws.show(&["s3", "cp", "--only-show-errors", &index, &index_url, "--cache-control", "no-cache"])
}
