//! Remembers which version each local file became.

use rusqlite::{OptionalExtension as _, Row, params};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::path::FilePath;
use std::path::{Path, absolute};

use super::database::Cache;
use super::fingerprint::Fingerprint;
use crate::clock;

/// A local file and the version that holds its bytes.
pub struct CachedFile<'a> {
    pub local: &'a Path,
    /// None if the fingerprint would not reveal a later write.
    pub fingerprint: Option<&'a Fingerprint>,
    pub remote: &'a FilePath,
    pub version: CachedVersion,
}

/// A version of a file on the server. Versions never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachedVersion {
    pub file_id: FileId,
    pub version_id: VersionId,
    pub sha256: Sha256,
}

impl Cache {
    /// The SHA-256 of the file at `local`, if the fingerprint is the same as when the file was hashed.
    pub fn unchanged(&self, local: &Path, fingerprint: &Fingerprint) -> Option<Sha256> {
        let local = absolute(local).ok()?;
        let found = self.with(|transaction, account| {
            transaction
                .query_row(
                    "SELECT sha256 FROM files WHERE account = ?1 AND local = ?2 AND size = ?3
                     AND modified_nanoseconds = ?4 AND changed_nanoseconds = ?5 AND inode = ?6",
                    params![
                        account,
                        local.as_os_str().as_encoded_bytes(),
                        fingerprint.size_bytes.cast_signed(),
                        fingerprint.modified_nanoseconds,
                        fingerprint.changed_nanoseconds,
                        fingerprint.inode.cast_signed(),
                    ],
                    |row| row.get(0).map(|bytes: [u8; Sha256::LENGTH]| Sha256::from(bytes)),
                )
                .optional()
        });
        found.flatten()
    }

    /// The last version that this machine saw at `remote`. Other machines may have made later ones.
    pub fn version_at(&self, remote: &FilePath) -> Option<CachedVersion> {
        self.version("remote", remote.as_str())
    }

    /// A version that holds the blob.
    pub fn version_of(&self, sha256: &Sha256) -> Option<CachedVersion> {
        self.version("sha256", sha256.as_bytes())
    }

    fn version(&self, column: &'static str, value: impl rusqlite::ToSql) -> Option<CachedVersion> {
        let select = format!(
            "SELECT file_id, version_id, sha256 FROM files WHERE account = ?1 AND {column} = ?2
             ORDER BY used_at DESC LIMIT 1"
        );
        let found = self.with(|transaction, account| {
            transaction.query_row(&select, params![account, value], version_of_row).optional()
        });
        found.flatten()
    }

    pub fn remember_file(&self, file: &CachedFile<'_>) {
        let Ok(local) = absolute(file.local) else { return };
        let fingerprint = file.fingerprint;
        self.with(|transaction, account| {
            transaction.execute(
                "INSERT OR REPLACE INTO files
                 (account, local, size, modified_nanoseconds, changed_nanoseconds, inode, sha256, remote,
                 file_id, version_id, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                params![
                    account,
                    local.as_os_str().as_encoded_bytes(),
                    fingerprint.map(|fingerprint| fingerprint.size_bytes.cast_signed()),
                    fingerprint.map(|fingerprint| fingerprint.modified_nanoseconds),
                    fingerprint.map(|fingerprint| fingerprint.changed_nanoseconds),
                    fingerprint.map(|fingerprint| fingerprint.inode.cast_signed()),
                    file.version.sha256.as_bytes(),
                    file.remote.as_str(),
                    file.version.file_id.as_bytes(),
                    file.version.version_id.as_bytes(),
                    clock::now().unix_milliseconds().cast_signed(),
                ],
            )
        });
    }
}

fn version_of_row(row: &Row<'_>) -> rusqlite::Result<CachedVersion> {
    Ok(CachedVersion {
        file_id: FileId::from_bytes(row.get(0)?),
        version_id: VersionId::from_bytes(row.get(1)?),
        sha256: Sha256::from(row.get::<_, [u8; Sha256::LENGTH]>(2)?),
    })
}
