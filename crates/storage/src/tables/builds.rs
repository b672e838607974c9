//! Gives one worker at a time the lease to materialize a blob, and keeps its multipart upload for the next.

use aws_sdk_dynamodb::types::ReturnValue;
use serde::Deserialize;
use sluice_domain::blob::{Blob, blob_id};
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;

use super::lease::{Lease, LeaseAttribute, held_by};
use super::{RowUpdate, Tables};
use crate::call::{self, if_held};
use crate::error::StorageError;
use crate::transaction::{Row, key, parse};

const LEASE: LeaseAttribute = LeaseAttribute("builder");

/// A blob, and the build of it that an earlier worker began.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Building {
    #[serde(flatten)]
    pub blob: Blob,
    /// The unfinished build, if there is one.
    pub build: Option<Build>,
}

/// An object that is being built part by part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct Build {
    /// The store's id of the multipart upload.
    pub multipart_id: String,
    /// The digest of the part plan. A worker with another plan cannot use the parts.
    pub plan_digest: String,
}

fn blob_key(account: AccountId, sha256: &Sha256) -> Row {
    key([("blob_id", &blob_id(account, sha256))])
}

impl Tables {
    /// Takes the lease on a blob. Nothing if another worker has it, or if the blob is gone.
    pub async fn lease_blob(
        &self,
        account: AccountId,
        sha256: &Sha256,
        lease: Lease<'_>,
    ) -> Result<Option<Building>, StorageError> {
        let update = RowUpdate {
            table: &self.names.blobs,
            key: blob_key(account, sha256),
            update: &LEASE.take(),
            condition: &format!("attribute_exists(#blob_id) AND {}", LEASE.free()),
            values: lease.values()?,
        };
        let request = self.update_request(update).return_values(ReturnValue::AllNew);
        let answer = if_held(call::write_row("dynamodb:UpdateItem", || request.clone().send()).await)?;
        answer.and_then(|answer| answer.attributes).map(parse).transpose()
    }

    /// Remembers the multipart upload that the holder of the lease has begun.
    ///
    /// # Errors
    /// `Conflict` if another worker has the lease by now.
    pub async fn begin_build(
        &self,
        account: AccountId,
        sha256: &Sha256,
        holder: &str,
        build: &Build,
    ) -> Result<(), StorageError> {
        let request = self.update_request(RowUpdate {
            table: &self.names.blobs,
            key: blob_key(account, sha256),
            update: "SET #build = :build",
            condition: &LEASE.held(),
            values: held_by(holder)?.with(":build", build)?,
        });
        call::write_row("dynamodb:UpdateItem", || request.clone().send()).await.map(drop)
    }

    /// Gives the lease back. The unfinished build stays for the next worker, unless the object is `done`.
    ///
    /// # Errors
    /// `Conflict` if another worker has the lease by now.
    pub async fn release_blob(
        &self,
        account: AccountId,
        sha256: &Sha256,
        holder: &str,
        done: bool,
    ) -> Result<(), StorageError> {
        let release = LEASE.release();
        let update = if done { format!("{release}, #build") } else { release };
        let request = self.update_request(RowUpdate {
            table: &self.names.blobs,
            key: blob_key(account, sha256),
            update: &update,
            condition: &format!("attribute_exists(#blob_id) AND {}", LEASE.not_held_by_another()),
            values: held_by(holder)?,
        });
        call::write_row("dynamodb:UpdateItem", || request.clone().send()).await.map(drop)
    }
}
