//! Targets for settings in JSON: the registry of stores, and migration rules.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use serde_json::Value;
use sluice_domain::blob::{Attachment, Blob};
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::AccountId;
use sluice_domain::migration::Rule;
use sluice_domain::time::Timestamp;
use sluice_storage::Clients;
use sluice_storage::stores::{Capability, CredentialsReference, Role, Store, StoreKind, Stores, Tls};
use std::sync::LazyLock;
use std::time::Duration;

use crate::seeds::texts;
use crate::target::{Form, Memory, Target, Verdict, text};

/// Put into inputs as credentials; no error may repeat it there.
const SECRET: &str = "wJalrXUtnFEMI";
/// An operator writes settings, so that errors may repeat all of a value, escaped, and add some words.
const SETTING_ERROR_MAX_BYTES: usize = 400;

pub const STORES: Target = Target {
    name: "stores",
    form: Form::Json,
    seeds: || {
        texts(&[
            r#"{"ceph":{"kind":"ceph","endpoint":"https://ceph.example","region":"default","credentials":"env:CEPH",
                "buckets":{"landing":"l","vault":"v","cache":"c"}},
                "oss":{"kind":"oss","endpoint":"https://s3.oss-x.example","region":"oss-x",
                "credentials":"secretsmanager:oss","buckets":{"cold":"packs"},"capabilities":{"crc64":false}}}"#,
            r#"{"other":{"kind":"aws","buckets":{"cold":"archive"},"addressing":"virtual"}}"#,
            r#"{"sea":{"kind":"seaweedfs","endpoint":"https://sea.example","region":"x","credentials":"env:CEPH",
                "addressing":"path","buckets":{"cold":"c"},"capabilities":{"presigned_urls":true}}}"#,
        ])
    },
    tokens: &[
        "vault",
        "landing",
        "cold",
        "minio",
        "oss",
        "own",
        "env:NOT_SET",
        "env:CEPH",
        "AKIA0123:wJalrXUtnFEMI",
        "wJalrXUtnFEMI",
        "http://plain.example",
        "conditional_copy",
        "presigned_urls",
        "capabilities",
        "credentials",
    ],
    cases: 750,
    check: check_stores,
};

pub const MIGRATION_RULES: Target = Target {
    name: "migration_rules",
    form: Form::Json,
    seeds: || {
        texts(&[
            r#"[{"to":"oss","min_age_days":30,"min_size":1048576},{"to":"oss","prefix":"archive/"}]"#,
            r#"[{"to":"cold","unread_days":90,"max_size":1099511627776}]"#,
        ])
    },
    tokens: &["to", "min_age_days", "unread_days", "min_size", "max_size", "prefix"],
    cases: 1500,
    check: check_migration_rules,
};

static CLIENTS: LazyLock<Clients> = LazyLock::new(|| {
    let config =
        SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::from_static("eu-x"));
    Clients::new(&config.build())
});

fn check_stores(bytes: &[u8]) -> Verdict {
    let Some(json) = text(bytes) else { return Verdict::Refused };
    let environment = |name: &str| name.starts_with("CEPH_").then(|| "value".to_owned());
    let stores = match Stores::open(&CLIENTS, json, &environment, Tls::Required) {
        Ok(stores) => stores,
        Err(error) => {
            let text = error.to_string();
            assert!(
                text.len() <= 3 * json.len() + SETTING_ERROR_MAX_BYTES,
                "an error of {} bytes",
                text.len()
            );
            assert!(!text.contains(SECRET) || !is_secret_misplaced(json), "{text}");
            return Verdict::Refused;
        }
    };
    for (name, store) in stores.iter() {
        check_store(name, store);
    }
    let holders =
        |role| stores.iter().filter(move |(_, store)| store.bucket(role).is_some()).map(|(name, _)| name);
    let landing: Vec<&str> = holders(Role::Landing).collect();
    assert!(landing.len() <= 1);
    assert!(
        holders(Role::Vault).eq(landing.iter().copied()) && holders(Role::Cache).eq(landing.iter().copied())
    );
    Verdict::Accepted
}

