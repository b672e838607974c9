//! Builds the functions, and uploads their zip files and the template to the artifact bucket.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use sluice_infra::Build;
use sluice_infra::artifact::{self, Artifact};

use crate::aws::Aws;
use crate::stage::Stage;
use crate::target::{Outcome, workspace_dir};

/// What was uploaded to the artifact bucket.
pub(crate) struct Uploaded {
    pub(crate) template_url: String,
    /// The parameters that name the functions' code.
    pub(crate) parameters: BTreeMap<String, String>,
}

/// Builds the functions, or uses the executables of a folder.
pub(crate) async fn build(stage: &Stage, functions: Option<&Path>) -> Outcome<Vec<Artifact>> {
    let build = match functions {
        Some(folder) => Build::Ready(folder.to_owned()),
        None => Build::Lambda(stage.architecture()?),
    };
    let executables = build.executables(&workspace_dir()).await?;
    Ok(artifact::package_all(&executables, &workspace_dir().join("target/artifacts"))?)
}

/// Uploads what the bucket does not have yet. Files of earlier deployments stay, so that a rollback finds its
/// code.
pub(crate) fn upload(aws: &Aws, stage: &Stage, artifacts: &[Artifact], template: &str) -> Outcome<Uploaded> {
    let bucket = stage.artifact_bucket();
    if aws.json(&["s3api", "head-bucket", "--bucket", &bucket]).is_err() {
        println!("creating the bucket {bucket}");
        aws.json(&["s3", "mb", &format!("s3://{bucket}")])?;
    }
    let prefix = artifact::key_prefix(artifacts);
    let folder = gather(artifacts, &prefix)?;
    let functions_url = format!("s3://{bucket}/{prefix}");
    // The prefix is a hash of the executables, so a file that exists is already the right one.
    aws.show(&["s3", "sync", "--no-progress", "--size-only", &folder, &functions_url])?;

    let path = workspace_dir().join("target/template.yaml");
    fs::write(&path, template)?;
    let key = format!("templates/{}.yaml", &hex::encode(Sha256::digest(template))[..16]);
    let path = path.to_string_lossy();
    let url = format!("s3://{bucket}/{key}");
    aws.json(&["s3", "cp", "--only-show-errors", &path, &url])?;
    Ok(Uploaded {
        template_url: aws.object_url(&bucket, &key),
        parameters: BTreeMap::from([
            ("ArtifactBucket".to_owned(), bucket),
            ("ArtifactPrefix".to_owned(), prefix),
        ]),
    })
}

/// Links the zip files into a folder of their own, because two deployments may run at once.
fn gather(artifacts: &[Artifact], prefix: &str) -> Outcome<String> {
    let folder = workspace_dir().join("target/deployment").join(prefix);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    for artifact in artifacts {
        fs::hard_link(&artifact.zip_path, folder.join(format!("{}.zip", artifact.function)))?;
    }
    Ok(folder.to_string_lossy().into_owned())
}
