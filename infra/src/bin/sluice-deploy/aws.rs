//! Clients of the AWS services that a deployment uses, for one account and region.

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use aws_config::credential_process::CredentialProcessProvider;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::identity::IdentityCache;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_cloudformation::config::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};

use crate::stage::Stage;
use crate::target::{Outcome, Target};

/// Version 2 of the AWS command line knows more kinds of credentials than the SDK: single sign-on,
/// `aws login`, and roles for which it asks for a code.
const EXPORT_CREDENTIALS: &str = "aws configure export-credentials --format process";
/// Long enough to type a code.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_mins(2);

/// Clients with the caller's credentials.
pub(crate) struct Aws {
    pub(crate) cloudformation: aws_sdk_cloudformation::Client,
    pub(crate) tables: aws_sdk_dynamodb::Client,
    pub(crate) objects: aws_sdk_s3::Client,
    pub(crate) quotas: aws_sdk_servicequotas::Client,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) endpoint: Option<String>,
    pub(crate) partition: String,
}

/// A call that AWS refused, or that did not reach it.
#[derive(Debug, thiserror::Error)]
#[error("{call}: {message}")]
pub(crate) struct Refused {
    call: &'static str,
    message: String,
    source: Box<dyn Error>,
}

/// Explains why a call failed: in the words of AWS if it answered, and else by all causes.
pub(crate) fn refused<E, R>(call: &'static str) -> impl FnOnce(SdkError<E, R>) -> Refused
where
    E: Error + ProvideErrorMetadata + 'static,
    R: Debug + 'static,
{
    move |error| {
        let message = error.message().map_or_else(|| with_causes(&error), str::to_owned);
        Refused { call, message, source: error.into() }
    }
}

fn with_causes(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", with_causes(source)),
        None => error.to_string(),
    }
}

impl Aws {
    /// Checks that the credentials belong to the stage's account.
    pub(crate) async fn open(stage: &Stage, target: &Target) -> Outcome<Self> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(stage.region.clone()))
            .credentials_provider(credentials(stage).await)
            .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build());
        if let Some(endpoint) = &target.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        let config = loader.load().await;
        let caller = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await;
        let caller = caller.map_err(refused("sts get-caller-identity"))?;
        let account = caller.account().unwrap_or_default();
        let expected = &stage.account;
        if account != expected {
            return Err(format!(
                "these credentials belong to account {account}, but the stage is in account {expected}"
            )
            .into());
        }
        let objects = aws_sdk_s3::config::Builder::from(&config).force_path_style(target.endpoint.is_some());
        Ok(Self {
            cloudformation: aws_sdk_cloudformation::Client::new(&config),
            tables: aws_sdk_dynamodb::Client::new(&config),
            objects: aws_sdk_s3::Client::from_conf(objects.build()),
            quotas: aws_sdk_servicequotas::Client::new(&config),
            account: account.to_owned(),
            region: stage.region.clone(),
            endpoint: target.endpoint.clone(),
            partition: caller.arn().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws").to_owned(),
        })
    }

    /// The URL at which `CloudFormation` reads an object of this region.
    pub(crate) fn object_url(&self, bucket: &str, key: &str) -> String {
        match &self.endpoint {
            Some(endpoint) => format!("{endpoint}/{bucket}/{key}"),
            None => format!("https://{bucket}.s3.{}.{}/{key}", self.region, self.domain()),
        }
    }

    fn domain(&self) -> &'static str {
        if self.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
    }
}

/// The caller's credentials as every SDK finds them, or else as the AWS command line does.
async fn credentials(stage: &Stage) -> SharedCredentialsProvider {
    // A profile that assumes a role calls STS of this region.
    let region = Region::new(stage.region.clone());
    let chain = DefaultCredentialsChain::builder().region(region).build().await;
    match chain.provide_credentials().await {
        Ok(_) => SharedCredentialsProvider::new(chain),
        Err(error) => {
            eprintln!("no credentials by environment or profile: {error}");
            eprintln!("asking `aws configure export-credentials` for them");
            SharedCredentialsProvider::new(CredentialProcessProvider::new(EXPORT_CREDENTIALS.into()))
        }
    }
}
