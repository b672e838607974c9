//! Calls for uploads.

use sluice_contracts::uploads::{
    Completed, Completion, PartUrlRequest, PartUrls, PartUrlsRequest, UploadAnswer, UploadList,
    UploadRequest, UploadView,
};
use sluice_domain::id::{UploadId, VersionId};

use super::call::Call;
use super::client::Api;
use crate::error::Result;

impl Api {
    /// Begins an upload. With `if_match`, only if the file still has that version.
    pub async fn begin_upload(
        &self,
        request: &UploadRequest,
        if_match: Option<VersionId>,
    ) -> Result<UploadAnswer> {
        self.json(&Call::post(&["uploads"], request).idempotent().if_match(if_match)).await
    }

    /// One upload, with the parts that the store has received.
    pub async fn upload(&self, upload_id: UploadId) -> Result<UploadView> {
        self.json(&Call::get(&["uploads", &upload_id.to_string()])).await
    }

    /// Several uploads in one call; at most [`sluice_contracts::uploads::PAGE_MAX`].
    pub async fn uploads_by_id(&self, ids: &[UploadId]) -> Result<UploadList> {
        let ids: Vec<_> = ids.iter().map(UploadId::to_string).collect();
        self.json(&Call::get(&["uploads"]).query("ids", ids.join(","))).await
    }

    /// One page of the open and pending uploads.
    pub async fn open_uploads(&self, cursor: Option<String>) -> Result<UploadList> {
        self.json(&Call::get(&["uploads"]).query_if_some("cursor", cursor)).await
    }

    /// Signs URLs for parts; at most [`sluice_contracts::uploads::PAGE_MAX`].
    pub async fn part_urls(&self, upload_id: UploadId, parts: Vec<PartUrlRequest>) -> Result<PartUrls> {
        let call = Call::post(&["uploads", &upload_id.to_string(), "parts"], &PartUrlsRequest { parts });
        self.json(&call).await
    }

    /// Tells the server that all parts or packs are in the bucket.
    pub async fn complete_upload(&self, upload_id: UploadId, completion: &Completion) -> Result<Completed> {
        self.json(&Call::post(&["uploads", &upload_id.to_string(), "complete"], completion)).await
    }

    /// Aborts an upload: its parts are deleted and its reservation is released.
    pub async fn abort_upload(&self, upload_id: UploadId) -> Result<()> {
        self.success(&Call::delete(&["uploads", &upload_id.to_string()])).await.map(drop)
    }
}
