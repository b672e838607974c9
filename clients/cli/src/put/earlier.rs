//! Aborts what earlier attempts to upload the same file left behind.

use futures::{TryStreamExt as _, future};
use sluice_contracts::uploads::UploadView;
use sluice_domain::id::VersionId;
use sluice_domain::part_plan::UploadMethod;
use sluice_domain::upload::UploadState;

use super::item::{Item, LocalBlob};
use crate::api::Api;

/// The uploads that were open when this run began.
///
/// A single PUT is not listed: its bytes may have arrived, and it reserves little.
#[derive(Debug, Default)]
pub struct EarlierUploads {
    listed: Vec<UploadView>,
}

impl EarlierUploads {
    /// Lists none if the server does not answer: the uploads expire.
    pub async fn list(api: &Api) -> Self {
        let is_open = |upload: &UploadView| {
            future::ready(upload.state == UploadState::Open && upload.method != UploadMethod::Put)
        };
        let listed = api.all_open_uploads().try_filter(is_open).try_collect().await;
        Self { listed: listed.unwrap_or_default() }
    }

    /// Aborts the uploads of the same path and size, except that of the version `stored`. They began earlier,
    /// so their versions could never become current.
    pub async fn abort(&self, api: &Api, item: &Item, stored: Option<VersionId>) {
        let Some(&LocalBlob { size_bytes, .. }) = item.blob.get() else { return };
        let superseded = self.listed.iter().filter(|upload| {
            upload.path == item.remote && upload.size == size_bytes && Some(upload.version_id) != stored
        });
        for upload in superseded {
            // If aborting fails, the upload expires.
            let _ = api.abort_upload(upload.upload_id).await;
        }
    }
}
