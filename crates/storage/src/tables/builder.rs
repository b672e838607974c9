//! The builder's lease: one worker at a time puts a blob together as one object.

use aws_sdk_dynamodb::types::ReturnValue;
use serde::Deserialize;
use sluice_domain::blob::{Blob, blob_id};
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;
use sluice_domain::time::Timestamp;
use std::time::Duration;

use super::Tables;
use crate::call::{self, if_held};
use crate::error::StorageError;
use crate::transaction::{Row, Values, key, names, parse};

const OPERATION: &str = "dynamodb:UpdateItem";

/// A blob's row as a builder sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Building {
    /// The blob.
    #[serde(flatten)]
    pub blob: Blob,
    /// The multipart upload with which an earlier builder began, and the digest of the parts it was to have.
    pub build: Option<Build>,
}

/// An object that is being put together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct Build {
    /// The store's id of the multipart upload.
    pub multipart_id: String,
    /// What the parts are made of: parts of another plan are of no use.
    pub plan_digest: String,
}

fn blob_key(account: AccountId, sha256: &Sha256) -> Row {
    key([("blob_id", &blob_id(account, sha256))])
}

impl Tables {
    /// Takes the lease on a blob for `holder`, or takes it again. Nothing if somebody else has it, or if the blob
    /// is gone.
    pub async fn lease_blob(
        &self,
        account: AccountId,
        sha256: &Sha256,
        holder: &str,
        now: Timestamp,
        life: Duration,
    ) -> Result<Option<Building>, StorageError> {
        const UPDATE: &str = "SET #builder = :holder, #builder_until = :until";
        const FREE: &str = "attribute_exists(#blob_id) AND (attribute_not_exists(#builder) \
             OR #builder_until < :now OR #builder = :holder)";
        let values = Values::new()
            .with(":holder", &holder)?
            .with(":until", &now.after(life).unix_milliseconds())?
            .with(":now", &now.unix_milliseconds())?;
        let request = self
            .client
            .update_item()
            .table_name(&self.names.blobs)
            .set_key(Some(blob_key(account, sha256)))
            .update_expression(UPDATE)
            .condition_expression(FREE)
            .set_expression_attribute_names(names(&[UPDATE, FREE]))
            .set_expression_attribute_values(values.into_map())
            .return_values(ReturnValue::AllNew);
        let answer = if_held(call::write(OPERATION, request.send()).await)?;
        answer.and_then(|answer| answer.attributes).map(parse).transpose()
    }

    /// Remembers with which multipart upload the holder of the lease has begun.
    ///
    /// # Errors
    /// `Conflict` if somebody else has the lease by now.
    pub async fn begin_build(
        &self,
        account: AccountId,
        sha256: &Sha256,
        holder: &str,
        build: &Build,
    ) -> Result<(), StorageError> {
        let values = Values::new().with(":holder", &holder)?.with(":build", build)?;
        self.update_lease(account, sha256, "SET #build = :build", values).await
    }

    /// Gives the lease back. What was built so far stays, unless the object is `done`.
    ///
    /// # Errors
    /// `Conflict` if somebody else has the lease by now.
    pub async fn release_blob(
        &self,
        account: AccountId,
        sha256: &Sha256,
        holder: &str,
        done: bool,
    ) -> Result<(), StorageError> {
        let update =
            if done { "REMOVE #builder, #builder_until, #build" } else { "REMOVE #builder, #builder_until" };
        self.update_lease(account, sha256, update, Values::new().with(":holder", &holder)?).await
    }

    async fn update_lease(
        &self,
        account: AccountId,
        sha256: &Sha256,
        update: &str,
        values: Values,
    ) -> Result<(), StorageError> {
        const HELD: &str = "#builder = :holder";
        let request = self
            .client
            .update_item()
            .table_name(&self.names.blobs)
            .set_key(Some(blob_key(account, sha256)))
            .update_expression(update)
            .condition_expression(HELD)
            .set_expression_attribute_names(names(&[update, HELD]))
            .set_expression_attribute_values(values.into_map());
        call::write(OPERATION, request.send()).await?;
        Ok(())
    }
}
