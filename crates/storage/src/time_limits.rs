//! Limits how long a service may keep a caller waiting.
//!
//! The SDKs set no limit to the wait for an answer. They do watch over streams, but hang up after five
//! seconds of silence, and S3 is silent for longer while it copies or merges. So that watch is off, and each
//! attempt at a request has a limit by what it asks for.

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents, StalledStreamProtectionConfig};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use serde::Deserialize;
use std::num::NonZeroU32;
use std::time::Duration;

/// A table or a queue answers an attempt within this time.
const SERVICE_ATTEMPT: Duration = Duration::from_secs(8);

/// All attempts at a call of a table or a queue end within this time: before those of an HTTP function do,
/// which has 29 seconds.
const SERVICE_CALL: Duration = Duration::from_secs(25);

/// The slowest line that a body may be sent over, in bytes a second.
const SLOWEST_LINE: u64 = 256 << 10;

/// The operations during which a store may be silent for as long as it works.
const SILENT_WORK: [&str; 4] =
    ["CopyObject", "UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload"];

/// How long a store may keep a caller waiting. What takes longer is `Unavailable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeLimits {
    /// How long a store may be silent before it answers, or while it sends a body. Three attempts should fit
    /// into the 29 seconds of an HTTP function.
    pub silence_seconds: NonZeroU32,
    /// How long a copy or a merge may take. No call takes longer, all its attempts included.
    pub copy_seconds: NonZeroU32,
}

const fn seconds(seconds: u32) -> NonZeroU32 {
    NonZeroU32::new(seconds).expect("not zero")
}

impl Default for TimeLimits {
    fn default() -> Self {
        const { Self { silence_seconds: seconds(8), copy_seconds: seconds(300) } }
    }
}

impl TimeLimits {
    /// The limits of tables, queues and secrets.
    pub(crate) fn of_services() -> TimeoutConfig {
        TimeoutConfig::builder()
            .operation_attempt_timeout(SERVICE_ATTEMPT)
            .operation_timeout(SERVICE_CALL)
            .build()
    }

    /// A client's configuration with these limits.
    pub(crate) fn apply_to(self, config: aws_sdk_s3::config::Builder) -> aws_sdk_s3::config::Builder {
        config
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(self.copy()).build())
            .interceptor(self)
    }

    pub(crate) fn silence(self) -> Duration {
        Duration::from_secs(self.silence_seconds.get().into())
    }

    fn copy(self) -> Duration {
        Duration::from_secs(self.copy_seconds.get().into())
    }

    /// The limit of one attempt at a request with a body of `body_bytes`.
    fn of_attempt(self, operation: &str, body_bytes: u64) -> Duration {
        if SILENT_WORK.contains(&operation) {
            return self.copy();
        }
        self.silence() + Duration::from_secs(body_bytes / SLOWEST_LINE)
    }
}

impl Intercept for TimeLimits {
    fn name(&self) -> &'static str {
        "TimeLimits"
    }

    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().ok_or("a request without a name")?;
        let body_bytes = context.request().body().content_length().unwrap_or(0);
        let limit = self.of_attempt(operation.name(), body_bytes);
        let limits = config.load::<TimeoutConfig>().cloned().unwrap_or_else(TimeoutConfig::disabled);
        let limits = limits.into_builder().operation_attempt_timeout(limit).build();
        config.interceptor_state().store_put(limits);
        Ok(())
    }
}
