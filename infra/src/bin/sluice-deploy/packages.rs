//! Builds the functions, and uploads their zip files and the template to the artifact bucket.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use sluice_infra::Build;
use sluice_infra::artifact::{self, Artifact};

use crate::aws::Aws;
use crate::bucket::{Bucket, Upload};
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
pub(crate) async fn upload(
    aws: &Aws,
    stage: &Stage,
    artifacts: Vec<Artifact>,
    template: String,
) -> Outcome<Uploaded> {
    let name = stage.artifact_bucket();
    let bucket = Bucket { aws, name: &name };
    if !bucket.is_usable().await {
        println!("creating the bucket {name}");
        bucket.create().await?;
    }
    let prefix = artifact::key_prefix(&artifacts);
    let stored = bucket.keys(&prefix).await?;
    let upload = |artifact: Artifact| Upload {
        key: format!("{prefix}{}.zip", artifact.function),
        path: artifact.zip_path,
        cache_control: None,
    };
    let mut uploads: Vec<Upload> = artifacts.into_iter().map(upload).collect();
    // The prefix is a hash of the executables, so a file that exists is already the right one.
    uploads.retain(|upload| !stored.contains(&upload.key));
    if !uploads.is_empty() {
        println!("uploading {} functions to {name}/{prefix}", uploads.len());
    }
    bucket.upload(uploads).await?;

    let key = format!("templates/{}.yaml", &hex::encode(Sha256::digest(&template))[..16]);
    bucket.put(&key, template).await?;
    Ok(Uploaded {
        template_url: aws.object_url(&name, &key),
        parameters: BTreeMap::from([
            ("ArtifactBucket".to_owned(), name),
            ("ArtifactPrefix".to_owned(), prefix),
        ]),
    })
}
