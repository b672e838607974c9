//! Deploys the stacks that the stories run on, each once, when the first story needs it.

use aws_config::SdkConfig;
use serde_json::{Value, json};
use sluice_deployment::{Absent, Deployment, settings};
use sluice_domain::hash::Sha256;
use sluice_localstack::stores::StoreKind;
use sluice_localstack::{EmulatorKind, Keys, Settings, Stack};
use sluice_oss_double::OssDouble;
use sluice_storage::presign::Credentials;
use sluice_storage::{Clients, TableNames};
use sluice_strict_aws::StrictAws;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};

use crate::roles;

/// The secret that stores present to the webhook.
pub const WEBHOOK_SECRET: &str = "4e3d1f7c0a5b92686d7a31f0c2e9b8547f60a1d2c3b4e5f60718293a4b5c6d7e";

#[derive(Debug)]
pub struct Deployed {
    /// The address of the API.
    pub api: String,
    /// The address of the emulated AWS.
    pub aws: String,
    /// The keys of its administrator.
    pub keys: Keys,
    /// The log of all functions.
    pub functions_log: PathBuf,
    /// The functions' settings, by the names of their environment variables.
    pub settings: BTreeMap<String, String>,
    /// The configuration of SDK clients with every right in the emulated AWS.
    pub sdk: SdkConfig,
    /// The configuration of SDK clients with the rights of a function's role, by the function's name.
    pub roles: BTreeMap<String, SdkConfig>,
    /// The configuration of clients of the store that keeps the objects.
    objects: aws_sdk_s3::Config,
    /// The store that packs migrate to. It enforces OSS's rules and keeps its objects in the emulator.
    pub oss: Option<Arc<OssDouble>>,
    /// The strict AWS in front of the emulator, if there is one.
    strict: Option<StrictAws>,
}

/// The bucket that packs migrate to.
pub const COLD_BUCKET: &str = "sluice-cold";

/// The seed of the receipt signing key.
const RECEIPT_SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

/// What stands for AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aws {
    Emulator(EmulatorKind),
    /// Ministack behind a front that is as strict as AWS.
    Strict,
}

/// What stands for AWS in the stories: `SLUICE_TEST_STACK`, or else ministack.
#[expect(clippy::disallowed_methods, reason = "the tests' own setting, read here only")]
fn aws() -> Aws {
    match std::env::var("SLUICE_TEST_STACK").as_deref() {
        Ok("strict") => Aws::Strict,
        Ok(name) => Aws::Emulator(name.parse().expect("ministack, strict or localstack")),
        Err(_) => Aws::Emulator(EmulatorKind::default()),
    }
}

/// The seed of the strict AWS's faults: `SLUICE_STRICT_SEED`, or else 1.
#[expect(clippy::disallowed_methods, reason = "the tests' own setting, read here only")]
fn strict_seed() -> u64 {
    std::env::var("SLUICE_STRICT_SEED").map_or(1, |seed| seed.parse().expect("a number"))
}

/// Whether the emulator enforces the rights of roles. LocalStack's free edition grants everything.
pub fn enforces_roles() -> bool {
    aws() != Aws::Emulator(EmulatorKind::LocalStack)
}

/// The real store that keeps the objects: `SLUICE_TEST_STORE`, or none.
#[expect(clippy::disallowed_methods, reason = "the tests' own setting, read here only")]
pub fn store_kind() -> Option<StoreKind> {
    let name = std::env::var("SLUICE_TEST_STORE").ok()?;
    Some(name.parse().expect("ceph, seaweedfs or minio"))
}

/// A stack with running workers.
pub fn live() -> &'static Deployed {
    static LIVE: OnceLock<Deployed> = OnceLock::new();
    LIVE.get_or_init(|| deploy("live", aws(), &[]))
}

