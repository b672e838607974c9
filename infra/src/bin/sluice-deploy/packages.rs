//! The functions' zip files and the template, in the artifact bucket.

use std::{collections::BTreeMap, fs, path::Path};

use sha2::{Digest as _, Sha256};
use sluice_infra::{
    Build,
    artifact::{self, Artifact},
};

use crate::{Outcome, aws::Aws, stage::Stage, workspace_dir};

/// What is in the artifact bucket.
pub(crate) struct Uploaded {
    pub(crate) template_url: String,
    /// The parameters that name the functions' code.
    pub(crate) parameters: BTreeMap<String, String>,
}

/// Builds the functions, or takes those that are built.
pub(crate) async fn build(stage: &Stage, functions: Option<&Path>) -> Outcome<Vec<Artifact>> {
    let build = match functions {
        Some(folder) => Build::Ready(folder.to_owned()),
        None => Build::Lambda(stage.architecture()?),
    };
    let executables = build.executables(&workspace_dir()).await?;
    Ok(artifact::package_all(&executables, &workspace_dir().join("target/artifacts"))?)
}

/// Uploads what is not there yet. What earlier deployments left stays, so that a roll-back finds its code.
pub(crate) fn upload(aws: &Aws, stage: &Stage, artifacts: &[Artifact], template: &str) -> Outcome<Uploaded> {
    let bucket = stage.artifact_bucket();
    if aws.json(&["s3api", "head-bucket", "--bucket", &bucket]).is_err() {
        println!("making the bucket {bucket}");
        aws.json(&["s3", "mb", &format!("s3://{bucket}")])?;
    }
    let prefix = artifact::key_prefix(artifacts);
    let folder = gather(artifacts, &prefix)?;
    let functions_url = format!("s3://{bucket}/{prefix}");
    // The prefix tells contents apart: a file that is there is the same.
    aws.show(&["s3", "sync", "--no-progress", "--size-only", &folder, &functions_url])?;

    let path = workspace_dir().join("target/template.yaml");
    fs::write(&path, template)?;
    let key = format!("templates/{}.yaml", &hex::encode(Sha256::digest(template))[..16]);
    let (path, url) = (path.to_string_lossy(), format!("s3://{bucket}/{key}"));
    aws.json(&["s3", "cp", "--only-show-errors", &path, &url])?;
    Ok(Uploaded {
        template_url: aws.object_url(&bucket, &key),
        parameters: BTreeMap::from([
            ("ArtifactBucket".to_owned(), bucket),
            ("ArtifactPrefix".to_owned(), prefix),
        ]),
    })
}

/// A folder with the zip files and nothing else, each set in its own: two deployments may be under way.
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
