//! Stores the versions of files.

use sluice_domain::id::{FileId, VersionId};
use sluice_domain::version::Version;

use super::access::place;
use super::{Query, Tables};
use crate::error::StorageError;
use crate::transaction::{Condition, Transaction, Values, key, parse, row};

impl Tables {
    pub async fn version(&self, file: FileId, version: VersionId) -> Result<Option<Version>, StorageError> {
        let key = key([("file_id", &file.to_string()), ("version_id", &version.to_string())]);
        self.get(&self.names.versions, key).await
    }

    /// The version of a file that began last, in any state.
    pub async fn latest_version(&self, file: FileId) -> Result<Option<Version>, StorageError> {
        Ok(self.versions(file, None, 1).await?.0.pop())
    }

    /// Up to `limit` versions of a file that are older than `after`, the latest first, and the place after
    /// which there may be more. One query: long rows make the page shorter than `limit`.
    pub async fn versions(
        &self,
        file: FileId,
        after: Option<VersionId>,
        limit: usize,
    ) -> Result<(Vec<Version>, Option<VersionId>), StorageError> {
        let after =
            after.map(|version| key([("file_id", &file.to_string()), ("version_id", &version.to_string())]));
        let query = Query {
            table: &self.names.versions,
            index: None,
            condition: "#file_id = :file_id",
            values: Values::new().with(":file_id", &file)?,
            after,
            limit,
            descending: true,
        };
        let (rows, last) = self.query(query).await?;
        Ok((rows.into_iter().map(parse).collect::<Result<_, _>>()?, place(last, "version_id")?))
    }
}

impl Transaction {
    /// Writes a version that is new, or known as pending.
    pub(super) fn put_version(self, tables: &Tables, version: &Version) -> Result<Self, StorageError> {
        let undecided = Condition::VersionUndecided
            .when("attribute_not_exists(#file_id) OR #state = :pending")
            .with(":pending", &"pending")?;
        self.put(&tables.names.versions, row(version)?, undecided)
    }
}
