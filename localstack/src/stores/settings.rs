use std::{fmt, path::PathBuf};

/// Where to run a store, and whom it tells of new objects.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// Where the logs and the data are kept, in a folder per kind. `SeaweedFS` and the MinIO fork go on from what they
    /// find there. Ceph begins anew: its memory store forgets.
    pub state_dir: PathBuf,
    /// The port of the S3 API; any free one when `None`.
    pub port: Option<u16>,
    /// The only webhook that the MinIO fork can announce objects to, and one that Ceph will know 30 seconds from now. See [`LocalStore::notify`](super::LocalStore::notify).
    pub webhook: Option<WebhookSettings>,
    /// Told of each step as it begins.
    pub report: fn(&str),
}

impl StoreSettings {
    /// Where a store is looked for that runs already, unless another port is given: MinIO's own.
    pub const PORT: u16 = 9000;

    /// The defaults: any free port, no webhook, nothing reported.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self { state_dir: state_dir.into(), port: None, webhook: None, report: |_| {} }
    }
}

/// Where a store sends its events. Debug output shows neither field: the address may hold the token.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where events are posted. Ceph sends nothing but this, so the token must be in its query.
    pub url: String,
    /// What the MinIO fork sends as well, as `Authorization: Bearer`.
    pub token: String,
}

impl fmt::Debug for WebhookSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WebhookSettings").finish_non_exhaustive()
    }
}
