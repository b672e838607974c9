//! Tests that the template gives each function the settings that it reads, and no other. No stack is needed.

use serde_json::json;
use sluice_contracts::route::ROUTES;
use sluice_deployment::{About, Absent, ConfigError, Deployment, settings};
use sluice_lambda::http::Entrance;
use sluice_storage::presign::Credentials;
use sluice_storage::{Clients, TableNames};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Reads all settings of a function, as it does at its start.
async fn start(function: &str, deployment: &Deployment) -> Result<(), ConfigError> {
    deployment.log_level()?;
    if function != "bridge-events" && ROUTES.iter().any(|route| route.function == function) {
        Entrance::of(deployment)?;
    }
    match function {
        "accounts" => accounts::App::new(deployment).map(drop),
        "bridge-events" => bridge_events::App::new(deployment).map(drop),
        "complete-upload" => complete_upload::App::new(deployment).map(drop),
        "compress-pack" => compress_pack::App::new(deployment).map(drop),
        "dedup-upload" => dedup_upload::App::new(deployment).map(drop),
        "init-upload" => init_upload::App::new(deployment).map(drop),
        "lookup-hash" => lookup_hash::App::new(deployment).map(drop),
        "materialize-blob" => materialize_blob::App::new(deployment).map(drop),
        "migrate-pack" => migrate_pack::App::new(deployment).await.map(drop),
        "plan-migrations" => plan_migrations::App::new(deployment).map(drop),
        "query-files" => query_files::App::new(deployment).map(drop),
        "read-content" => read_content::App::new(deployment).map(drop),
        "sweep-objects" => sweep_objects::App::new(deployment).map(drop),
        "sweep-uploads" => sweep_uploads::App::new(deployment).map(drop),
        _ => panic!("{function} is not among these"),
    }
}

fn template() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/template")
}

/// The settings that the template gives to each function.
fn given() -> BTreeMap<String, BTreeSet<String>> {
    let parts = std::fs::read_dir(template().join("functions")).expect("a folder");
    let parts = parts.map(|entry| {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a part");
        let names = text.lines().filter_map(|line| line.trim().split_once(": "));
        let names = names.map(|(name, _)| name).filter(|name| name.starts_with("SLUICE_"));
        let function = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (function, names.map(str::to_owned).collect())
    });
    parts.collect()
}

/// Values for all settings, with which every function starts.
fn usable() -> BTreeMap<String, String> {
    let store = json!({
        "kind": "oss", "endpoint": "https://oss.example", "region": "x", "credentials": "env:SLUICE_OTHER",
        "buckets": { "cold": "c" },
    });
    // With an immediate rule, compress-pack sends to the migrate queue.
    let chosen = [
        ("SLUICE_STORES", json!({ "other": store }).to_string()),
        ("SLUICE_OTHER_ACCESS_KEY_ID", "key".to_owned()),
        ("SLUICE_OTHER_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("SLUICE_MIGRATION_RULES", json!([{ "to": "other" }]).to_string()),
        ("SLUICE_RETIRED_OBJECT_GRACE_SECONDS", "2".to_owned()),
    ];
    let needed = settings::ALL.iter().filter(|about| about.absent == Absent::Refused);
    let mut values: BTreeMap<String, String> =
        needed.map(|about| (about.name.to_owned(), "1".to_owned())).collect();
    values.extend(chosen.map(|(name, value)| (name.to_owned(), value)));
    values
}

/// A value with which no function starts that reads the setting.
fn unusable(about: &About) -> String {
    if about.absent == Absent::Refused { String::new() } else { "?".to_owned() }
}

fn deployment(settings: BTreeMap<String, String>) -> Deployment {
    let sdk = aws_config::SdkConfig::builder().behavior_version(aws_config::BehaviorVersion::latest());
    let sdk = sdk.region(aws_config::Region::new("us-east-1")).build();
    Deployment::new(Clients::new(&sdk), Credentials::of(&sdk), settings)
}

#[tokio::test]
async fn each_function_is_given_the_settings_that_it_reads_and_no_other() {
    for (function, given) in given() {
        start(&function, &deployment(usable())).await.unwrap_or_else(|error| panic!("{function}: {error}"));
        // Any text will do as the name of the stack; a test in infra/ wants it everywhere.
        let mut read = BTreeSet::from(["SLUICE_STACK_NAME".to_owned()]);
        for about in settings::ALL.iter().filter(|about| about.name != "SLUICE_STACK_NAME") {
            let mut settings = usable();
            settings.insert(about.name.to_owned(), unusable(about));
            if start(&function, &deployment(settings)).await.is_err() {
                read.insert(about.name.to_owned());
            }
        }
        assert_eq!(read, given, "{function} reads (left), is given (right)");
    }
}

#[test]
fn every_setting_is_read_by_a_function() {
    let given: BTreeSet<String> = given().into_values().flatten().collect();
    assert_eq!(given, settings::ALL.iter().map(|about| about.name.to_owned()).collect());
}

#[test]
fn the_template_names_the_tables_as_functions_do() {
    let TableNames {
        accounts,
        sessions,
        attempts,
        invitations,
        uploads,
        files,
        versions,
        blobs,
        packs,
        chunk_index,
        retired_objects,
        receipts,
    } = TableNames::with_prefix("${AWS::StackName}");
    let known = [
        accounts,
        sessions,
        attempts,
        invitations,
        uploads,
        files,
        versions,
        blobs,
        packs,
        chunk_index,
        retired_objects,
        receipts,
    ];
    let tables = std::fs::read_to_string(template().join("tables.yaml")).expect("a part");
    let named = tables.lines().filter_map(|line| line.trim().strip_prefix("TableName: !Sub "));
    let named: BTreeSet<String> = named.map(|name| name.trim_matches('"').to_owned()).collect();
    assert_eq!(named, BTreeSet::from(known));
}
