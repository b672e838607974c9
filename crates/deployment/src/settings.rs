//! Lists the settings of a deployment. `docs/OPERATIONS.md` has the same list.

use sluice_domain::hash::Sha256;
use sluice_domain::invitation::Registration;
use sluice_domain::migration::Rule;
use sluice_domain::work::WORKERS_MAX;
use std::time::Duration;
use tracing::level_filters::LevelFilter;

use crate::setting::{About, Absent, Setting};

/// The parameter of the template decides, and its description says what the setting is.
const PARAMETER: &str = "the [parameter](../infra/README.md#parameters) of the same name";

/// Defines the settings, and [`ALL`] of them.
macro_rules! settings {
    ($($name:ident: $value:ty = $setting:expr;)*) => {
        $(pub static $name: Setting<$value> = $setting;)*

        /// All settings, as `docs/OPERATIONS.md` lists them.
        pub static ALL: &[&About] = &[$(&$name.about),*];
    };
}

settings! {
    LOG_LEVEL: LevelFilter =
        Setting::new("SLUICE_LOG_LEVEL", PARAMETER, "error, warn, info, debug or trace")
            .or(Absent::Default("info"));
    STACK_NAME: String = Setting::text("SLUICE_STACK_NAME", "the dimension of the [metrics](#metrics)")
        .or(Absent::Means("no metrics"));
    TABLE_PREFIX: String = Setting::text(
        "SLUICE_TABLE_PREFIX",
        "the name of the table accounts is this, `-` and `accounts`; so for all \
         [tables](ARCHITECTURE.md#tables)",
    );
    LANDING_BUCKET: String = Setting::text("SLUICE_LANDING_BUCKET", "name of the landing bucket");
    VAULT_BUCKET: String = Setting::text("SLUICE_VAULT_BUCKET", "name of the vault bucket");
    CACHE_BUCKET: String = Setting::text("SLUICE_CACHE_BUCKET", "name of the cache bucket");
    LANDING_QUEUE_URL: String = Setting::text("SLUICE_LANDING_QUEUE_URL", "queue of dedup-upload");
    LANDING_DEAD_LETTER_QUEUE_URL: String =
        Setting::text("SLUICE_LANDING_DEAD_LETTER_QUEUE_URL", "its dead-letter queue");
    MATERIALIZE_QUEUE_URL: String =
        Setting::text("SLUICE_MATERIALIZE_QUEUE_URL", "queue of materialize-blob");
    MATERIALIZE_DEAD_LETTER_QUEUE_URL: String =
        Setting::text("SLUICE_MATERIALIZE_DEAD_LETTER_QUEUE_URL", "its dead-letter queue");
    COMPRESS_QUEUE_URL: String = Setting::text("SLUICE_COMPRESS_QUEUE_URL", "queue of compress-pack");
    COMPRESS_DEAD_LETTER_QUEUE_URL: String =
        Setting::text("SLUICE_COMPRESS_DEAD_LETTER_QUEUE_URL", "its dead-letter queue");
    MIGRATE_QUEUE_URL: String = Setting::text("SLUICE_MIGRATE_QUEUE_URL", "queue of migrate-pack");
    MIGRATE_DEAD_LETTER_QUEUE_URL: String =
        Setting::text("SLUICE_MIGRATE_DEAD_LETTER_QUEUE_URL", "its dead-letter queue");
    QUEUE_MAX_RECEIVE_COUNT: u32 = Setting::number(
        "SLUICE_QUEUE_MAX_RECEIVE_COUNT",
        "[when a worker gives a message up](../events/README.md#rules-for-all-events)",
    );
    HEARTBEAT_TIMEOUT_SECONDS: Duration = Setting::parsed(
        "SLUICE_HEARTBEAT_TIMEOUT_SECONDS",
        PARAMETER,
        "a whole number from 1",
        |value| value.parse().ok().filter(|seconds| *seconds > 0).map(Duration::from_secs),
    )
    .or(Absent::Default("120"));
    ACCOUNT_WORKERS: usize = Setting::parsed(
        "SLUICE_ACCOUNT_WORKERS",
        PARAMETER,
        "a whole number from 1 to 16",
        |value| value.parse().ok().filter(|workers| (1..=WORKERS_MAX).contains(workers)),
    )
    .or(Absent::Default("8"));
    DAILY_WORK_BYTES: u64 = Setting::number("SLUICE_DAILY_WORK_BYTES", PARAMETER)
        .or(Absent::Default("2199023255552"));
    STORES: String = Setting::text("SLUICE_STORES", PARAMETER).or(Absent::Default("{}"));
    REQUIRE_TLS: bool = Setting::new("SLUICE_REQUIRE_TLS", PARAMETER, "true or false")
        .or(Absent::Default("false"));
    URL_SIGNING_ROLE_ARN: String = Setting::parsed(
        "SLUICE_URL_SIGNING_ROLE_ARN",
        "the role whose sessions sign URLs of stores that have no credentials of their own",
        "the ARN of a role",
        |value| value.starts_with("arn:").then(|| value.to_owned()),
    )
    .or(Absent::Means("the function's own credentials sign, and a URL may end before it says"));
    PRESIGNED_URL_TTL_SECONDS: Duration = Setting::seconds("SLUICE_PRESIGNED_URL_TTL_SECONDS", PARAMETER);
    UPLOAD_TTL_SECONDS: Duration = Setting::seconds("SLUICE_UPLOAD_TTL_SECONDS", PARAMETER);
    SESSION_TTL_SECONDS: Duration = Setting::seconds("SLUICE_SESSION_TTL_SECONDS", PARAMETER);
    CACHED_BLOB_TTL_SECONDS: Duration = Setting::seconds("SLUICE_CACHED_BLOB_TTL_SECONDS", PARAMETER);
    RETIRED_OBJECT_GRACE_SECONDS: Duration =
        Setting::seconds("SLUICE_RETIRED_OBJECT_GRACE_SECONDS", PARAMETER);
    REGISTRATION: Registration =
        Setting::new("SLUICE_REGISTRATION", PARAMETER, "open, invite or closed").or(Absent::Default("closed"));
    ORIGIN_SECRET: String = Setting::parsed(
        "SLUICE_ORIGIN_SECRET",
        "the secret by which functions know the page's distribution, made by the template",
        "at least 32 characters",
        |value| (value.len() >= 32).then(|| value.to_owned()),
    )
    .secret()
    .or(Absent::Means("all calls count as direct"));
    REFUSE_DIRECT_CALLS: bool =
        Setting::parsed("SLUICE_DIRECT_CALLS", PARAMETER, "allow or refuse", |value| match value {
            "allow" => Some(false),
            "refuse" => Some(true),
            _ => None,
        })
        .or(Absent::Default("allow"));
    DEFAULT_QUOTA_BYTES: u64 = Setting::number("SLUICE_DEFAULT_QUOTA_BYTES", PARAMETER);
    WEBHOOK_SECRET_SHA256: Sha256 =
        Setting::new("SLUICE_WEBHOOK_SECRET_SHA256", PARAMETER, "a SHA-256 in lower-case hex")
            .or(Absent::Means("the webhook is closed"))
            .secret();
    MIGRATION_RULES: Vec<Rule> = Setting::parsed(
        "SLUICE_MIGRATION_RULES",
        PARAMETER,
        "a JSON list of rules, each to a store with a cold bucket (docs/OPERATIONS.md)",
        |value| serde_json::from_str(value).ok(),
    )
    .or(Absent::Means("no rules"));
    MIGRATION_BYTES_PER_SECOND: u64 = Setting::number("SLUICE_MIGRATION_BYTES_PER_SECOND", PARAMETER);
    MIGRATION_PACKS_IN_FLIGHT: usize = Setting::number("SLUICE_MIGRATION_PACKS_IN_FLIGHT", PARAMETER);
    RECEIPT_SIGNING_KEY: String = Setting::new(
        "SLUICE_RECEIPT_SIGNING_KEY",
        "the same; also `env:NAME`, where `NAME` begins with `SLUICE_`. The text is 64 hex digits, an \
         Ed25519 seed",
        "env:NAME or secretsmanager:NAME of 64 hex digits",
    )
    .secret()
    .or(Absent::Means("no receipts"));
}
