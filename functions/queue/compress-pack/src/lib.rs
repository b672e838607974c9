//! compress-pack: rewrites packs as Zstandard frames where that is worthwhile, by a sample.
//!
//! A pack with an object of its own is moved by itself. Packs that are ranges of an adopted object are all
//! moved or none, since the object can be deleted only when all have left it. [`sluice_packs::mover`] moves
//! one pack completely: after a run that was killed or ran out of time, the next one finds the packs that are
//! left.

use futures::FutureExt;
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_deployment::{ConfigError, Deployment};
use sluice_domain::blob::{Blob, Encoding, Pack, Placement, VAULT};
use sluice_domain::id::AccountId;
use sluice_domain::key::ObjectKey;
use sluice_domain::time::TimeCheck;
use sluice_lambda::batch::{Acknowledger, Message, OutOfTime, Redelivered};
use sluice_lambda::metrics::{self, Metric};
use sluice_packs::migration::Progress;
use sluice_packs::read::read_index;
use sluice_packs::subject::{self, Packs};
use sluice_packs::{Form, Move, Moved, Mover, PackError, sample};
use sluice_storage::Queue;
use std::sync::Arc;

#[derive(Debug)]
pub struct App {
    mover: Mover,
    queue: Queue,
    /// Set if a rule migrates packs as soon as they are compressed.
    migrate_queue: Option<Queue>,
    acknowledger: Acknowledger,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        let migrates = deployment.migration_rules()?.iter().any(sluice_domain::migration::Rule::is_immediate);
        Ok(Self {
            mover: deployment.mover()?,
            queue: deployment.compress_queue()?,
            migrate_queue: migrates.then(|| deployment.migrate_queue()).transpose()?,
            acknowledger: Acknowledger::new(deployment.compress_worker_queue()?),
        })
    }
}

/// Processes a batch, one message after the other: each uses all processors. Returns the messages that are to
/// be received again.
pub async fn process(app: Arc<App>, messages: Vec<Message>, out_of_time: OutOfTime) -> Redelivered {
    let app = &*app;
    let out_of_time = &*out_of_time;
    let process = |message| process_message(app, message, out_of_time).boxed();
    app.acknowledger.process_each(&messages, 1, out_of_time, process).await
}

async fn process_message(app: &App, message: &Message, out_of_time: &TimeCheck) -> Result<(), PackError> {
    let (PackEvent::PackWritten { account_id, of }
    | PackEvent::CompressionFinished { account_id, of }
    | PackEvent::MigrationRequested { account_id, of, .. }) = PackEvent::parse(&message.body)?;
    let compression = Compression { app, account_id, attempt: &message.id, out_of_time };
    match compression.run(&of).await? {
        Progress::Complete => {
            if let Some(queue) = &app.migrate_queue {
                queue.send(&PackEvent::CompressionFinished { account_id, of }.to_json()).await?;
            }
        }
        Progress::OutOfTime => {
            tracing::info!(account = %account_id, "out of time; another invocation continues");
            app.queue.send(&PackEvent::PackWritten { account_id, of }.to_json()).await?;
        }
    }
    Ok(())
}

/// The compression that one message asks for.
struct Compression<'a> {
    app: &'a App,
    account_id: AccountId,
    attempt: &'a str,
    out_of_time: &'a TimeCheck,
}

/// Which packs a compression moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Selection {
    /// All ranges of the adopted object.
    RangesOfObject,
    /// Those with an object of their own, if a sample shows that it is worthwhile.
    OwnObjects,
}

impl Selection {
    /// Whether it includes a pack. Packs that were moved before are left alone.
    fn includes(self, placement: &Placement, is_in_object: bool) -> bool {
        let as_received = placement.store == VAULT && placement.encoding == Encoding::Raw;
        as_received
            && match self {
                Self::RangesOfObject => is_in_object,
                // A range of another adopted object is moved when that object is.
                Self::OwnObjects => !is_in_object && !placement.is_in_adopted_object(),
            }
    }
}

