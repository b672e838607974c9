//! Builds the web page and uploads it to the bucket that the distribution serves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use walkdir::WalkDir;

use crate::bucket::{Bucket, Upload};
use crate::target::{Outcome, workspace_dir};

/// The stack's output that names the bucket.
pub(crate) const BUCKET_OUTPUT: &str = "PageBucketName";
const INDEX: &str = "index.html";

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
pub(crate) async fn upload(bucket: &Bucket<'_>, folder: &Path) -> Outcome {
    let mut files = files(folder)?;
    let index = files.remove(INDEX).ok_or_else(|| format!("{} has no {INDEX}", folder.display()))?;
    let mut superseded = bucket.keys("").await?;
    superseded.retain(|key| key != INDEX && !files.contains_key(key));

    let upload = |(key, path)| Upload { key, path, cache_control: Some("max-age=31536000,immutable") };
    let index = Upload { key: INDEX.to_owned(), path: index, cache_control: Some("no-cache") };
    // The other files come first and old ones go last, so that both the old and the new index.html work
    // meanwhile.
    bucket.upload(files.into_iter().map(upload).collect()).await?;
    bucket.upload(vec![index]).await?;
    bucket.delete_objects(superseded).await
}

/// The files in a folder, by their keys.
pub(crate) fn files(folder: &Path) -> Outcome<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() {
            let key = entry.path().strip_prefix(folder)?.to_string_lossy().into_owned();
            files.insert(key, entry.into_path());
        }
    }
    Ok(files)
}
