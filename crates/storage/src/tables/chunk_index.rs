//! Finds the packs that hold sampled chunks. The index may be out of date; the packs table decides.

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use serde::{Deserialize, Serialize};
use sluice_domain::hash::ChunkId;
use sluice_domain::id::{AccountId, PackId};

use super::Tables;
use super::batch::Consistency;
use crate::error::StorageError;
use crate::transaction::{key, row};

/// A sampled chunk. The account is the scope, so that no account learns what another has.
#[derive(Serialize, Deserialize)]
struct Hook {
    hook_id: String,
    pack_id: PackId,
}

fn hook_id(account: AccountId, chunk: &ChunkId) -> String {
    format!("{account}#{chunk}")
}

impl Tables {
    /// The packs that hold these chunks, one for each chunk in the index, in no order. No chunk may occur
    /// twice. Eventually consistent: a chunk indexed a moment ago may be missed, and is then stored again.
    pub async fn find_hooks(
        &self,
        account: AccountId,
        chunks: &[ChunkId],
    ) -> Result<Vec<PackId>, StorageError> {
        let keys = chunks.iter().map(|chunk| key([("hook_id", &hook_id(account, chunk))])).collect();
        let hooks: Vec<Hook> = self.get_many(&self.names.chunk_index, keys, Consistency::Eventual).await?;
        Ok(hooks.into_iter().map(|hook| hook.pack_id).collect())
    }

    /// Adds chunks to the index. The last pack written for a chunk counts. No chunk may occur twice.
    pub async fn put_hooks(
        &self,
        account: AccountId,
        hooks: &[(ChunkId, PackId)],
    ) -> Result<(), StorageError> {
        let requests = hooks.iter().map(|(chunk, pack_id)| {
            let hook = Hook { hook_id: hook_id(account, chunk), pack_id: *pack_id };
            let put = PutRequest::builder().set_item(Some(row(&hook)?)).build();
            let put = put.map_err(|error| StorageError::fault("put hooks", error))?;
            Ok(WriteRequest::builder().put_request(put).build())
        });
        self.write_many(&self.names.chunk_index, requests.collect::<Result<_, StorageError>>()?).await
    }
}
