//! Builds the web page and uploads it to the bucket that the distribution serves.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::aws::Aws;
use crate::stack;
use crate::target::{Outcome, workspace_dir};

/// Builds the page, or uses the built page of a folder.
pub(crate) fn build(built: Option<&Path>) -> Outcome<PathBuf> {
    if let Some(folder) = built {
        return Ok(folder.to_owned());
    }
    let status = Command::new("make").arg("page").current_dir(workspace_dir()).status()?;
    if status.success() {
        Ok(workspace_dir().join("clients/browser/page/dist"))
    } else {
        Err("cannot build the page; to deploy without it, set \"ServePage\": false in the stage".into())
    }
}

/// Uploads the page. All files but index.html are named after their hash, so browsers may cache them for
/// ever.
pub(crate) fn upload(aws: &Aws, folder: &Path, bucket: &str) -> Outcome {
    let from = folder.to_string_lossy();
    let to = format!("s3://{bucket}");
    let for_ever = "max-age=31536000,immutable";
    let sync = ["s3", "sync", &*from, &*to, "--only-show-errors", "--exclude", "index.html"];
    let sync = [&sync[..], &["--cache-control", for_ever]].concat();
    // The other files come first and old ones go last, so that both the old and the new index.html work
    // meanwhile.
    aws.show(&sync)?;
    let (index, index_url) = (format!("{from}/index.html"), format!("{to}/index.html"));
    aws.show(&["s3", "cp", "--only-show-errors", &index, &index_url, "--cache-control", "no-cache"])?;
    aws.show(&[&sync[..], &["--delete"]].concat())
}

/// Empties the bucket of a page that will no longer be served. `CloudFormation` cannot delete a bucket with
/// objects.
pub(crate) fn delete_all(aws: &Aws, stack: &str) -> Outcome {
    match stack::outputs(aws, stack)?.get("PageBucketName") {
        Some(bucket) => empty(aws, bucket),
        None => Ok(()),
    }
}

/// Deletes all objects of a bucket.
pub(crate) fn empty(aws: &Aws, bucket: &str) -> Outcome {
    aws.show(&["s3", "rm", "--only-show-errors", "--recursive", &format!("s3://{bucket}")])
}
