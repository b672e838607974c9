//! Checks `compose.yaml` without an engine: against the schema of its specification, and against the launcher
//! and the settings that it repeats.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sluice_localstack::compose::{self, Environment};
use sluice_localstack::stores::{LocalStore, StoreKind, StoreSettings, WebhookSettings};
use sluice_localstack::{Keys, Settings, ports, python};
use tempfile::TempDir;
use tokio::time::sleep;

type Outcome = Result<(), Box<dyn Error>>;

/// The stores that `compose.yaml` has an image of.
const STORES: [StoreKind; 2] = [StoreKind::Ceph, StoreKind::Minio];
/// What `compose.yaml` refuses to start without, and where it repeats it.
const REQUIRED_SECRET: &str = "${SLUICE_LOCAL_SECRET:?make localstack/.env, see localstack/README.md}";
const REPEATED_SECRET: &str = "${SLUICE_LOCAL_SECRET}";
const SECRET: &str = "6b86b273ff34fce19d6b804eff5a3f57";
const TO_JSON: &str =
    "import json, sys, ruamel.yaml as y; print(json.dumps(y.YAML(typ='safe').load(open(sys.argv[1]))))";

/// `localstack/` of this workspace.
fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the launcher is in a folder")
}

fn compose_file() -> PathBuf {
    folder().join("compose.yaml")
}

/// A Python with `check-jsonschema` and a YAML parser.
fn checker() -> PathBuf {
    let requirements = folder().join("launcher/tests/compose-requirements.txt");
    python::ensure_environment(&requirements, &folder().join("../target/venv"), |_| {})
        .expect("an environment")
}

fn succeeded(output: &Output) {
    let written = [&output.stdout[..], &output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&written));
}

fn services() -> BTreeMap<String, Value> {
    let output =
        Command::new(checker()).args(["-c", TO_JSON]).arg(compose_file()).output().expect("Python runs");
    succeeded(&output);
    let written = String::from_utf8_lossy(&output.stdout);
    let file = written.replace(REQUIRED_SECRET, SECRET).replace(REPEATED_SECRET, SECRET);
    let mut file: Value = serde_json::from_str(&file).expect("JSON");
    serde_json::from_value(file["services"].take()).expect("services by name")
}

