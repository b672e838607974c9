//! Deploys the template to an emulator, as to AWS: artifacts into a bucket, then `CloudFormation`.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_cloudformation::types::{Capability, Parameter, ResourceStatus, Stack, StackStatus};
use aws_sdk_s3::primitives::ByteStream;
use sha2::{Digest as _, Sha256};

use sluice_infra::artifact::{self, Artifact};

use crate::Error;
use crate::emulator::Emulator;
use crate::wait::{NotReady, Wait};

const ARTIFACT_BUCKET: &str = "sluice-artifacts";
const DEPLOY_TIMEOUT_SECONDS: u64 = 300;

/// Parameters or outputs of the template, by name.
pub(crate) type Parameters = BTreeMap<String, String>;

pub(crate) struct Deployer<'a> {
    cloudformation: Client,
    objects: aws_sdk_s3::Client,
    stack_name: &'a str,
    emulator: &'a Emulator,
}

impl<'a> Deployer<'a> {
    pub(crate) fn new(config: &SdkConfig, stack_name: &'a str, emulator: &'a Emulator) -> Self {
        Self {
            cloudformation: Client::new(config),
            objects: aws_sdk_s3::Client::new(config),
            stack_name,
            emulator,
        }
    }

    /// Uploads the artifacts that the bucket does not have yet, and returns the parameters that name them.
    pub(crate) async fn upload(&self, artifacts: &[Artifact]) -> Result<Parameters, Error> {
        let bucket = self.objects.create_bucket().bucket(ARTIFACT_BUCKET).send().await;
        bucket.map_err(Error::call("creating the artifact bucket"))?;
        let prefix = artifact::key_prefix(artifacts);
        let stored = self.stored_keys("functions/").await?;
        for artifact in artifacts {
            let key = format!("{prefix}{}.zip", artifact.function);
            if !stored.contains(&key) {
                let body = tokio::fs::read(&artifact.zip_path).await;
                self.put(key, body.map_err(Error::io("reading an artifact"))?).await?;
            }
        }
        for superseded in stored.iter().filter(|key| !key.starts_with(&prefix)) {
            let deleted = self.objects.delete_object().bucket(ARTIFACT_BUCKET).key(superseded).send().await;
            deleted.map_err(Error::call("deleting an old artifact"))?;
        }
        let named = [("ArtifactBucket", ARTIFACT_BUCKET), ("ArtifactPrefix", &prefix)];
        Ok(named.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    /// Creates the stack, or updates the one that exists, and returns its outputs.
    pub(crate) async fn deploy(
        &self,
        template: String,
        parameters: &Parameters,
    ) -> Result<Parameters, Error> {
        let template_url = self.upload_template(template).await?;
        let parameters: Vec<Parameter> = parameters
            .iter()
            .map(|(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build())
            .collect();
        if self.describe().await.is_some() {
            self.update(&template_url, parameters).await?;
        } else {
            self.create(&template_url, parameters).await?;
        }
        let stack = self.wait_until_deployed().await?;
        let outputs = stack.outputs.unwrap_or_default().into_iter();
        Ok(outputs.filter_map(|output| Some((output.output_key?, output.output_value?))).collect())
    }

    async fn create(&self, template_url: &str, parameters: Vec<Parameter>) -> Result<(), Error> {
        let request =
            self.cloudformation.create_stack().stack_name(self.stack_name).template_url(template_url);
        let request = request.set_parameters(Some(parameters)).capabilities(Capability::CapabilityIam);
        request.send().await.map(drop).map_err(|error| self.refused(&error))
    }

    async fn update(&self, template_url: &str, parameters: Vec<Parameter>) -> Result<(), Error> {
        let request =
            self.cloudformation.update_stack().stack_name(self.stack_name).template_url(template_url);
        let request = request.set_parameters(Some(parameters)).capabilities(Capability::CapabilityIam);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.message().is_some_and(|message| message.contains("No updates")) => Ok(()),
            Err(error) => Err(self.refused(&error)),
        }
    }

    /// Waits for the current operation to succeed or fail.
    async fn wait_until_deployed(&self) -> Result<Stack, Error> {
        let wait = Wait {
            what: "the deployment",
            timeout_seconds: DEPLOY_TIMEOUT_SECONDS,
            pause: Duration::from_millis(250),
            log: self.emulator.log().to_owned(),
        };
        wait.until_ready(async || {
            let stack = self.describe().await;
            let status = stack.as_ref().and_then(|stack| stack.stack_status.clone());
            match (stack, status) {
                (Some(stack), Some(StackStatus::CreateComplete | StackStatus::UpdateComplete)) => Ok(stack),
                (_, Some(status)) if !status.as_str().ends_with("_IN_PROGRESS") => {
                    Err(NotReady::Ever(self.failure().await))
                }
                (_, status) => Err(NotReady::Yet(
                    status.map_or_else(|| "no such stack".to_owned(), |status| status.to_string()),
                )),
            }
        })
        .await
    }

    async fn describe(&self) -> Option<Stack> {
        let described =
            self.cloudformation.describe_stacks().stack_name(self.stack_name).send().await.ok()?;
        let live = |stack: &Stack| stack.stack_status != Some(StackStatus::DeleteComplete);
        described.stacks.unwrap_or_default().into_iter().find(live)
    }

    /// The first failure, which caused the others. Events are listed latest first.
    async fn failure(&self) -> Error {
        let described = self.cloudformation.describe_stack_events().stack_name(self.stack_name).send().await;
        let events = described.ok().and_then(|described| described.stack_events).unwrap_or_default();
        let failed = |status: &ResourceStatus| status.as_str().ends_with("_FAILED");
        let first = events.into_iter().rfind(|event| event.resource_status.as_ref().is_some_and(failed));
        let (resource, reason) =
            first.map(|event| (event.logical_resource_id, event.resource_status_reason)).unwrap_or_default();
        self.failed_at(resource, reason)
    }

    fn refused<E>(&self, error: &SdkError<E>) -> Error
    where
        SdkError<E>: aws_sdk_cloudformation::error::ProvideErrorMetadata,
    {
        self.failed_at(None, error.message().map(str::to_owned))
    }

    fn failed_at(&self, resource: Option<String>, reason: Option<String>) -> Error {
        Error::Deploy {
            resource: resource.unwrap_or_else(|| format!("stack {}", self.stack_name)),
            reason: reason.unwrap_or_else(|| "no reason was given".to_owned()),
            log: self.emulator.log().to_owned(),
        }
    }

    async fn upload_template(&self, template: String) -> Result<String, Error> {
        let key = format!("templates/{}.yaml", &hex::encode(Sha256::digest(&template))[..16]);
        self.put(key.clone(), template.into_bytes()).await?;
        Ok(format!("{}/{ARTIFACT_BUCKET}/{key}", self.emulator.endpoint()))
    }

    async fn put(&self, key: String, body: Vec<u8>) -> Result<(), Error> {
        let put = self
            .objects
            .put_object()
            .bucket(ARTIFACT_BUCKET)
            .key(key)
            .body(ByteStream::from(body))
            .send()
            .await;
        put.map(drop).map_err(Error::call("uploading an artifact"))
    }

    async fn stored_keys(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let listed = self.objects.list_objects_v2().bucket(ARTIFACT_BUCKET).prefix(prefix).send().await;
        let contents = listed.map_err(Error::call("listing the artifacts"))?.contents.unwrap_or_default();
        Ok(contents.into_iter().filter_map(|object| object.key).collect())
    }
}
