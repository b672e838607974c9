//! What every store is started with: its credentials, its folder and its port.

use std::path::PathBuf;

use super::{StoreKind, WebhookSettings};
use crate::Keys;

pub(super) const REGION: &str = "us-east-1";

pub(super) struct Launch {
    pub(super) dir: PathBuf,
    pub(super) log: PathBuf,
    /// Where the MinIO fork queues events that it has not delivered yet.
    pub(super) event_dir: String,
    pub(super) port: Option<u16>,
    pub(super) keys: Keys,
    pub(super) webhook: Option<WebhookSettings>,
    pub(super) report: fn(&str),
}

impl Launch {
    /// Reports that everything is installed and the store starts now.
    pub(super) fn report_start(&self, kind: StoreKind) {
        (self.report)(&format!("starting {}", kind.label()));
    }
}