/// A stack with paused workers, for stories that run the workers themselves.
pub fn paused() -> &'static Deployed {
    static PAUSED: OnceLock<Deployed> = OnceLock::new();
    PAUSED.get_or_init(|| deploy("paused", aws(), &[("WorkersEnabled", "false")]))
}

/// A stack with paused workers on ministack, whatever emulator the other stories use.
pub fn ministack() -> &'static Deployed {
    static MINISTACK: OnceLock<Deployed> = OnceLock::new();
    MINISTACK.get_or_init(|| {
        deploy("ministack", Aws::Emulator(EmulatorKind::Ministack), &[("WorkersEnabled", "false")])
    })
}

/// A stack with paused workers for the sweeper alone, because it treats all uploads of its stack as if days
/// had passed. It also deploys the page's distribution.
pub fn swept() -> &'static Deployed {
    static SWEPT: OnceLock<Deployed> = OnceLock::new();
    let parameters = &[("WorkersEnabled", "false"), ("ServePage", "true")];
    SWEPT.get_or_init(|| deploy("swept", aws(), parameters))
}

/// Whether the store sends notifications of new objects.
pub fn notifies() -> bool {
    store_kind().is_none_or(StoreKind::has_notifications)
}

/// Whether the store compares a body with its signed SHA-256.
pub fn verifies_checksums() -> bool {
    !matches!(store_kind(), Some(StoreKind::Ceph | StoreKind::Minio))
}

/// Deploys a stack on a thread of its own, because its runtime must outlive that of every story.
fn deploy(name: &'static str, aws: Aws, parameters: &'static [(&'static str, &'static str)]) -> Deployed {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let mut settings = Settings::new(state_folder(name));
            if let Aws::Emulator(kind) = aws {
                settings.emulator = kind;
            }
            settings.store = store_kind();
            WEBHOOK_SECRET.clone_into(&mut settings.webhook_secret);
            let oss = with_oss(&mut settings);
            let strict = (aws == Aws::Strict).then(|| with_strict_aws(&mut settings));
            settings = settings.parameter("DefaultQuotaBytes", (8_u64 << 30).to_string());
            for (parameter, value) in parameters {
                settings = settings.parameter(parameter, *value);
            }
            let stack = Stack::start(settings).await.unwrap_or_else(|error| panic!("stack {name}: {error}"));
            let mut deployed = Deployed::of(&stack);
            deployed.roles = roles::assume_all(&deployed.sdk).await;
            deployed.add_oss(oss).await;
            deployed.strict = strict;
            sender.send(deployed).expect("the receiver waits");
            // Keeps the stack. The emulator ends with this process.
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().expect("the stack started")
}

/// The folder of a stack's state. The process ends without cleaning up, so the next one removes it.
fn state_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/stories");
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.rsplit('-').next().unwrap_or_default().to_owned();
        let has_proc = Path::new("/proc/self").exists();
        if has_proc && !Path::new("/proc").join(process).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    folder.join(format!("{name}-{}", std::process::id()))
}

/// Starts an OSS double in front of the emulator that will be started, and registers it.
fn with_oss(settings: &mut Settings) -> OssDouble {
    let port = sluice_localstack::ports::free().expect("a free port");
    settings.aws_port = Some(port);
    let backing = format!("http://127.0.0.1:{port}");
    let oss = oss_double(&backing, &settings.keys);
    settings.other_stores.insert("oss".to_owned(), oss_definition(&oss));
    settings.environment.extend(oss_environment());
    oss
}

fn oss_double(backing: &str, keys: &Keys) -> OssDouble {
    let settings = sluice_oss_double::Settings::in_front_of(backing, &keys.access_key, &keys.secret_key);
    OssDouble::start(settings).expect("an OSS double")
}

