//! Configures the clients of the AWS SDKs.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::{IdentityCache, RequestChecksumCalculation, ResponseChecksumValidation};

use crate::call;
use crate::credentials::Credentials;
use crate::error::{ErrorKind, StorageError};
use crate::role_session::{AssumedRole, LastingSession};
use crate::time_limits::TimeLimits;

/// A client for each service that Sluice uses.
#[derive(Debug, Clone)]
pub struct Clients {
    pub(crate) s3: aws_sdk_s3::Client,
    /// Signs URLs.
    pub(crate) s3_signer: aws_sdk_s3::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
    config: SdkConfig,
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
        let s3 = aws_sdk_s3::Client::from_conf(TimeLimits::default().apply_to(s3).build());
        let config = config.to_builder().timeout_config(TimeLimits::of_services()).build();
        Self {
            s3_signer: s3.clone(),
            s3,
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            secrets: aws_sdk_secretsmanager::Client::new(&config),
            config,
        }
    }

    /// Signs URLs with sessions of this role, and returns their credentials. A function's own may end at any
    /// moment, and its URLs with them: Lambda does not say when.
    #[must_use]
    pub fn signing_as(self, role_arn: &str) -> (Self, Credentials) {
        let role = AssumedRole::new(role_arn.to_owned(), self.config.clone());
        let time = self.config.time_source().unwrap_or_default();
        let session = LastingSession::new(SharedCredentialsProvider::new(role), time);
        let session = SharedCredentialsProvider::new(session);
        let signer = self.s3.config().to_builder().credentials_provider(session.clone());
        // The SDK would keep a session until just before its end, while `UrlLife` sees a later one.
        let signer = signer.identity_cache(IdentityCache::no_cache()).build();
        let s3_signer = aws_sdk_s3::Client::from_conf(signer);
        (Self { s3_signer, ..self }, Credentials::given(session))
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
