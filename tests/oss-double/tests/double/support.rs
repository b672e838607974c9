//! Sets up a double in front of a store in memory, and an SDK client of it.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns};
use sluice_oss_double::{OssDouble, Settings};
use std::net::{IpAddr, Ipv4Addr};

use crate::backing::Store;

pub const BUCKET: &str = "bucket-1";
pub const CRC: &str = "x-oss-hash-crc64ecma";

/// A double and the store behind it.
pub struct Setup {
    pub double: OssDouble,
    pub store: Store,
    pub client: Client,
}

/// Resolves every name to this machine.
#[derive(Debug, Clone)]
struct Loopback;

impl ResolveDns for Loopback {
    fn resolve_dns<'a>(&'a self, _name: &'a str) -> DnsFuture<'a> {
        DnsFuture::ready(Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]))
    }
}

impl Setup {
    pub async fn start() -> Self {
        Self::start_with(|settings| settings).await
    }

    pub async fn start_with(change: impl FnOnce(Settings) -> Settings) -> Self {
        let store = Store::start().await;
        let double = OssDouble::start(change(Settings::in_front_of(&store.endpoint, "any", "any"))).unwrap();
        let client = Client::from_conf(config(&double).build());
        Self { double, store, client }
    }

    /// Puts an object with the SDK.
    pub async fn put(&self, key: &str, bytes: &[u8]) {
        let body = ByteStream::from(bytes.to_vec());
        self.client.put_object().bucket(BUCKET).key(key).body(body).send().await.unwrap();
    }

    pub async fn get(&self, key: &str) -> Vec<u8> {
        let object = self.client.get_object().bucket(BUCKET).key(key).send().await.unwrap();
        object.body.collect().await.unwrap().to_vec()
    }
}

/// The SDK's configuration for OSS, without retries.
pub fn config(double: &OssDouble) -> Builder {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(double.region().to_owned()))
        .credentials_provider(Credentials::new("oss-test", "oss-test-secret", None, None, "test"))
        .endpoint_url(double.endpoint())
        .force_path_style(false)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled())
        .http_client(http.build_with_resolver(Loopback))
}

/// The S3 code that a call failed with.
pub fn code<T, E, R>(result: Result<T, SdkError<E, R>>) -> String
where
    E: ProvideErrorMetadata,
{
    match result {
        Ok(_) => "no error".to_owned(),
        Err(error) => {
            error.as_service_error().and_then(|error| error.code()).unwrap_or("no answer").to_owned()
        }
    }
}

/// The CRC-64/XZ in decimal.
pub fn crc(bytes: &[u8]) -> String {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, bytes).to_string()
}

/// Bytes that do not repeat soon.
pub fn data(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}