/// Starts a strict front of the emulator that will be started, for clients and functions.
fn with_strict_aws(settings: &mut Settings) -> StrictAws {
    let port = settings.aws_port.expect("the port was chosen before");
    let seed = strict_seed();
    // Not by a macro: the seed of every failure is to be seen, whichever story's output is shown.
    let _ = writeln!(std::io::stderr(), "faults of the strict AWS: SLUICE_STRICT_SEED={seed}");
    let backing = format!("http://127.0.0.1:{port}");
    let Keys { access_key, secret_key } = &settings.keys;
    let front = sluice_strict_aws::Settings::in_front_of(&backing, access_key, secret_key);
    let front = sluice_strict_aws::Settings { seed, ..front };
    let strict = StrictAws::start(front).expect("a strict AWS");
    settings.front_port = Some(strict.address().port());
    strict
}

fn oss_definition(oss: &OssDouble) -> Value {
    json!({
        "kind": "oss",
        "endpoint": oss.endpoint(),
        "region": oss.region(),
        "credentials": "env:SLUICE_STORE_OSS",
        "buckets": { "cold": COLD_BUCKET },
    })
}

fn oss_environment() -> [(String, String); 2] {
    [("ACCESS_KEY_ID", "oss-test"), ("SECRET_ACCESS_KEY", "oss-test-secret")]
        .map(|(name, value)| (format!("SLUICE_STORE_OSS_{name}"), value.to_owned()))
}

impl Deployed {
    async fn add_oss(&mut self, oss: OssDouble) {
        let bucket = aws_sdk_s3::Client::new(&self.sdk).create_bucket().bucket(COLD_BUCKET);
        bucket.send().await.expect("a bucket");
        let stores = self.settings.entry("SLUICE_STORES".to_owned()).or_insert_with(|| "{}".to_owned());
        let mut registry: Value = serde_json::from_str(stores).expect("a registry");
        registry["oss"] = oss_definition(&oss);
        *stores = registry.to_string();
        self.settings.extend(oss_environment());
        let key = ("SLUICE_RECEIPT_SIGNING_KEY".to_owned(), "env:SLUICE_TEST_RECEIPT_KEY".to_owned());
        self.settings.extend([key, ("SLUICE_TEST_RECEIPT_KEY".to_owned(), RECEIPT_SEED.to_owned())]);
        self.oss = Some(Arc::new(oss));
    }

