//! The chunks of contents, and the sampled chunks by which a similar content is found.

use rusqlite::{OptionalExtension as _, Transaction, params};
use sluice_domain::chunk::Chunk;
use sluice_domain::dedup::hooks;
use sluice_domain::hash::{ChunkId, Sha256};
use std::time::Duration;

use super::Cache;
use crate::clock;

const ENTRY_BYTES: usize = ChunkId::LENGTH + 2;
/// What was not used for so long is forgotten.
const UNUSED_MAX: Duration = Duration::from_hours(90 * 24);
/// Of what was used, the latest so many bytes of chunk tables are kept.
const CHUNK_TABLES_MAX_BYTES: i64 = 1 << 30;

impl Cache {
    /// The chunks of the content, in order.
    pub fn chunks(&self, sha256: &Sha256) -> Option<Vec<Chunk>> {
        let found = self.with(|transaction, account| {
            let select = "SELECT content, chunks FROM contents WHERE account = ?1 AND sha256 = ?2";
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let found =
                transaction.query_row(select, params![account, sha256.as_bytes()], read).optional()?;
            let Some((content, chunks)): Option<(i64, Vec<u8>)> = found else { return Ok(None) };
            let used = "UPDATE contents SET used_at = ?1 WHERE content = ?2";
            transaction.execute(used, params![now(), content])?;
            Ok(decode(&chunks))
        });
        found.flatten()
    }

    /// The content that shares the most of these hooks, if any does.
    pub fn content_with(&self, hooks: &[ChunkId]) -> Option<Sha256> {
        let found = self.with(|transaction, account| {
            let mut select = transaction.prepare(
                "SELECT sha256 FROM hooks JOIN contents USING (content)
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

    /// Remembers the chunks of a content: they follow from its bytes, whatever becomes of it.
    pub fn remember_blob(&self, sha256: &Sha256, size_bytes: u64, chunks: &[Chunk]) {
        self.with(|transaction, account| {
            transaction.execute(
                "INSERT INTO contents (account, sha256, size, chunks, used_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET used_at = excluded.used_at",
                params![account, sha256.as_bytes(), size_bytes.cast_signed(), encode(chunks), now()],
            )?;
            let select = "SELECT content FROM contents WHERE account = ?1 AND sha256 = ?2";
            let content: i64 =
                transaction.query_row(select, params![account, sha256.as_bytes()], |row| row.get(0))?;
            // The latest content that has a chunk is the likeliest to be had again.
            let mut insert = transaction
                .prepare("INSERT OR REPLACE INTO hooks (account, chunk_id, content) VALUES (?1, ?2, ?3)")?;
            for hook in hooks(chunks) {
                insert.execute(params![account, hook.as_bytes(), content])?;
            }
            Ok(())
        });
    }

    /// Forgets what is old, the oldest first.
    pub fn prune(&self) {
        self.with(|transaction, _| {
            let oldest = now() - i64::try_from(UNUSED_MAX.as_millis()).unwrap_or(i64::MAX);
            transaction.execute("DELETE FROM files WHERE used_at < ?1", [oldest])?;
            transaction.execute("DELETE FROM contents WHERE used_at < ?1", [oldest])?;
            drop_beyond(transaction, CHUNK_TABLES_MAX_BYTES)
        });
    }
}

/// Drops contents until the chunk tables of those left, the latest used, fit into `max_bytes`.
pub(super) fn drop_beyond(transaction: &Transaction<'_>, max_bytes: i64) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM contents WHERE content IN (SELECT content FROM (
             SELECT content, sum(length(chunks)) OVER (ORDER BY used_at DESC, content DESC) AS total FROM contents
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

/// Nothing if it is no chunk table.
fn decode(table: &[u8]) -> Option<Vec<Chunk>> {
    let (entries, []) = table.as_chunks::<ENTRY_BYTES>() else { return None };
    let chunk = |entry: &[u8; ENTRY_BYTES]| {
        let (id, length) = entry.split_first_chunk::<{ ChunkId::LENGTH }>()?;
        let length_less_one = u16::from_le_bytes(length.try_into().ok()?);
        Chunk::new(ChunkId::from(*id), u32::from(length_less_one) + 1).ok()
    };
    entries.iter().map(chunk).collect()
}
