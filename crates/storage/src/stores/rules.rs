//! Checks a registry of stores before it is used.

use std::collections::BTreeMap;

use super::{Capability, Role, StoreDefinition, StoreKind, StoresError, Tls};

/// Without these, bytes could change after they were verified.
const LANDING_NEEDS: [Capability; 3] =
    [Capability::PresignedUrls, Capability::ConditionalRead, Capability::ConditionalCopy];

/// Readers get presigned URLs of every store with packs.
const READING_NEEDS: [Capability; 1] = [Capability::PresignedUrls];

/// The roles that exchange objects by server-side copy.
const COPYING: [Role; 3] = [Role::Landing, Role::Vault, Role::Cache];

/// The name of the deployment's own vault, which no store may have.
const RESERVED: &str = sluice_domain::blob::VAULT;

pub(super) fn check(definitions: &BTreeMap<String, StoreDefinition>, tls: Tls) -> Result<(), StoresError> {
    for (name, definition) in definitions {
        check_one(name, definition, tls)
            .map_err(|problem| StoresError::Store { store: name.clone(), problem })?;
    }
    check_all(definitions).map_err(StoresError::Contradiction)
}

fn check_one(name: &str, definition: &StoreDefinition, tls: Tls) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name == RESERVED || !name.chars().all(plain) {
        return Err(format!("its name is of a-z, 0-9 and -, and not {RESERVED}"));
    }
    if definition.kind != StoreKind::Aws && (definition.endpoint.is_none() || definition.region.is_none()) {
        return Err("it needs an endpoint and a region".to_owned());
    }
    if tls == Tls::Required && !definition.is_encrypted() {
        return Err("its endpoint is plain HTTP, and TLS is required: it must begin with https://".to_owned());
    }
    if definition.kind != StoreKind::Aws && definition.credentials == super::CredentialsReference::Own {
        return Err("it needs credentials of its own: env:PREFIX or secretsmanager:NAME".to_owned());
    }
    let is_cold_only = definition.buckets.keys().all(|role| *role == Role::Cold);
    if definition.kind == StoreKind::Oss && !is_cold_only {
        return Err("OSS refuses a PUT with a condition, and so uploads: it is for a cold bucket".to_owned());
    }
    for role in definition.buckets.keys() {
        let needs: &[Capability] = match role {
            Role::Landing => &LANDING_NEEDS,
            Role::Vault | Role::Cache | Role::Cold => &READING_NEEDS,
        };
        if let Some(missing) = needs.iter().find(|need| !definition.can(**need)) {
            return Err(format!("its bucket for {role:?} needs {missing}, which it does not have"));
        }
    }
    Ok(())
}

fn check_all(definitions: &BTreeMap<String, StoreDefinition>) -> Result<(), String> {
    let mut holders: BTreeMap<Role, Vec<&str>> = BTreeMap::new();
    for (name, definition) in definitions {
        for role in definition.buckets.keys() {
            holders.entry(*role).or_default().push(name);
        }
        let mut names: Vec<&String> = definition.buckets.values().collect();
        names.sort_unstable();
        names.dedup();
        if names.len() < definition.buckets.len() {
            return Err(format!("{name} has one bucket for two roles; a worker would wake itself"));
        }
    }
    let copying: Vec<_> = COPYING.iter().map(|role| holders.get(role)).collect();
    let are_one_store = copying.iter().all(|names| *names == copying[0]);
    if !are_one_store || copying[0].is_some_and(|names| names.len() > 1) {
        return Err("landing, vault and cache are buckets of one and the same store".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn ceph() -> Value {
        json!({
            "kind": "ceph", "endpoint": "https://ceph.example", "region": "default",
            "credentials": "env:CEPH", "buckets": { "landing": "l", "vault": "v", "cache": "c" },
        })
    }

    fn verdict(registry: &Value) -> Result<(), String> {
        let definitions = serde_json::from_value(registry.clone()).expect("a registry");
        check(&definitions, Tls::Required).map_err(|error| error.to_string())
    }

    #[test]
    fn a_complete_registry_is_taken() {
        let oss = json!({
            "kind": "oss", "endpoint": "https://s3.oss-x.example", "region": "oss-x",
            "credentials": "secretsmanager:oss", "buckets": { "cold": "packs" },
        });
        assert_eq!(verdict(&json!({ "ceph": ceph(), "oss": oss })), Ok(()));
        assert_eq!(verdict(&json!({ "oss": oss })), Ok(()));
        assert_eq!(verdict(&json!({})), Ok(()));
    }

    #[test]
    fn what_is_unsafe_or_incomplete_is_refused() {
        for (pointer, value, reason) in [
            ("/endpoint", json!("http://ceph.example"), "plain HTTP"),
            ("/endpoint", json!("HTTP://ceph.example"), "plain HTTP"),
            ("/endpoint", json!("ceph.example"), "plain HTTP"),
            ("/endpoint", json!(null), "an endpoint"),
            ("/credentials", json!("own"), "credentials of its own"),
            ("/capabilities", json!({ "conditional_copy": false }), "conditional_copy"),
            ("/capabilities", json!({ "presigned_urls": false }), "presigned_urls"),
            ("/buckets", json!({ "landing": "l", "vault": "l", "cache": "c" }), "one bucket for two roles"),
            ("/buckets", json!({ "landing": "l", "vault": "v" }), "one and the same store"),
        ] {
            let mut store = ceph();
            store["capabilities"] = json!({});
            *store.pointer_mut(pointer).expect("a field") = value.clone();
            let refused = verdict(&json!({ "ceph": store })).expect_err(pointer);
            assert!(refused.contains(reason), "{pointer} {value}: {refused}");
        }
        assert!(verdict(&json!({ "vault": ceph() })).is_err(), "the name is reserved");
        assert!(verdict(&json!({ "a": ceph(), "b": ceph() })).is_err(), "two landing stores");
    }
}
