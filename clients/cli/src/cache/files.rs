//! Local files, and the versions they became.

use rusqlite::{OptionalExtension as _, Row, params};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::path::FilePath;
use std::path::{Path, absolute};

use super::{Cache, Fingerprint};
use crate::clock;

/// A local file that the server has.
pub struct KnownFile<'a> {
    /// Where it lies.
    pub local: &'a Path,
    /// What it looked like when it was hashed, if that tells a later write.
    pub fingerprint: Option<&'a Fingerprint>,
    /// Where it lies there.
    pub remote: &'a FilePath,
    /// What it became there.
    pub version: KnownVersion,
}

/// A version, which never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownVersion {
    /// The file.
    pub file_id: FileId,
    /// Its version.
    pub version_id: VersionId,
    /// What it holds.
    pub sha256: Sha256,
}

impl Cache {
    /// The SHA-256 of the file at `local`, if nothing wrote to it since it was hashed.
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

    /// The last version that is known of the file at `remote`; others may have made later ones.
    pub fn version_at(&self, remote: &FilePath) -> Option<KnownVersion> {
        self.version("remote", remote.as_str())
    }

    /// A version that holds this content.
    pub fn version_of(&self, sha256: &Sha256) -> Option<KnownVersion> {
        self.version("sha256", sha256.as_bytes())
    }

    fn version(&self, column: &'static str, value: impl rusqlite::ToSql) -> Option<KnownVersion> {
        let select = format!(
            "SELECT file_id, version_id, sha256 FROM files WHERE account = ?1 AND {column} = ?2
             ORDER BY used_at DESC LIMIT 1"
        );
        let found = self.with(|transaction, account| {
            transaction.query_row(&select, params![account, value], version_of_row).optional()
        });
        found.flatten()
    }

    /// Remembers what a local file became.
    pub fn remember_file(&self, file: &KnownFile<'_>) {
        let Ok(local) = absolute(file.local) else { return };
        let fingerprint = file.fingerprint;
        self.with(|transaction, account| {
            transaction.execute(
                "INSERT OR REPLACE INTO files (account, local, size, modified_nanoseconds, changed_nanoseconds, inode,
                 sha256, remote, file_id, version_id, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
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

fn version_of_row(row: &Row<'_>) -> rusqlite::Result<KnownVersion> {
    Ok(KnownVersion {
        file_id: FileId::from_bytes(row.get(0)?),
        version_id: VersionId::from_bytes(row.get(1)?),
        sha256: Sha256::from(row.get::<_, [u8; Sha256::LENGTH]>(2)?),
    })
}