    /// Describes a running stack.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        let chosen = [
            ("SLUICE_TABLE_PREFIX", stack.name().to_owned()),
            ("SLUICE_REGISTRATION", "open".to_owned()),
            ("SLUICE_MIGRATION_BYTES_PER_SECOND", "0".to_owned()),
            ("SLUICE_MIGRATION_PACKS_IN_FLIGHT", "8".to_owned()),
            ("SLUICE_RETIRED_OBJECT_GRACE_SECONDS", "7200".to_owned()),
            ("SLUICE_CACHED_BLOB_TTL_SECONDS", "604800".to_owned()),
            ("SLUICE_QUEUE_MAX_RECEIVE_COUNT", "3".to_owned()),
            ("SLUICE_WEBHOOK_SECRET_SHA256", Sha256::of(WEBHOOK_SECRET.as_bytes()).to_string()),
            ("SLUICE_DEFAULT_QUOTA_BYTES", (8_u64 << 30).to_string()),
            ("SLUICE_SESSION_TTL_SECONDS", "3600".to_owned()),
            ("SLUICE_PRESIGNED_URL_TTL_SECONDS", "3600".to_owned()),
            ("SLUICE_UPLOAD_TTL_SECONDS", "604800".to_owned()),
        ];
        let mut settings: BTreeMap<String, String> =
            chosen.map(|(name, value)| (name.to_owned(), value)).into();
        settings.extend(resources(stack));
        for about in settings::ALL.iter().filter(|about| about.absent == Absent::Refused) {
            assert!(settings.contains_key(about.name), "the stories have no {}", about.name);
        }
        let mut objects = aws_sdk_s3::Client::new(stack.sdk_config()).config().clone();
        if let Some(store) = stack.store() {
            objects = store.local().client().config().clone();
            let registry = Value::Object(store.registry());
            settings.insert("SLUICE_STORES".to_owned(), registry.to_string());
            settings.extend(store.environment());
            settings.extend(store.buckets().map(|(setting, name)| (setting.to_owned(), name.to_owned())));
        }
        Self {
            api: stack.api_url().to_owned(),
            aws: stack.aws_endpoint(),
            keys: stack.keys().clone(),
            functions_log: stack.functions_log(),
            settings,
            sdk: stack.sdk_config().clone(),
            objects,
            roles: BTreeMap::new(),
            oss: None,
            strict: None,
        }
    }

    /// Returns a new client with every right on the objects. Clients are not shared: a connection belongs to
    /// the runtime of the story that opened it, and would break in another story when the first one ends.
    #[must_use]
    pub fn objects(&self) -> aws_sdk_s3::Client {
        aws_sdk_s3::Client::from_conf(self.objects.clone())
    }

    /// The deployment as a function sees it, to run functions in this process.
    pub fn deployment(&self) -> Deployment {
        self.deployment_with(self.settings.clone())
    }

    /// The same with other settings.
    pub fn deployment_with(&self, settings: BTreeMap<String, String>) -> Deployment {
        Deployment::new(Clients::new(&self.sdk), Credentials::of(&self.sdk), settings)
    }

    /// The deployment as this function sees it, with its role's credentials.
    pub fn deployment_of(&self, function: &str) -> Deployment {
        self.deployment_of_with(function, self.settings.clone())
    }

    /// The same with other settings.
    pub fn deployment_of_with(&self, function: &str, settings: BTreeMap<String, String>) -> Deployment {
        let role = &self.roles[function];
        Deployment::new(Clients::new(role), Credentials::of(role), settings)
    }

    /// Settings with an OSS double of their own. The deployed functions do not know it.
    pub fn with_own_oss(&self) -> (BTreeMap<String, String>, OssDouble) {
        let oss = oss_double(&self.aws, &self.keys);
        let mut settings = self.settings.clone();
        let mut registry: Value = serde_json::from_str(&settings["SLUICE_STORES"]).expect("a registry");
        registry["oss"] = oss_definition(&oss);
        settings.insert("SLUICE_STORES".to_owned(), registry.to_string());
        (settings, oss)
    }

    /// Waits until indexes and eventually consistent reads show what was written before. They lag only on the
    /// strict AWS.
    pub async fn catch_up(&self) {
        if let Some(strict) = &self.strict {
            strict.catch_up().await;
        }
    }

    /// How many seconds a receive must wait to find every message: on the strict AWS they may be late.
    pub fn wait_for_messages_seconds(&self) -> i32 {
        if self.strict.is_some() { 6 } else { 0 }
    }

    /// Stores a secret in the emulated AWS.
    pub async fn put_secret(&self, name: &str, text: &str) {
        let client = aws_sdk_secretsmanager::Client::new(&self.sdk);
        client.create_secret().name(name).secret_string(text).send().await.expect("a secret");
    }

    pub fn setting(&self, name: &str) -> &str {
        &self.settings[name]
    }

    pub fn table_names(&self) -> TableNames {
        TableNames::with_prefix(self.setting("SLUICE_TABLE_PREFIX"))
    }
}

/// The settings that name buckets and queues. The stack's outputs have the same names in Pascal case, those
/// of buckets end with `Name`.
fn resources(stack: &Stack) -> impl Iterator<Item = (String, String)> {
    settings::ALL.iter().filter_map(|about| {
        let words = about.name.strip_prefix("SLUICE_")?.split('_');
        let output: String = words.map(|word| word[..1].to_owned() + &word[1..].to_lowercase()).collect();
        let value = stack.output(&output).or_else(|| stack.output(&format!("{output}Name")))?;
        Some((about.name.to_owned(), value.to_owned()))
    })
}
