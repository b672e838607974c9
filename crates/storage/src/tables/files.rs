//! Stores files, one row for each path.

use backon::{BackoffBuilder as _, ExponentialBuilder};
use serde::{Deserialize, Serialize};
use sluice_domain::blob::{Blob, blob_id};
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::{AccountId, FileId, VersionId};
use sluice_domain::path::FilePath;
use sluice_domain::publication::Target;
use sluice_domain::version::{File, Version};
use std::time::Duration;

use super::batch::{Consistency, Wanted};
use super::{Query, Tables};
use crate::error::StorageError;
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

/// How long an index is given to show a write: a second and a half, longer than it usually lags.
const INDEX_LAG: ExponentialBuilder =
    ExponentialBuilder::new().with_min_delay(Duration::from_millis(50)).with_max_times(5);

impl Tables {
    /// The file at a path. It may have no current version yet, or a tombstone.
    pub async fn file_at(&self, account: AccountId, path: &FilePath) -> Result<Option<File>, StorageError> {
        let row: Option<FileRow> = self.get(&self.names.files, row_key(account, path.as_str())).await?;
        row.map(File::try_from).transpose()
    }

    /// The account's file with this id, whatever its path.
    ///
    /// The index is eventually consistent, so it only leads to the row itself. A file that it does not show
    /// yet is looked up at the path of its latest version. One that was renamed is at neither path until the
    /// index has followed.
    pub async fn file(&self, account: AccountId, file: FileId) -> Result<Option<File>, StorageError> {
        let mut delays = INDEX_LAG.build();
        loop {
            let indexed = self.indexed_file(account, file).await?;
            if indexed.is_some() {
                return Ok(indexed);
            }
            let latest = self.latest_version(file).await?;
            let Some(latest) = latest.filter(|latest| latest.account_id == account) else { return Ok(None) };
            let at_path = self.file_at(account, &latest.path).await?.filter(|found| found.file_id == file);
            match delays.next() {
                Some(delay) if at_path.is_none() => tokio::time::sleep(delay).await,
                // There is no row at all if the only version was rejected.
                _ => return Ok(at_path),
            }
        }
    }

    /// The file to whose row the index leads.
    async fn indexed_file(&self, account: AccountId, file: FileId) -> Result<Option<File>, StorageError> {
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
        Ok(None)
    }

    /// The file at a path and the account's blob with this hash, in one call.
    pub async fn file_and_blob(
        &self,
        account: AccountId,
        path: &FilePath,
        sha256: Option<&Sha256>,
    ) -> Result<FileAndBlob, StorageError> {
        let strong = |table, key| Wanted { table, keys: vec![key], consistency: Consistency::Strong };
        let mut wanted = vec![strong(&*self.names.files, row_key(account, path.as_str()))];
        if let Some(sha256) = sha256 {
            wanted.push(strong(&*self.names.blobs, key([("blob_id", &blob_id(account, sha256))])));
        }
        let mut rows = self.read_batch(wanted).await?;
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
