//! What the containers of `compose.yaml` are told beside what the launcher tells its own processes.
//!
//! The file cannot read any of it from here, so it repeats it, and a test compares the two.

use std::{collections::BTreeMap, net::Ipv4Addr};

use crate::{
    Settings,
    emulator::localstack::{self, FUNCTIONS_ENVIRONMENT, FUNCTIONS_LOG, VARIABLES},
    object_store,
    stores::{StoreKind, server_variables},
};

/// Variables by name.
pub type Environment = BTreeMap<String, String>;

/// Where `LocalStack` says that it is well.
pub const LOCALSTACK_HEALTH_PATH: &str = localstack::HEALTH_PATH;

/// What `LocalStack` is told: as the launcher tells it, and the keys of all `stores`, since it starts before the launcher says
/// which is used. It is called by the same name inside and outside, and listens to what is published.
pub fn localstack_environment(stores: &[StoreKind]) -> Environment {
    let credentials: Vec<_> = stores.iter().flat_map(|&kind| object_store::credentials(kind)).collect();
    let own = [
        ("GATEWAY_LISTEN", format!("{}:{}", Ipv4Addr::UNSPECIFIED, Settings::AWS_PORT)),
        ("LOCALSTACK_HOST", format!("{}:{}", Ipv4Addr::LOCALHOST, Settings::AWS_PORT)),
        (FUNCTIONS_ENVIRONMENT, localstack::json_object(&credentials).to_string()),
        (FUNCTIONS_LOG, "/dev/stdout".to_owned()),
    ];
    let shared = VARIABLES.map(|(name, value)| (name, value.to_owned()));
    own.into_iter().chain(shared).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What MinIO is told, with its webhook at the launcher's API.
pub fn minio_environment(webhook_secret: &str, event_dir: &str) -> Environment {
    let webhook = object_store::webhook(Settings::API_PORT, webhook_secret);
    let variables = server_variables(Some(&webhook), event_dir);
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What Ceph is told: its user's keys, under the names that the functions know.
pub fn ceph_environment() -> Environment {
    object_store::credentials(StoreKind::Ceph).into_iter().collect()
}
