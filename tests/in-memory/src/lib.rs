//! Buckets, tables and queues in memory, for tests that run a worker in milliseconds.
//!
//! Only the HTTP client of the AWS SDKs is replaced, so everything in `sluice-storage` runs for real:
//! conditions, transactions, errors, checksums and retries. The services are:
//!
//! - [`buckets`]: `s3s` reads the S3 protocol; the objects are ours.
//! - [`tables`]: `dynoxide`, with the tables of the template.
//! - [`queues`]: our own, with visibility and receive counts.
//!
//! [`faults`] fail chosen requests, and let something happen in the middle of a worker's run.

#![allow(clippy::missing_panics_doc, reason = "a test that cannot continue panics")]

pub mod buckets;
mod connector;
mod delivery;
pub mod faults;
pub mod queues;
pub mod sample;
mod settings;
pub mod tables;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials as AccessKey;
use aws_credential_types::provider::SharedCredentialsProvider;
use sluice_deployment::Deployment;
use sluice_storage::Clients;
use sluice_storage::presign::Credentials;
use std::collections::BTreeMap;
use std::sync::Arc;

use buckets::Buckets;
use connector::Connector;
use faults::Faults;
use queues::Queues;
use tables::Database;

pub use settings::{COLD_STORE, settings};

/// The only access key that the buckets know, and its secret.
pub const ACCESS_KEY: [&str; 2] = ["in-memory", "in-memory-secret"];

/// An address that nothing is sent to. With an IP address the SDK names buckets in the path.
const ENDPOINT: &str = "http://127.0.0.1";

/// What a deployment needs of AWS, empty at first.
#[derive(Debug, Clone, Default)]
pub struct Services {
    pub buckets: Arc<Buckets>,
    pub tables: Arc<Database>,
    pub queues: Arc<Queues>,
    pub faults: Arc<Faults>,
}

impl Services {
    /// A configuration of SDK clients that reaches these services. Failed requests are not repeated: a test
    /// that is about repeats asks for them.
    pub fn sdk(&self) -> SdkConfig {
        let [key, secret] = ACCESS_KEY;
        let key = AccessKey::new(key, secret, None, None, "in memory");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(key))
            .endpoint_url(ENDPOINT)
            .retry_config(RetryConfig::disabled())
            .http_client(Connector::new(self.clone()).into_client())
            .build()
    }

    /// A deployment on these services, with the settings of [`settings`].
    pub fn deployment(&self) -> Deployment {
        self.deployment_with(settings())
    }

    pub fn deployment_with(&self, settings: BTreeMap<String, String>) -> Deployment {
        let sdk = self.sdk();
        Deployment::new(Clients::new(&sdk), Credentials::of(&sdk), settings)
    }
}
