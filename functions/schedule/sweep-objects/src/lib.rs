//! Deletes retired objects: those that packs and blobs were moved out of, once no reader can use them any
//! more.
//!
//! It also deletes objects of abandoned moves, because a mover registers every object before it writes it. An
//! object that still stores its owner is never deleted. Before a deletion, the object is condemned, so that
//! no pack can be placed there.

use futures::stream::{self, StreamExt};
use sluice_deployment::{ConfigError, Deployment};
use sluice_domain::key::ObjectKey;
use sluice_domain::pack_move::RetiredObject;
use sluice_domain::time::Timestamp;
use sluice_storage::stores::PackBuckets;
use sluice_storage::tables::{DUE_SHARDS, Update};
use sluice_storage::{Chain, StorageError, Tables};
use std::sync::Arc;

/// One run handles at most this many objects of a shard; the next run continues.
const SHARD_LIMIT: usize = 1000;

/// How many objects are handled at once.
const OBJECTS_IN_FLIGHT: usize = 8;

#[derive(Debug)]
pub struct App {
    tables: Tables,
    packs: PackBuckets,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self { tables: deployment.tables()?, packs: deployment.pack_buckets()? })
    }
}

/// What the run did with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swept {
    Deleted,
    /// The object stores its owner, so it is not retired any more.
    InUse,
    /// Another run or a mover changed its row.
    Overtaken,
}

/// Runs once. If an object fails, the run continues with the others and fails at its end.
pub async fn sweep(app: Arc<App>, now: Timestamp) -> Result<(), StorageError> {
    let mut failure = None;
    for shard in 0..DUE_SHARDS {
        let app = &*app;
        let due = match app.tables.due_objects(shard, now, SHARD_LIMIT).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(error = %Chain(&error), shard, "a shard could not be read");
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
                    tracing::error!(
                        error = %Chain(&error),
                        object = object.object_id(),
                        "an object could not be swept"
                    );
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
        return Ok(Swept::InUse);
    }
    if app.tables.condemn_object(object).await? == Update::Refused {
        return Ok(Swept::Overtaken);
    }
    app.packs.get(&object.store)?.delete(&ObjectKey::from_stored(&*object.key)).await?;
    app.tables.forget_object(object).await?;
    Ok(Swept::Deleted)
}
