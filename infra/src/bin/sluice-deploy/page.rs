//! The web page, in the bucket that the distribution serves.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Outcome, aws::Aws, deploy::outputs, workspace_dir};

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
    let sync = ["s3", "sync", &*from, &*to, "--only-show-errors", "--exclude", "index.html"];
    let sync = [&sync[..], &["--cache-control", for_ever]].concat();
    // Whoever reads meanwhile finds all that the first file names, be it the old one or the new.
    aws.show(&sync)?;
    let (index, index_url) = (format!("{from}/index.html"), format!("{to}/index.html"));
    aws.show(&["s3", "cp", "--only-show-errors", &index, &index_url, "--cache-control", "no-cache"])?;
    aws.show(&[&sync[..], &["--delete"]].concat())
}

/// Empties the bucket of a page that will not be served any more: `CloudFormation` deletes no bucket that has objects.
pub(crate) fn clear_away(aws: &Aws, stack: &str) -> Outcome {
    match outputs(aws, stack)?.get("PageBucketName") {
        Some(bucket) => empty(aws, bucket),
        None => Ok(()),
    }
}

/// Deletes all objects of a bucket.
pub(crate) fn empty(aws: &Aws, bucket: &str) -> Outcome {
    aws.show(&["s3", "rm", "--only-show-errors", "--recursive", &format!("s3://{bucket}")])
}
