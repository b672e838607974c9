//! The environments of the containers in `compose.yaml`.
//!
//! The file cannot read these values, so it repeats them. A test compares the two.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::emulator::localstack::{
    self, ACCESS_KEY, FUNCTIONS_ENVIRONMENT, FUNCTIONS_LOG, PAGE_ORIGINS, SECRET_KEY, VARIABLES,
};
use crate::stores::{StoreKind, server_variables};
use crate::{Keys, Settings, object_store};

pub type Environment = BTreeMap<String, String>;

/// The path of `LocalStack`'s health check.
pub const LOCALSTACK_HEALTH_PATH: &str = localstack::HEALTH_PATH;

/// The environment of `LocalStack`: as for its process, plus the keys of all `stores`, because it starts
/// before the launcher chooses one. It listens on all addresses, and has the same name inside and outside of
/// the container.
pub fn localstack_environment(stores: &[StoreKind], keys: &Keys) -> Environment {
    let origins = Settings::new("").allowed_origins(Settings::API_PORT).join(",");
    let credentials: Vec<_> =
        stores.iter().flat_map(|&kind| object_store::credentials(kind, &keys.secret_key)).collect();
    let own = [
        ("GATEWAY_LISTEN", format!("{}:{}", Ipv4Addr::UNSPECIFIED, Settings::AWS_PORT)),
        ("LOCALSTACK_HOST", format!("{}:{}", Ipv4Addr::LOCALHOST, Settings::AWS_PORT)),
        (FUNCTIONS_ENVIRONMENT, localstack::json_object(&credentials).to_string()),
        (FUNCTIONS_LOG, "/dev/stdout".to_owned()),
        (ACCESS_KEY, keys.access_key.clone()),
        (SECRET_KEY, keys.secret_key.clone()),
        (PAGE_ORIGINS, origins),
    ];
    let shared = VARIABLES.map(|(name, value)| (name, value.to_owned()));
    own.into_iter().chain(shared).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The environment of MinIO, with its webhook at the launcher's API.
pub fn minio_environment(secret_key: &str, webhook_secret: &str, event_dir: &str) -> Environment {
    let keys = Keys::of_store(secret_key.to_owned());
    let webhook = object_store::webhook(Settings::API_PORT, webhook_secret);
    let variables = server_variables(&keys, Some(&webhook), event_dir);
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The environment of Ceph: its user's keys, under the names that the functions use.
pub fn ceph_environment(secret_key: &str) -> Environment {
    object_store::credentials(StoreKind::Ceph, secret_key).into_iter().collect()
}
