//! compress-pack: writes packs anew as Zstandard frames, where that pays.
//!
//! A sample tells whether it does. A pack with an object of its own is moved by itself. Packs that are ranges of an adopted
//! object are all moved or none, since the object goes only when all have left it: then its blob is read from its packs.
//! Moving is [`sluice_packs::mover`], of which each move is complete by itself: a run that is killed, or out of time, is
//! followed by one that finds what is left to do.

use futures::FutureExt;
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::blob::{Blob, Encoding, Pack, VAULT};
use sluice_domain::id::AccountId;
use sluice_domain::key::ObjectKey;
use sluice_lambda::Deployment;
use sluice_lambda::batch::{Acknowledger, Failed, Message, OutOfTime, Processed};
use sluice_lambda::config::ConfigError;
use sluice_lambda::metrics::{self, Metric};
use sluice_packs::read::read_index;
use sluice_packs::subject::{self, Packs};
use sluice_packs::{Form, Move, Moved, Mover, PackError, sample};
use sluice_storage::Queue;
use std::sync::Arc;

/// What the function works with.
#[derive(Debug)]
pub struct App {
    mover: Mover,
    queue: Queue,
    migrate: Option<Queue>,
    acknowledger: Acknowledger,
}

impl App {
    /// The app of a deployment.
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        let migrates = deployment.migration_rules()?.iter().any(sluice_domain::migration::Rule::is_immediate);
        Ok(Self {
            mover: deployment.mover()?,
            queue: deployment.compress_queue()?,
            migrate: migrates.then(|| deployment.migrate_queue()).transpose()?,
            acknowledger: deployment.compress_acknowledger()?,
        })
    }
}

/// Whether the time of the invocation is up.
type TimeCheck = dyn Fn() -> bool + Send + Sync;

/// Processes a batch, and gives the messages that are to be received again. One after the other: each uses all processors.
pub async fn process(app: Arc<App>, messages: Vec<Message>, out_of_time: OutOfTime) -> Failed {
    let mut failed = Vec::new();
    for message in messages {
        let worked = match process_one(&app, &message, &*out_of_time).boxed().await {
            Ok(true) => Processed::Done,
            Ok(false) => Processed::NotTried,
            Err(error) => Processed::Failed(error),
        };
        if app.acknowledger.acknowledge(&message, worked).await.receives_again() {
            failed.push(message.id);
        }
    }
    failed
}

/// Processes one message; false if there was no time for it.
async fn process_one(app: &App, message: &Message, out_of_time: &TimeCheck) -> Result<bool, PackError> {
    if out_of_time() {
        return Ok(false);
    }
    let (PackEvent::PackWritten { account_id, of }
    | PackEvent::CompressionFinished { account_id, of }
    | PackEvent::MigrationRequested { account_id, of, .. }) = PackEvent::parse(&message.body)?;
    let work = Work { app, account_id, attempt: &message.id, out_of_time };
    if !work.compress(&of).await? {
        tracing::info!(account = %account_id, "out of time; another invocation goes on");
        app.queue.send(&PackEvent::PackWritten { account_id, of }.to_json()).await?;
        return Ok(true);
    }
    if let Some(migrate) = &app.migrate {
        migrate.send(&PackEvent::CompressionFinished { account_id, of }.to_json()).await?;
    }
    Ok(true)
}

/// One message that is being processed.
struct Work<'a> {
    app: &'a App,
    account_id: AccountId,
    attempt: &'a str,
    out_of_time: &'a TimeCheck,
}

impl Work<'_> {
    /// Compresses what pays; false if time ran out.
    async fn compress(&self, of: &Subject) -> Result<bool, PackError> {
        let mover = &self.app.mover;
        let packs = subject::find(&mover.tables, &mover.buckets, self.account_id, of).await?;
        match &packs.blob {
            Some(blob) if blob.object_key.is_some() => {
                if !self.object_pays(blob, &packs).await? {
                    return Ok(true);
                }
                if !self.move_all(&packs, true).await? {
                    return Ok(false);
                }
                mover.release(blob, &packs).await?;
                Ok(true)
            }
            _ => self.move_all(&packs, false).await,
        }
    }

    /// Moves the packs that lie as they were sent: all of them, or those that have an object of their own and pay.
    async fn move_all(&self, packs: &Packs, in_object: bool) -> Result<bool, PackError> {
        for batch in packs.batches() {
            for pack in subject::rows(&self.app.mover.tables, self.account_id, batch).await? {
                let as_sent = pack.placement.store == VAULT && pack.placement.encoding == Encoding::Raw;
                if !as_sent || packs.is_in_object(&pack) != in_object {
                    continue;
                }
                if (self.out_of_time)() {
                    return Ok(false);
                }
                if in_object || self.pack_pays(&pack).await? {
                    self.move_pack(&pack).await?;
                }
            }
        }
        Ok(true)
    }

    async fn pack_pays(&self, pack: &Pack) -> Result<bool, PackError> {
        // One of an adopted object is that object's business.
        if pack.placement.is_in_adopted_object() {
            return Ok(false);
        }
        let key = ObjectKey::from_stored(&*pack.placement.key);
        sample::pays(self.app.mover.buckets.vault(), &key, 0..pack.placement.length).await
    }

    /// Whether an adopted object pays. If some packs have left it, it was found to.
    async fn object_pays(&self, blob: &Blob, packs: &Packs) -> Result<bool, PackError> {
        let Some(object_key) = &blob.object_key else { return Ok(false) };
        let mover = &self.app.mover;
        if let Some(first) = packs.ids.first() {
            let first = subject::rows(&mover.tables, self.account_id, &[*first]).await?;
            if first.iter().any(|pack| !packs.is_in_object(pack)) {
                return Ok(true);
            }
        }
        let key = ObjectKey::from_stored(object_key);
        sample::pays(mover.buckets.vault(), &key, 0..blob.size).await
    }

    async fn move_pack(&self, pack: &Pack) -> Result<(), PackError> {
        let mover = &self.app.mover;
        let index = read_index(&mover.buckets, pack).await?;
        let (store, form, attempt) = (VAULT, Form::Compressed, self.attempt);
        let order = Move { pack, index: &index, store, form, attempt };
        if let Moved::Done { stored_bytes } = mover.move_pack(order).await? {
            tracing::info!(
                pack = %pack.pack_id, account = %self.account_id, bytes = pack.size, stored_bytes, "compressed"
            );
            metrics::write(&[
                Metric::count("PacksCompressed", 1),
                Metric::bytes("CompressedFromBytes", pack.size),
                Metric::bytes("CompressedToBytes", stored_bytes),
            ]);
        }
        Ok(())
    }
}
