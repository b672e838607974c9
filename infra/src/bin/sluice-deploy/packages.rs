//! The functions' zip files and the template, in the artifact bucket.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
};

use sha2::{Digest as _, Sha256};
use sluice_infra::{
    Build,
    artifact::{self, Artifact},
    template,
};

use crate::{
    Outcome,
    aws::{Aws, items, text},
    stage::Stage,
    workspace_dir,
};

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
pub(crate) fn upload(aws: &Aws, stage: &Stage, artifacts: &[Artifact]) -> Outcome<Uploaded> {
    let bucket = stage.artifact_bucket();
    ensure_bucket(aws, &bucket)?;
    let prefix = artifact::key_prefix(artifacts);
    let listed = aws.json(&["s3api", "list-objects-v2", "--bucket", &bucket, "--prefix", &prefix])?;
    let stored: HashSet<&str> =
        items(&listed["Contents"]).iter().map(|object| text(&object["Key"])).collect();
    for artifact in artifacts {
        let key = format!("{prefix}{}.zip", artifact.function);
        if !stored.contains(key.as_str()) {
            println!("uploading {}", artifact.function);
            put(aws, &bucket, &key, &artifact.zip_path)?;
        }
    }
    let template = template::assemble(&workspace_dir())?;
    let path = workspace_dir().join("target/template.yaml");
    fs::write(&path, &template)?;
    let key = format!("templates/{}.yaml", &hex::encode(Sha256::digest(&template))[..16]);
    put(aws, &bucket, &key, &path)?;
    Ok(Uploaded {
        template_url: aws.object_url(&bucket, &key),
        parameters: BTreeMap::from([
            ("ArtifactBucket".to_owned(), bucket),
            ("ArtifactPrefix".to_owned(), prefix),
        ]),
    })
}

fn ensure_bucket(aws: &Aws, bucket: &str) -> Outcome {
    if aws.json(&["s3api", "head-bucket", "--bucket", bucket]).is_err() {
        println!("making the bucket {bucket}");
        aws.json(&["s3", "mb", &format!("s3://{bucket}")])?;
    }
    Ok(())
}

fn put(aws: &Aws, bucket: &str, key: &str, path: &Path) -> Outcome {
    let (path, url) = (path.to_string_lossy(), format!("s3://{bucket}/{key}"));
    Ok(aws.json(&["s3", "cp", "--only-show-errors", &path, &url]).map(drop)?)
}
