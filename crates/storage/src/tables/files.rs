//! Stores files, one row for each path.

use aws_sdk_dynamodb::types::KeysAndAttributes;
use serde::{Deserialize, Serialize};
use sluice_domain::blob::{Blob, blob_id};
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::{AccountId, FileId, VersionId};
use sluice_domain::path::FilePath;
use sluice_domain::publication::Target;
use sluice_domain::version::{File, Version};
use std::collections::HashMap;

use super::{Query, Tables};
use crate::call;
use crate::error::{ErrorKind, StorageError};
use crate::transaction::{Condition, Guard, Row, Transaction, Values, key, parse, row};

/// The row of a file, with the attributes of its indexes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FileRow {
    account_id: AccountId,
    /// The path. For a displaced file, the path, a NUL (which no path has) and the file id.
    pub(super) path: String,
    file_id: FileId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<Version>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current_version_id: Option<VersionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha1: Option<Sha1>,
}

/// What an account has at a path, and with a hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAndBlob {
    pub file: Option<File>,
    pub blob: Option<Blob>,
}

impl From<&File> for FileRow {
    fn from(file: &File) -> Self {
        let live = file.live().filter(|_| !file.displaced);
        Self {
            account_id: file.account_id,
            path: sort_key(file),
            file_id: file.file_id,
            current: file.current.clone(),
            current_version_id: file.current_id(),
            sha256: live.and_then(|version| version.sha256),
            sha1: live.and_then(|version| version.sha1),
        }
    }
}

impl TryFrom<FileRow> for File {
    type Error = StorageError;
    fn try_from(row: FileRow) -> Result<Self, StorageError> {
        let (path, displaced) = match row.path.split_once('\0') {
            Some((path, _)) => (path, true),
            None => (&*row.path, false),
        };
        let path = FilePath::parse(path).map_err(|error| StorageError::fault("read a file row", error))?;
        Ok(Self { account_id: row.account_id, file_id: row.file_id, path, displaced, current: row.current })
    }
}

fn sort_key(file: &File) -> String {
    if file.displaced { format!("{}\0{}", file.path, file.file_id) } else { file.path.to_string() }
}

fn row_key(account: AccountId, sort_key: &str) -> Row {
    key([("account_id", &account.to_string()), ("path", sort_key)])
}

pub(super) fn read(row: Row) -> Result<File, StorageError> {
    parse::<FileRow>(row)?.try_into()
}

impl Tables {
    /// The file at a path. It may have no current version yet, or a tombstone.
    pub async fn file_at(&self, account: AccountId, path: &FilePath) -> Result<Option<File>, StorageError> {
        let row: Option<FileRow> = self.get(&self.names.files, row_key(account, path.as_str())).await?;
        row.map(File::try_from).transpose()
    }

    /// The account's file with this id, whatever its path.
    ///
    /// The index is eventually consistent, so it only leads to the row itself. A file that it does not show
    /// yet is looked up at the path of its latest version.
    pub async fn file(&self, account: AccountId, file: FileId) -> Result<Option<File>, StorageError> {
        let query = Query {
            table: &self.names.files,
            index: Some("by_file_id"),
            condition: "#file_id = :file_id",
            values: Values::new().with(":file_id", &file)?,
            after: None,
            limit: 1,
            descending: false,
        };
        let (rows, _) = self.query(query).await?;
        let indexed = rows.into_iter().next().map(read).transpose()?;
        if let Some(found) = indexed.filter(|found| found.account_id == account)
            && let Some(row) =
                self.get::<FileRow>(&self.names.files, row_key(account, &sort_key(&found))).await?
            && row.file_id == file
        {
            return row.try_into().map(Some);
        }
        let Some(latest) = self.versions(file, None, 1).await?.pop() else { return Ok(None) };
        let file_at_path = self.file_at(account, &latest.path).await?;
        Ok(file_at_path.filter(|found| found.file_id == file && latest.account_id == account))
    }

    /// The file at a path and the account's blob with this hash, in one call.
    pub async fn file_and_blob(
        &self,
        account: AccountId,
        path: &FilePath,
        sha256: Option<&Sha256>,
    ) -> Result<FileAndBlob, StorageError> {
        const OPERATION: &str = "dynamodb:BatchGetItem";
        let mut keys = HashMap::from([(self.names.files.clone(), row_key(account, path.as_str()))]);
        if let Some(sha256) = sha256 {
            let key = key([("blob_id", &blob_id(account, sha256))]);
            keys.insert(self.names.blobs.clone(), key);
        }
        let mut request = self.client.batch_get_item();
        for (table, key) in keys {
            let keys = KeysAndAttributes::builder().keys(key).consistent_read(true).build();
            request =
                request.request_items(table, keys.map_err(|error| StorageError::fault(OPERATION, error))?);
        }
        let answer = call::read(OPERATION, request.send()).await?;
        if answer.unprocessed_keys.is_some_and(|keys| !keys.is_empty()) {
            return Err(StorageError::new(ErrorKind::Throttled, OPERATION, "keys were left over"));
        }
        let mut rows = answer.responses.unwrap_or_default();
        let mut take = |table: &str| rows.remove(table).and_then(|mut rows| rows.pop());
        let file = take(&self.names.files).map(read).transpose()?;
        let blob = take(&self.names.blobs).map(parse).transpose()?;
        Ok(FileAndBlob { file, blob })
    }
}

impl Transaction {
    /// Writes the row of a file in place of `replaced`, which must be as it was read, or where there is no
    /// row.
    pub(super) fn put_file(
        self,
        tables: &Tables,
        file: &File,
        replaced: Option<&File>,
    ) -> Result<Self, StorageError> {
        self.put(&tables.names.files, row(&FileRow::from(file))?, unchanged(replaced)?)
    }

    /// Makes sure that the file has a row at its path, whatever its current version.
    pub(super) fn ensure_file(self, tables: &Tables, target: &Target) -> Result<Self, StorageError> {
        if !target.exists {
            return self.put_file(tables, &target.file, None);
        }
        let file = &target.file;
        self.check(
            &tables.names.files,
            row_key(file.account_id, &sort_key(file)),
            Condition::FileAtPath.when("#file_id = :file_id").with(":file_id", &file.file_id)?,
        )
    }

    /// Removes the row of a file, which must be as it was read.
    pub(super) fn delete_file(self, tables: &Tables, file: &File) -> Result<Self, StorageError> {
        let key = row_key(file.account_id, &sort_key(file));
        self.delete(&tables.names.files, key, unchanged(Some(file))?)
    }
}

/// The condition that the row is as it was read: `file`, or none.
fn unchanged(file: Option<&File>) -> Result<Guard<'static>, StorageError> {
    let when = |expression| Condition::FileUnchanged.when(expression);
    let Some(file) = file else { return Ok(when("attribute_not_exists(#file_id)")) };
    let guard = match file.current_id() {
        Some(current) => {
            when("#file_id = :file_id AND #current_version_id = :current").with(":current", &current)?
        }
        None => when("#file_id = :file_id AND attribute_not_exists(#current_version_id)"),
    };
    guard.with(":file_id", &file.file_id)
}