/// Whether the secret is where an operator may put it by mistake, and nowhere else: it refers to credentials.
fn is_secret_misplaced(json: &str) -> bool {
    let Ok(Value::Object(mut stores)) = serde_json::from_str(json) else { return false };
    for store in stores.values_mut() {
        let is_reference = |text: &str| text.starts_with("env:") || text.starts_with("secretsmanager:");
        if let Some(Value::String(credentials)) = store.get_mut("credentials")
            && !is_reference(credentials)
        {
            credentials.clear();
        }
    }
    !Value::Object(stores).to_string().contains(SECRET)
}

/// What `docs/stores/README.md` promises of a store that was accepted.
fn check_store(name: &str, store: &Store) {
    let definition = &store.definition;
    assert!(!name.is_empty() && name != "vault", "{name}");
    assert!(
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
        "{name}"
    );
    if let Some(endpoint) = &definition.endpoint {
        assert!(endpoint.starts_with("https://"), "{endpoint:?} without TLS");
    }
    if definition.kind != StoreKind::Aws {
        assert!(definition.endpoint.is_some() && definition.region.is_some());
        assert!(definition.credentials != CredentialsReference::Own && store.credentials().is_some());
    }
    let needs = |capability| assert!(definition.can(capability), "{name} without {capability}");
    for role in definition.buckets.keys() {
        needs(Capability::PresignedUrls);
        if *role == Role::Landing {
            needs(Capability::ConditionalRead);
            needs(Capability::ConditionalCopy);
        }
        assert!(definition.kind != StoreKind::Oss || *role == Role::Cold);
    }
    let mut buckets: Vec<&String> = definition.buckets.values().collect();
    buckets.sort_unstable();
    assert!(buckets.windows(2).all(|pair| pair[0] != pair[1]), "one bucket for two roles");
}

fn check_migration_rules(bytes: &[u8]) -> Verdict {
    let Some(json) = text(bytes) else { return Verdict::Refused };
    let rules: Vec<Rule> = match Memory::JSON.hold(json.len(), || serde_json::from_str(json)) {
        Ok(rules) => rules,
        Err(_) => return Verdict::Refused,
    };
    let written = serde_json::to_string(&rules).expect("serializable");
    assert_eq!(serde_json::from_str::<Vec<Rule>>(&written).expect("just written"), rules);
    for rule in &rules {
        check_rule(rule);
    }
    Verdict::Accepted
}

/// A blob that a rule takes is one that it takes later, too, and at once if the rule waits for nothing.
fn check_rule(rule: &Rule) {
    let created_at = Timestamp::from_unix_milliseconds(1_795_000_000_000);
    let size_bytes = rule.min_size;
    let digest = ContentDigest { size_bytes, sha1: Sha1::of(b""), sha256: Sha256::of(b"") };
    let account_id = AccountId::from_bytes([1; 16]);
    let blob = Blob::new(account_id, &digest, Attachment::Inline(Vec::new()), created_at);
    let days = [0, rule.min_age_days, rule.unread_days, u32::MAX];
    let mut times = days.map(|days| created_at.after(Duration::from_hours(24) * days));
    times.sort_unstable();
    let taken = times.map(|now| rule.takes(&blob, now));
    assert!(taken.is_sorted(), "{rule:?} takes a blob back");
    let allows_size = rule.allows_size(size_bytes);
    assert!(!taken[3] || allows_size, "{rule:?}");
    if rule.is_immediate() {
        assert_eq!(taken, [allows_size; 4], "{rule:?}");
    }
    let moved = Blob { migrated_to: Some(rule.to.clone()), ..blob };
    assert!(!rule.takes(&moved, times[3]), "{rule:?} takes a blob that it has moved");
}
