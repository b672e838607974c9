//! The settings of a store.

use std::fmt;
use std::path::PathBuf;

use crate::Keys;
use crate::random::random_hex;

/// Where to run a store, and the webhook that it notifies.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// The folder of the logs and the data, with a folder for each kind of store. `SeaweedFS` and the MinIO
    /// fork keep their data between runs. Ceph starts empty, because it keeps its data in memory.
    pub state_dir: PathBuf,
    /// The port of the S3 API; any free one when `None`.
    pub port: Option<u16>,
    /// The keys of the store's only user, who has every right; random by default.
    pub keys: Keys,
    /// The webhook of `LocalStore::notify`. The MinIO fork accepts no other, and Ceph takes up to 30 seconds
    /// to find one.
    pub webhook: Option<WebhookSettings>,
    /// Called at the start of each step.
    pub report: fn(&str),
}

impl StoreSettings {
    /// The default port of a store that already runs: MinIO's own.
    pub const PORT: u16 = 9000;

    /// The defaults: any free port, a random secret, no webhook, no reports.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        let keys = Keys::of_store(random_hex());
        Self { state_dir: state_dir.into(), port: None, keys, webhook: None, report: |_| {} }
    }
}

/// The webhook that receives a store's events. Debug output shows neither field, because the URL may contain
/// the token.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// The URL that events are posted to. Ceph sends no token of its own, so the query must contain it.
    pub url: String,
    /// The token that the MinIO fork also sends as `Authorization: Bearer`.
    pub token: String,
}

impl fmt::Debug for WebhookSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WebhookSettings").finish_non_exhaustive()
    }
}