fn environment(service: &Value) -> Environment {
    serde_json::from_value(service["environment"].clone()).expect("every value is a string")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn published(port: u16) -> String {
    format!("127.0.0.1:{port}:{port}")
}

fn dockerfile() -> String {
    fs::read_to_string(folder().join("Dockerfile")).expect("a Dockerfile")
}

#[test]
fn the_file_is_valid_by_the_compose_specification() {
    let mut check = Command::new(checker().with_file_name("check-jsonschema"));
    check.args(["--builtin-schema", "vendor.compose-spec"]).arg(compose_file());
    succeeded(&check.output().expect("check-jsonschema runs"));
}

#[test]
fn localstack_has_the_settings_that_the_launcher_gives_it() -> Outcome {
    const NESTED: &str = "SLUICE_FUNCTIONS_ENVIRONMENT";
    let read = |environment: &mut Environment| {
        serde_json::from_str::<Value>(&environment.remove(NESTED).unwrap_or_default())
    };
    let services = services();
    let (localstack, launcher) = (&services["localstack"], environment(&services["sluice"]));
    let mut written = environment(localstack);
    let key = |name: &str| launcher[name].clone();
    let keys = Keys { access_key: key("SLUICE_DEV_ACCESS_KEY"), secret_key: key("SLUICE_DEV_SECRET_KEY") };
    assert_eq!(keys, Keys { access_key: format!("sluice{SECRET}"), secret_key: SECRET.to_owned() });
    let mut expected = compose::localstack_environment(&STORES, &keys);
    assert_eq!(read(&mut written)?, read(&mut expected)?);
    assert_eq!(written, expected);

    let health = format!("http://127.0.0.1:{}{}", Settings::AWS_PORT, compose::LOCALSTACK_HEALTH_PATH);
    let checks =
        localstack["healthcheck"]["test"].as_array().is_some_and(|words| words.contains(&health.into()));
    assert!(checks, "the health check calls LocalStack");
    Ok(())
}

#[test]
fn stores_have_the_settings_that_the_launcher_gives_them() {
    let services = services();
    let secret = &environment(&services["sluice"])["SLUICE_DEV_WEBHOOK_SECRET"];
    assert_eq!(secret, SECRET, "the file has no secret of its own");
    let minio = &services["minio"];
    let event_dir = text(&minio["tmpfs"][0]);
    assert_eq!(environment(minio), compose::minio_environment(SECRET, secret, event_dir));
    let listening = format!("--address 0.0.0.0:{}", StoreSettings::PORT);
    assert!(text(&minio["command"]).ends_with(&listening), "{}", minio["command"]);

    assert_eq!(environment(&services["ceph"]), compose::ceph_environment(SECRET));
    let script = fs::read_to_string(folder().join("stores/ceph.sh")).expect("a script");
    assert!(script.contains(&format!("CEPH_GATEWAY:-0.0.0.0:{}}}", StoreSettings::PORT)));
}

#[test]
fn the_launcher_accepts_its_settings_and_options() {
    let service = &services()["sluice"];
    let environment = environment(service);
    let ports = [
        ("SLUICE_DEV_API_PORT", Settings::API_PORT),
        ("SLUICE_DEV_AWS_PORT", Settings::AWS_PORT),
        ("SLUICE_DEV_STORE_PORT", StoreSettings::PORT),
    ];
    for (name, port) in ports {
        assert_eq!(environment[name], port.to_string(), "{name}");
    }

    let command = text(&service["command"]);
    let (always, store) = command.split_once("${").expect("a store may be chosen");
    assert_eq!(store, "COMPOSE_PROFILES:+--store ${COMPOSE_PROFILES:-}}");
    for store in STORES {
        // Options are parsed from left to right, so --help succeeds only if the options before it are valid.
        let words = format!("{always}--store {store} --help");
        let mut help = Command::new(env!("CARGO_BIN_EXE_sluice-dev"));
        let output =
            help.args(words.split_whitespace()).envs(&environment).output().expect("sluice-dev runs");
        succeeded(&output);
        let help = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        for (name, value) in &environment {
            let shown = [format!("[env: {name}={value}]"), format!("[env: {name}]")];
            assert!(shown.iter().any(|shown| help.contains(shown)), "no option reads {name}={value}");
        }
    }
}

#[test]
fn all_services_share_one_network_and_publish_on_loopback_only() {
    let services = services();
    for (name, service) in &services {
        if name == "localstack" {
            let ports = [Settings::AWS_PORT, Settings::API_PORT, StoreSettings::PORT].map(published);
            assert_eq!(service["ports"], serde_json::json!(ports));
        } else {
            assert_eq!(text(&service["network_mode"]), "service:localstack", "{name}");
            assert!(service.get("ports").is_none(), "{name}");
        }
        for volume in service["volumes"].as_array().into_iter().flatten() {
            assert!(!text(volume).contains("docker.sock"), "{name} may not control the engine");
        }
    }
    let stores: BTreeSet<_> = STORES.iter().map(ToString::to_string).collect();
    let by_profile = services.iter().filter(|(_, service)| service.get("profiles").is_some());
    let profiles = by_profile.map(|(name, service)| {
        assert_eq!(service["profiles"], serde_json::json!([name]), "a store's profile has its name");
        name.clone()
    });
    assert_eq!(profiles.collect::<BTreeSet<_>>(), stores);
}

#[test]
fn the_launcher_waits_until_every_other_service_is_healthy() {
    let services = services();
    let awaited = services["sluice"]["depends_on"].as_object().expect("the launcher waits");
    assert_eq!(awaited.len(), services.len() - 1);
    for (name, how) in awaited {
        assert_eq!(text(&how["condition"]), "service_healthy", "{name}");
        assert!(services[name]["healthcheck"]["test"].is_array(), "{name} has a health check");
        // A service of a profile that was not chosen does not exist, so it cannot be required.
        let is_optional = how.get("required") == Some(&Value::Bool(false));
        assert_eq!(is_optional, services[name].get("profiles").is_some(), "{name}");
    }
}

#[test]
fn images_are_pinned_and_their_sources_exist() {
    let services = services();
    let dockerfile = dockerfile();
    let bases = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")?.split_whitespace().next());
    let bases: Vec<_> = bases.collect();
    let pulled = services
        .values()
        .filter(|service| service.get("build").is_none())
        .map(|service| text(&service["image"]));
    for image in bases.iter().copied().chain(pulled) {
        let tag = image.rsplit_once(':').map(|(_, tag)| tag).unwrap_or_default();
        assert!(
            tag.matches('.').count() >= 1 && tag.contains(|letter: char| letter.is_ascii_digit()),
            "{image}"
        );
    }

    let localstack =
        bases.iter().find_map(|base| base.strip_prefix("localstack/localstack:")).expect("LocalStack");
    // Releases after version 4 are numbered by year and month, and do not start without a token.
    assert!(localstack.starts_with("4."), "{localstack}");
    assert_eq!(text(&services["localstack"]["image"]), format!("sluice-localstack:{localstack}"));
    assert_eq!(text(&services["sluice"]["image"]), concat!("sluice-launcher:", env!("CARGO_PKG_VERSION")));
    assert!(bases.contains(&concat!("rust:", env!("CARGO_PKG_RUST_VERSION"), "-bookworm")));

    for service in services.values().filter_map(|service| service.get("build")) {
        assert_eq!(text(&service["context"]), "..");
        assert!(folder().join("..").join(text(&service["dockerfile"])).is_file());
        assert!(dockerfile.contains(&format!(" AS {}\n", text(&service["target"]))));
    }
    for copied in dockerfile.lines().filter_map(|line| line.strip_prefix("COPY ")) {
        let source = copied.split_whitespace().next().unwrap_or_default();
        assert!(source.starts_with("--from=") || folder().join("..").join(source).exists(), "{source}");
    }
    for mounted in services.values().filter_map(|service| service["volumes"].as_array()).flatten() {
        let source = text(mounted).split(':').next().unwrap_or_default();
        assert!(!source.starts_with('.') || folder().join(source).exists(), "{source}");
    }
}

/// A run of `ceph.sh`. It stops its daemons when it is stopped, which happens after two minutes at the
/// latest.
struct Script(Child);

impl Drop for Script {
    fn drop(&mut self) {
        if let Some(id) = Pid::from_raw(self.0.id().cast_signed()) {
            let _ = kill_process(id, Signal::TERM);
        }
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_script_of_cephs_container_starts_a_store_that_the_launcher_can_attach_to() -> Outcome {
    let state = TempDir::new()?;
    // This installs Ceph's packages if they are missing.
    LocalStore::start(StoreKind::Ceph, StoreSettings::new(state.path())).await?.shutdown().await;

    let port = ports::free()?;
    let folder_of_ceph = state.path().join("container");
    let mut script = Command::new("timeout");
    script
        .arg("600")
        .arg(folder().join("stores/ceph.sh"))
        .arg(folder().join("stores/ceph.conf"))
        .arg(&folder_of_ceph);
    script.envs(compose::ceph_environment(SECRET)).env("CEPH_GATEWAY", format!("127.0.0.1:{port}"));
    script.env("CEPH_MONITOR_PORT", ports::free()?.to_string());
    let log = fs::File::create(state.path().join("log"))?;
    script.stdout(log.try_clone()?).stderr(log);
    let mut script = Script(script.spawn()?);
    while !folder_of_ceph.join("ready").exists() {
        assert!(script.0.try_wait()?.is_none(), "{}", fs::read_to_string(state.path().join("log"))?);
        sleep(Duration::from_millis(100)).await;
    }

    let webhook = WebhookSettings { url: "http://127.0.0.1:1/".to_owned(), token: String::new() };
    let mut settings = StoreSettings::new(state.path());
    settings.port = Some(port);
    settings.keys = Keys::of_store(SECRET.to_owned());
    settings.webhook = Some(webhook.clone());
    let store = LocalStore::attach(StoreKind::Ceph, settings).await?;
    store.create_bucket("landing", &["http://127.0.0.1".to_owned()]).await?;
    store.notify("landing", "uploads/", &webhook).await?;
    store.shutdown().await;
    assert!(script.0.try_wait()?.is_none(), "the store keeps running after the launcher detaches");
    Ok(())
}
