//! Remembers the chunks of blobs, and finds a similar blob by its hooks.

use rusqlite::{OptionalExtension as _, Transaction, params};
use sluice_domain::chunk::Chunk;
use sluice_domain::dedup::hooks;
use sluice_domain::hash::{ChunkId, Sha256};
use std::time::Duration;

use super::database::Cache;
use crate::clock;

const ENTRY_BYTES: usize = ChunkId::LENGTH + 2;
/// Entries that were not used for this long are deleted.
const UNUSED_MAX: Duration = Duration::from_hours(90 * 24);
/// Beyond this size, the blobs that were used longest ago are deleted.
const CHUNK_TABLES_MAX_BYTES: i64 = 1 << 30;

impl Cache {
    /// The chunks of the blob, in order.
    pub fn chunks(&self, sha256: &Sha256) -> Option<Vec<Chunk>> {
        let found = self.with(|transaction, account| {
            let select = "SELECT blob, chunks FROM blobs WHERE account = ?1 AND sha256 = ?2";
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let found =
                transaction.query_row(select, params![account, sha256.as_bytes()], read).optional()?;
            let Some((blob, chunks)): Option<(i64, Vec<u8>)> = found else { return Ok(None) };
            let used = "UPDATE blobs SET used_at = ?1 WHERE blob = ?2";
            transaction.execute(used, params![now(), blob])?;
            Ok(decode(&chunks))
        });
        found.flatten()
    }

    /// The blob that shares the most of these hooks, if any does.
    pub fn similar_blob(&self, hooks: &[ChunkId]) -> Option<Sha256> {
        let found = self.with(|transaction, account| {
            let mut select = transaction.prepare(
                "SELECT sha256 FROM hooks JOIN blobs USING (blob)
                 WHERE hooks.account = ?1 AND chunk_id = ?2",
            )?;
            let mut shared = std::collections::HashMap::<[u8; Sha256::LENGTH], u32>::new();
            for hook in hooks {
                let found = select.query_row(params![account, hook.as_bytes()], |row| row.get(0));
                if let Some(sha256) = found.optional()? {
                    *shared.entry(sha256).or_default() += 1;
                }
            }
            Ok(shared.into_iter().max_by_key(|(_, count)| *count).map(|(sha256, _)| Sha256::from(sha256)))
        });
        found.flatten()
    }

    /// Remembers the chunks of a blob. They depend only on its bytes, so the entry never becomes wrong.
    pub fn remember_blob(&self, sha256: &Sha256, size_bytes: u64, chunks: &[Chunk]) {
        self.with(|transaction, account| {
            transaction.execute(
                "INSERT INTO blobs (account, sha256, size, chunks, used_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET used_at = excluded.used_at",
                params![account, sha256.as_bytes(), size_bytes.cast_signed(), encode(chunks), now()],
            )?;
            let select = "SELECT blob FROM blobs WHERE account = ?1 AND sha256 = ?2";
            let blob: i64 =
                transaction.query_row(select, params![account, sha256.as_bytes()], |row| row.get(0))?;
            // Of several blobs with a hook, the latest is the most likely to be similar to the next file.
            let mut insert = transaction
                .prepare("INSERT OR REPLACE INTO hooks (account, chunk_id, blob) VALUES (?1, ?2, ?3)")?;
            for hook in hooks(chunks) {
                insert.execute(params![account, hook.as_bytes(), blob])?;
            }
            Ok(())
        });
    }

    /// Deletes entries that are too old, or too many.
    pub fn prune(&self) {
        self.with(|transaction, _| {
            let oldest = now() - i64::try_from(UNUSED_MAX.as_millis()).unwrap_or(i64::MAX);
            transaction.execute("DELETE FROM files WHERE used_at < ?1", [oldest])?;
            transaction.execute("DELETE FROM blobs WHERE used_at < ?1", [oldest])?;
            drop_beyond(transaction, CHUNK_TABLES_MAX_BYTES)
        });
    }
}

/// Deletes the blobs that were used longest ago until the remaining chunk tables fit into `max_bytes`.
pub(super) fn drop_beyond(transaction: &Transaction<'_>, max_bytes: i64) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM blobs WHERE blob IN (SELECT blob FROM (
             SELECT blob, sum(length(chunks)) OVER (ORDER BY used_at DESC, blob DESC) AS total FROM blobs
         ) WHERE total > ?1)",
        [max_bytes],
    )?;
    Ok(())
}

fn now() -> i64 {
    clock::now().unix_milliseconds().cast_signed()
}

fn encode(chunks: &[Chunk]) -> Vec<u8> {
    let mut table = Vec::with_capacity(chunks.len() * ENTRY_BYTES);
    for chunk in chunks {
        table.extend_from_slice(chunk.id().as_bytes());
        table.extend_from_slice(&((chunk.length_bytes() - 1) as u16).to_le_bytes());
    }
    table
}

/// None if the bytes are not a chunk table.
fn decode(table: &[u8]) -> Option<Vec<Chunk>> {
    let (entries, []) = table.as_chunks::<ENTRY_BYTES>() else { return None };
    let chunk = |entry: &[u8; ENTRY_BYTES]| {
        let (id, length) = entry.split_first_chunk::<{ ChunkId::LENGTH }>()?;
        let length_less_one = u16::from_le_bytes(length.try_into().ok()?);
        Chunk::new(ChunkId::from(*id), u32::from(length_less_one) + 1).ok()
    };
    entries.iter().map(chunk).collect()
}
