//! Configures the clients of the AWS SDKs.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};

use crate::call;
use crate::credentials::Credentials;
use crate::error::{ErrorKind, StorageError};
use crate::time_limits::TimeLimits;

/// A client for each service that Sluice uses.
#[derive(Debug, Clone)]
pub struct Clients {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
}

impl Clients {
    /// Clients configured by the environment (region, credentials, endpoint), and the credentials that they
    /// use.
    pub async fn from_environment() -> (Self, Credentials) {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        (Self::new(&config), Credentials::of(&config))
    }

    pub fn new(config: &SdkConfig) -> Self {
        // Stores other than S3 refuse or ignore the checksums of the SDK, each in its own way. dedup-upload
        // hashes every byte itself.
        let s3 = aws_sdk_s3::config::Builder::from(config)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        let s3 = TimeLimits::default().apply_to(s3).build();
        let config = &config.to_builder().timeout_config(TimeLimits::of_services()).build();
        Self {
            s3: aws_sdk_s3::Client::from_conf(s3),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            secrets: aws_sdk_secretsmanager::Client::new(config),
        }
    }

    /// Reads the text of a secret of AWS Secrets Manager.
    pub async fn secret(&self, name: &str) -> Result<String, StorageError> {
        const OPERATION: &str = "secretsmanager:GetSecretValue";
        let request = self.secrets.get_secret_value().secret_id(name);
        let answer = call::read(OPERATION, request.send()).await?;
        answer
            .secret_string
            .ok_or_else(|| StorageError::new(ErrorKind::Fault, OPERATION, "the secret is no text"))
    }
}
