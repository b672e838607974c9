//! The stacks the stories run on, each brought up once, by whichever story needs it first.

use aws_config::SdkConfig;
use sluice_domain::hash::Sha256;
use sluice_lambda::Deployment;
use sluice_localstack::{Settings, Stack};
use sluice_storage::Clients;
use sluice_storage::presign::Credentials;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::mpsc;

/// What stores show at the hook.
pub const HOOK_SECRET: &str = "4e3d1f7c0a5b92686d7a31f0c2e9b8547f60a1d2c3b4e5f60718293a4b5c6d7e";

/// A deployed stack.
#[derive(Debug)]
pub struct Deployed {
    /// Where the API answers.
    pub api: String,
    /// Where the emulated AWS answers.
    pub aws: String,
    /// What the functions write.
    pub functions_log: PathBuf,
    /// What the functions are told, as environment variables.
    pub settings: BTreeMap<String, String>,
    /// The configuration of SDK clients that may do everything.
    pub sdk: SdkConfig,
}

/// The stack as it is deployed, workers and all.
pub fn live() -> &'static Deployed {
    static LIVE: OnceLock<Deployed> = OnceLock::new();
    LIVE.get_or_init(|| deploy("live", true))
}

/// The same with its workers paused, for stories that run the workers themselves.
pub fn paused() -> &'static Deployed {
    static PAUSED: OnceLock<Deployed> = OnceLock::new();
    PAUSED.get_or_init(|| deploy("paused", false))
}

/// One more like it, for the sweeper, which looks at all uploads of its stack as if days had passed.
pub fn swept() -> &'static Deployed {
    static SWEPT: OnceLock<Deployed> = OnceLock::new();
    SWEPT.get_or_init(|| deploy("swept", false))
}

/// Brings a stack up on a thread of its own, whose runtime outlives every story's.
fn deploy(name: &'static str, workers: bool) -> Deployed {
    let (deployed, waiting) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let state = tempfile::tempdir().expect("a temporary folder");
            let settings = Settings::new(state.path())
                .parameter("WorkersEnabled", workers.to_string())
                .parameter("DefaultQuotaBytes", (8_u64 << 30).to_string())
                .parameter("HookSecretSha256", Sha256::of(HOOK_SECRET.as_bytes()).to_string());
            let stack = Stack::start(settings).await.unwrap_or_else(|error| panic!("stack {name}: {error}"));
            deployed.send(Deployed::of(&stack)).expect("somebody waits");
            // The emulator ends with this process, whose end it sees.
            std::future::pending::<()>().await;
        });
    });
    waiting.recv().expect("the stack came up")
}

impl Deployed {
    /// What there is to know of a stack that is up.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        let output =
            |name: &str| stack.output(name).unwrap_or_else(|| panic!("the output {name}")).to_owned();
        let settings = [
            ("SLUICE_ACCOUNTS_TABLE", output("AccountsTableName")),
            ("SLUICE_SESSIONS_TABLE", output("SessionsTableName")),
            ("SLUICE_UPLOADS_TABLE", output("UploadsTableName")),
            ("SLUICE_FILES_TABLE", output("FilesTableName")),
            ("SLUICE_VERSIONS_TABLE", output("VersionsTableName")),
            ("SLUICE_CONTENTS_TABLE", output("ContentsTableName")),
            ("SLUICE_PACKS_TABLE", output("PacksTableName")),
            ("SLUICE_CHUNK_INDEX_TABLE", output("ChunkIndexTableName")),
            ("SLUICE_RETIRED_OBJECTS_TABLE", output("RetiredObjectsTableName")),
            ("SLUICE_RECEIPTS_TABLE", output("ReceiptsTableName")),
            ("SLUICE_COMPRESS_QUEUE_URL", output("CompressQueueUrl")),
            ("SLUICE_COMPRESS_DEAD_LETTER_QUEUE_URL", output("CompressDeadLetterQueueUrl")),
            ("SLUICE_MIGRATE_QUEUE_URL", output("MigrateQueueUrl")),
            ("SLUICE_MIGRATE_DEAD_LETTER_QUEUE_URL", output("MigrateDeadLetterQueueUrl")),
            ("SLUICE_MIGRATION_BYTES_PER_SECOND", "0".to_owned()),
            ("SLUICE_MIGRATION_PACKS_IN_FLIGHT", "8".to_owned()),
            ("SLUICE_GRACE_SECONDS", "7200".to_owned()),
            ("SLUICE_LANDING_BUCKET", output("LandingBucketName")),
            ("SLUICE_VAULT_BUCKET", output("VaultBucketName")),
            ("SLUICE_CACHE_BUCKET", output("CacheBucketName")),
            ("SLUICE_CACHE_SECONDS", "604800".to_owned()),
            ("SLUICE_MATERIALIZE_QUEUE_URL", output("MaterializeQueueUrl")),
            ("SLUICE_MATERIALIZE_DEAD_LETTER_QUEUE_URL", output("MaterializeDeadLetterQueueUrl")),
            ("SLUICE_LANDING_QUEUE_URL", output("LandingQueueUrl")),
            ("SLUICE_LANDING_DEAD_LETTER_QUEUE_URL", output("LandingDeadLetterQueueUrl")),
            ("SLUICE_MAX_RECEIVE_COUNT", "3".to_owned()),
            ("SLUICE_HOOK_SECRET_SHA256", Sha256::of(HOOK_SECRET.as_bytes()).to_string()),
            ("SLUICE_DEFAULT_QUOTA_BYTES", (8_u64 << 30).to_string()),
            ("SLUICE_SESSION_SECONDS", "3600".to_owned()),
            ("SLUICE_URL_SECONDS", "3600".to_owned()),
            ("SLUICE_UPLOAD_SECONDS", "604800".to_owned()),
        ];
        Self {
            api: stack.api_url().to_owned(),
            aws: stack.aws_endpoint(),
            functions_log: stack.functions_log(),
            settings: settings.map(|(name, value)| (name.to_owned(), value)).into(),
            sdk: stack.sdk_config().clone(),
        }
    }

    /// The deployment as a function sees it, for running functions in this process.
    pub fn deployment(&self) -> Deployment {
        Deployment::new(Clients::new(&self.sdk), Credentials::of(&self.sdk), self.settings.clone())
    }

    /// One of the functions' settings.
    pub fn setting(&self, name: &str) -> &str {
        &self.settings[name]
    }
}