impl Compression<'_> {
    async fn run(&self, subject: &Subject) -> Result<Progress, PackError> {
        let mover = &self.app.mover;
        let packs = subject::find(&mover.tables, &mover.buckets, self.account_id, subject).await?;
        let adopted = packs.blob.as_ref().and_then(|blob| Some((blob, blob.object_key.as_deref()?)));
        let Some((blob, object_key)) = adopted else {
            return self.move_selected(&packs, Selection::OwnObjects).await;
        };
        if !self.is_object_worthwhile(blob, object_key, &packs).await? {
            return Ok(Progress::Complete);
        }
        let progress = self.move_selected(&packs, Selection::RangesOfObject).await?;
        if progress == Progress::Complete {
            mover.release(blob, &packs).await?;
        }
        Ok(progress)
    }

    /// Looks at the clock once a pack has been moved, so that every run gets on.
    async fn move_selected(&self, packs: &Packs, selection: Selection) -> Result<Progress, PackError> {
        let mut may_stop = false;
        for batch in packs.batches() {
            for pack in subject::rows(&self.app.mover.tables, self.account_id, batch).await? {
                if !selection.includes(&pack.placement, packs.is_in_object(&pack)) {
                    continue;
                }
                if may_stop && (self.out_of_time)() {
                    return Ok(Progress::OutOfTime);
                }
                if selection == Selection::RangesOfObject || self.is_pack_worthwhile(&pack).await? {
                    self.move_pack(&pack).await?;
                    may_stop = true;
                }
            }
        }
        Ok(Progress::Complete)
    }

    async fn is_pack_worthwhile(&self, pack: &Pack) -> Result<bool, PackError> {
        let key = ObjectKey::from_stored(&*pack.placement.key);
        sample::is_worthwhile(self.app.mover.buckets.vault(), &key, 0..pack.placement.length).await
    }

    /// If a pack has left the object, an earlier run found that it is worthwhile.
    async fn is_object_worthwhile(
        &self,
        blob: &Blob,
        object_key: &str,
        packs: &Packs,
    ) -> Result<bool, PackError> {
        let mover = &self.app.mover;
        if let Some(first) = packs.ids.first() {
            let first = subject::rows(&mover.tables, self.account_id, &[*first]).await?;
            if first.iter().any(|pack| !packs.is_in_object(pack)) {
                return Ok(true);
            }
        }
        let key = ObjectKey::from_stored(object_key);
        sample::is_worthwhile(mover.buckets.vault(), &key, 0..blob.size).await
    }

    async fn move_pack(&self, pack: &Pack) -> Result<(), PackError> {
        let mover = &self.app.mover;
        let index = read_index(&mover.buckets, pack).await?;
        let order = Move { pack, index: &index, store: VAULT, form: Form::Compressed, attempt: self.attempt };
        if let Moved::Done { stored_bytes } = mover.move_pack(order).await? {
            tracing::info!(
                pack = %pack.pack_id,
                account = %self.account_id,
                bytes = pack.size,
                stored_bytes,
                "compressed"
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

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::id::{ObjectVersionId, PackId};

    fn account() -> AccountId {
        AccountId::from_bytes([1; 16])
    }

    fn own_object() -> Placement {
        Placement::first(ObjectKey::pack(account(), PackId::from_bytes([2; 16])).to_string(), 0, 1)
    }

    fn range_of_object() -> Placement {
        let key = ObjectKey::adopted(account(), ObjectVersionId::from_bytes([3; 16]));
        Placement::first(key.to_string(), 0, 1)
    }

    #[test]
    fn ranges_of_an_adopted_object_are_moved_with_it_alone() {
        assert!(Selection::RangesOfObject.includes(&range_of_object(), true));
        assert!(!Selection::RangesOfObject.includes(&own_object(), false));
        assert!(!Selection::OwnObjects.includes(&range_of_object(), true));
        assert!(!Selection::OwnObjects.includes(&range_of_object(), false), "a range of another object");
        assert!(Selection::OwnObjects.includes(&own_object(), false));
    }

    #[test]
    fn packs_that_were_moved_before_are_left_alone() {
        for moved in [
            Placement { encoding: Encoding::Zstd, ..own_object() },
            Placement { store: "oss".to_owned(), ..own_object() },
        ] {
            assert!(!Selection::OwnObjects.includes(&moved, false));
            assert!(!Selection::RangesOfObject.includes(&moved, true));
        }
    }
}
