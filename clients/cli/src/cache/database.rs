//! Opens the cache's `SQLite` database, runs transactions on it, and sets a damaged one aside.

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior, params};
use sluice_domain::id::AccountId;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::output::Output;
use crate::private_file;
use crate::session::ApiUrl;

/// Raised whenever [`SCHEMA`] changes. A database of any other version is set aside.
const SCHEMA_VERSION: i64 = 2;

/// The fingerprint columns of a file are null if they would not reveal a later write. A chunk table has 34
/// bytes for each chunk, as in pack indexes: id, length less one (little-endian). Times are milliseconds
/// since 1970.
const SCHEMA: &str = "
CREATE TABLE accounts (
    account INTEGER PRIMARY KEY, server TEXT NOT NULL, account_id BLOB NOT NULL, UNIQUE (server, account_id)
);
CREATE TABLE files (
    account INTEGER NOT NULL, local BLOB NOT NULL, size INTEGER, modified_nanoseconds INTEGER,
    changed_nanoseconds INTEGER, inode INTEGER, sha256 BLOB NOT NULL, remote TEXT NOT NULL,
    file_id BLOB NOT NULL, version_id BLOB NOT NULL, used_at INTEGER NOT NULL, PRIMARY KEY (account, local)
) WITHOUT ROWID;
CREATE INDEX files_by_remote ON files (account, remote);
CREATE INDEX files_by_sha256 ON files (account, sha256);
CREATE TABLE blobs (
    blob INTEGER PRIMARY KEY, account INTEGER NOT NULL, sha256 BLOB NOT NULL, size INTEGER NOT NULL,
    chunks BLOB NOT NULL, used_at INTEGER NOT NULL, UNIQUE (account, sha256)
);
CREATE TABLE hooks (
    account INTEGER NOT NULL, chunk_id BLOB NOT NULL,
    blob INTEGER NOT NULL REFERENCES blobs ON DELETE CASCADE, PRIMARY KEY (account, chunk_id)
) WITHOUT ROWID;
CREATE INDEX hooks_by_blob ON hooks (blob);
";

const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// The cache of one account.
pub struct Cache {
    path: PathBuf,
    output: Output,
    /// None with `--no-cache`, or after an error.
    open: Mutex<Option<Open>>,
}

struct Open {
    connection: Connection,
    account: i64,
}

#[derive(Debug, thiserror::Error)]
enum CacheError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Folder(#[from] io::Error),
    #[error("it was written by another version of sluice")]
    OtherSchema,
}

impl CacheError {
    /// Whether a new database helps: this one is damaged, or of another version.
    fn needs_new_database(&self) -> bool {
        match self {
            Self::Sqlite(error) => {
                matches!(
                    error.sqlite_error_code(),
                    Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                )
            }
            Self::Folder(_) => false,
            Self::OtherSchema => true,
        }
    }
}

impl Cache {
    /// A cache that remembers nothing.
    pub fn off(output: &Output) -> Self {
        Self { path: PathBuf::new(), output: output.clone(), open: Mutex::new(None) }
    }

    /// Opens the database at `path`, or creates it. Warns on `output` if that fails, and returns a cache that
    /// remembers nothing.
    pub fn open(path: &Path, api: &ApiUrl, account_id: AccountId, output: &Output) -> Self {
        let mut cache = Self { path: path.to_owned(), output: output.clone(), open: Mutex::new(None) };
        let opened = open(path, api, account_id).or_else(|error| {
            if !error.needs_new_database() {
                return Err(error);
            }
            cache.set_aside(&error)?;
            open(path, api, account_id)
        });
        match opened {
            Ok(open) => cache.open = Mutex::new(Some(open)),
            Err(error) => cache.warn(&error),
        }
        cache
    }

    /// Runs `work` in a transaction. Returns `None` without a cache. An error turns the cache off.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>, i64) -> rusqlite::Result<T>,
    ) -> Option<T> {
        let mut slot = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = slot.as_mut()?;
        let begun = open.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let outcome = begun.and_then(|transaction| {
            let value = work(&transaction, open.account)?;
            transaction.commit().map(|()| value)
        });
        match outcome.map_err(CacheError::from) {
            Ok(value) => Some(value),
            Err(error) => {
                *slot = None;
                let warned = if error.needs_new_database() { self.set_aside(&error) } else { Err(error) };
                warned.unwrap_or_else(|error| self.warn(&error));
                None
            }
        }
    }

    /// Renames the database rather than deleting it, so that it can be inspected.
    fn set_aside(&self, error: &CacheError) -> Result<(), CacheError> {
        let aside = self.path.with_extension("set-aside");
        fs::rename(&self.path, &aside)?;
        for companion in ["sqlite3-wal", "sqlite3-shm"] {
            // The file may not exist.
            let _ = fs::remove_file(self.path.with_extension(companion));
        }
        self.output.warning(&format!(
            "the cache {} cannot be used ({error}) and was set aside as {}",
            self.path.display(),
            aside.display()
        ));
        Ok(())
    }

    fn warn(&self, error: &CacheError) {
        self.output.warning(&format!("continuing without the cache {}: {error}", self.path.display()));
    }
}

fn open(path: &Path, api: &ApiUrl, account_id: AccountId) -> Result<Open, CacheError> {
    private_file::create_folder(path.parent().unwrap_or(Path::new(".")))?;
    create_privately(path)?;
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // With NORMAL, a power failure may lose the last entries, but it does not damage the database.
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match transaction.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? {
        0 => {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        }
        SCHEMA_VERSION => {}
        _ => return Err(CacheError::OtherSchema),
    }
    let account = account(&transaction, api, account_id)?;
    transaction.commit()?;
    Ok(Open { connection, account })
}

fn account(transaction: &Transaction<'_>, api: &ApiUrl, account_id: AccountId) -> rusqlite::Result<i64> {
    let key = params![api.to_string(), account_id.as_bytes()];
    let select = "SELECT account FROM accounts WHERE server = ?1 AND account_id = ?2";
    if let Some(account) = transaction.query_row(select, key, |row| row.get(0)).optional()? {
        return Ok(account);
    }
    transaction.execute("INSERT INTO accounts (server, account_id) VALUES (?1, ?2)", key)?;
    Ok(transaction.last_insert_rowid())
}

/// `SQLite` would create a file that others can read. Its companion files get the same mode.
fn create_privately(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
