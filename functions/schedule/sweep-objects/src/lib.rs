//! sweep-objects: deletes the objects that packs and blobs have left, once nobody can be reading them.
//!
//! So it does with objects that were written for a pack which then did not come to lie there: whoever writes one says so
//! before. An object in which its owner lies is never deleted; that it cannot move in any more is made sure of first.

use futures::stream::{self, StreamExt};
use sluice_domain::key::ObjectKey;
use sluice_domain::pack_move::RetiredObject;
use sluice_domain::time::Timestamp;
use sluice_lambda::Deployment;
use sluice_lambda::config::ConfigError;
use sluice_storage::stores::PackBuckets;
use sluice_storage::tables::DUE_SHARDS;
use sluice_storage::{StorageError, Tables};
use std::sync::Arc;

/// How many objects of a shard one run looks at; the next run goes on.
const SHARD_LIMIT: usize = 1000;

/// How many objects are looked at side by side.
const OBJECTS_IN_FLIGHT: usize = 8;

/// What the function works with.
#[derive(Debug)]
pub struct App {
    tables: Tables,
    packs: PackBuckets,
}

impl App {
    /// The app of a deployment.
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self { tables: deployment.tables()?, packs: deployment.pack_buckets()? })
    }
}

/// What was done about an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swept {
    /// It is deleted.
    Deleted,
    /// Its owner lies there.
    Inhabited,
    /// Somebody else is at it.
    Overtaken,
}

/// One run. One object that fails does not keep the others waiting: the run goes on and fails at its end.
pub async fn sweep(app: Arc<App>, now: Timestamp) -> Result<(), StorageError> {
    let mut failure = None;
    for shard in 0..DUE_SHARDS {
        let app = &*app;
        let due = match app.tables.due_objects(shard, now, SHARD_LIMIT).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, shard, "a shard could not be read");
                failure = Some(error);
                continue;
            }
        };
        let mut swept = stream::iter(due)
            .map(|object| async move {
                let swept = sweep_one(app, &object).await;
                (object, swept)
            })
            .buffer_unordered(OBJECTS_IN_FLIGHT);
        while let Some((object, result)) = swept.next().await {
            match result {
                Ok(swept) => tracing::info!(object = object.object_id(), ?swept, "swept"),
                Err(error) => {
                    tracing::error!(%error, object = object.object_id(), "an object could not be swept");
                    failure = Some(error);
                }
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

async fn sweep_one(app: &App, object: &RetiredObject) -> Result<Swept, StorageError> {
    if app.tables.is_inhabited(object).await? {
        app.tables.forget_object(object).await?;
        return Ok(Swept::Inhabited);
    }
    if !app.tables.condemn_object(object).await? {
        return Ok(Swept::Overtaken);
    }
    app.packs.get(&object.store)?.delete(&ObjectKey::from_stored(&*object.key)).await?;
    app.tables.forget_object(object).await?;
    Ok(Swept::Deleted)
}
