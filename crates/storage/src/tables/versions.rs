//! Versions.

use sluice_domain::id::{FileId, VersionId};
use sluice_domain::version::Version;

use super::{Query, Tables};
use crate::error::StorageError;
use crate::transaction::{Condition, Transaction, Values, key, parse, row};

impl Tables {
    /// One version.
    pub async fn version(&self, file: FileId, version: VersionId) -> Result<Option<Version>, StorageError> {
        let key = key([("file_id", &file.to_string()), ("version_id", &version.to_string())]);
        self.get(&self.names.versions, key).await
    }

    /// Up to `limit` versions of a file, the latest first, after (that is, older than) `after`.
    pub async fn versions(
        &self,
        file: FileId,
        after: Option<VersionId>,
        limit: usize,
    ) -> Result<Vec<Version>, StorageError> {
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
        let (rows, _) = self.query(query).await?;
        rows.into_iter().map(parse).collect()
    }
}

impl Transaction {
    /// Adds a version that must be new, or may only be known as pending.
    pub(super) fn put_version(self, tables: &Tables, version: &Version) -> Result<Self, StorageError> {
        let undecided = Condition::VersionUndecided
            .when("attribute_not_exists(#file_id) OR #state = :pending")
            .with(":pending", &"pending")?;
        self.put(&tables.names.versions, row(version)?, undecided)
    }
}
