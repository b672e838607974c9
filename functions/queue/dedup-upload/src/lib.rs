//! dedup-upload: reads every landed byte once, and makes its version available or rejects it.
//!
//! The messages of a batch are processed side by side. What happens to an upload, by module:
//!
//! - [`admission`] puts it off if too many workers are at work for its account, and [`allowance`] if the
//!   day's work is used up.
//! - [`upload`] loads it, takes its [`lease`], and chooses between [`whole`], [`delta`] and [`cleanup`].
//! - [`read`] streams the object through SHA-1, SHA-256 and the chunker, and saves a checkpoint if time runs
//!   out.
//! - [`verdict`] compares the digest with what was declared, and looks for the blob in the account.
//! - [`dedup`] finds out which chunks the account has.
//! - [`store`] has a new blob copied by the store, or writes only its new chunks if enough of them are known.
//! - [`publish`] makes the version available in one transaction, which takes the references, and cleans up.
//! - [`batch`] does the last two steps for the small files of a batch, which share packs.
//!
//! Modules import downwards only; [`app`], [`work`] and [`error`] have what all of them share.

mod admission;
mod allowance;
mod app;
mod batch;
mod cleanup;
mod compression;
mod dedup;
mod delta;
mod error;
mod lease;
mod pack_cache;
mod pack_ids;
mod publish;
mod read;
mod report;
#[cfg(test)]
mod sample;
mod store;
mod upload;
mod vault;
mod verdict;
mod whole;
mod work;

use futures::FutureExt;
use futures::future::join_all;
use futures::stream::{self, StreamExt};
use sluice_contracts::event::{LandingMessage, UploadEvent};
use sluice_domain::id::AccountId;
use sluice_domain::key::LandingKey;
use sluice_domain::time::TimeCheck;
use sluice_lambda::batch::{Message, OutOfTime, Processed, Redelivered, catch_panic};
use sluice_storage::Chain;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use admission::{Admissions, LandedUpload};
pub use app::App;
use error::DedupError;
use store::small_files::SmallUpload;
use upload::UploadTask;

/// How many messages are processed at once.
const MESSAGES_IN_FLIGHT: usize = 4;

/// Processes a batch. Returns the messages that are to be received again.
pub async fn process(app: Arc<App>, messages: Vec<Message>, out_of_time: OutOfTime) -> Redelivered {
    let app = &*app;
    let out_of_time = &*out_of_time;
    let holder = messages.first().map(|message| message.id.clone()).unwrap_or_default();
    let messages = landed_of_all(messages);
    let admissions = Admissions::ask(app, &holder, &all_uploads(&messages)).await;
    let messages = by_turns(delete_put_off(app, &admissions, messages).await);
    let (landed_of_all, messages): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
    let begun = app.acknowledger.begin(&messages);
    let in_batch = messages.len() > 1;
    let invocation = &Invocation { app, admissions: &admissions, in_batch, out_of_time };
    let results: Vec<(Message, Result<MessageResult, DedupError>)> =
        stream::iter(landed_of_all.into_iter().zip(messages))
            .map(|(landed, message)| async move {
                // Boxed, here and below: the compiler cannot lay out all of it as one future.
                let result = catch_panic(invocation.process_message(&message, landed).boxed()).await;
                (message, result)
            })
            .buffer_unordered(MESSAGES_IN_FLIGHT)
            .collect()
            .await;
    let mut small_uploads = Vec::new();
    let mut processed_messages = Vec::new();
    for (number, (message, result)) in results.into_iter().enumerate() {
        let processed = match result {
            Ok(MessageResult::NotTried) => Processed::NotTried,
            Ok(MessageResult::Processed { small_uploads: of_message }) => {
                small_uploads.extend(of_message.into_iter().map(|small| (number, small)));
                Processed::Done
            }
            Err(error) => Processed::Failed(Box::new(error)),
        };
        processed_messages.push((message, processed));
    }
    for (number, result) in batch::publish_batch(app, small_uploads, out_of_time).boxed().await {
        if let Err(error) = result {
            processed_messages[number].1 = Processed::Failed(Box::new(error));
        }
    }
    let mut failed = Vec::new();
    for (message, processed) in processed_messages {
        if begun.acknowledge(&message, processed).boxed().await.is_redelivered() {
            failed.push(message.id);
        }
    }
    admissions.release().await;
    failed
}

/// A message with what it is about.
type LandedMessage = (Result<Landed, DedupError>, Message);

/// What the messages are about. An upload that several of them are about is left to the first.
fn landed_of_all(messages: Vec<Message>) -> Vec<LandedMessage> {
    let mut seen = HashSet::new();
    let landed = messages.into_iter().map(|message| {
        let mut landed = landed(&message);
        if let Ok(Landed { uploads, resumed }) = &mut landed {
            uploads.retain(|upload| seen.insert((*upload, *resumed)));
        }
        (landed, message)
    });
    landed.collect()
}

fn all_uploads(messages: &[LandedMessage]) -> Vec<LandedUpload> {
    messages
        .iter()
        .filter_map(|(landed, _)| landed.as_ref().ok())
        .flat_map(|landed| landed.uploads.clone())
        .collect()
}

/// Deletes the messages that have been sent again, and those about nothing, and returns the others. Not at
/// the end of the batch: if the worker died, there would be two of each.
async fn delete_put_off(
    app: &App,
    admissions: &Admissions,
    messages: Vec<LandedMessage>,
) -> Vec<LandedMessage> {
    let is_put_off = |upload: &LandedUpload| admissions.is_put_off(upload.key);
    let (put_off, others): (Vec<_>, Vec<_>) = messages
        .into_iter()
        .partition(|(landed, _)| landed.as_ref().is_ok_and(|landed| landed.uploads.iter().all(is_put_off)));
    join_all(put_off.iter().map(async |(_, message)| {
        if let Err(error) = app.landing_queue.delete(&message.receipt_handle).await {
            tracing::warn!(error = %Chain(&error), "a message stays until the batch ends");
        }
    }))
    .await;
    others
}

/// Lets accounts take turns: the messages of one that has many are not all begun before another's.
fn by_turns(messages: Vec<LandedMessage>) -> Vec<LandedMessage> {
    let mut turns: HashMap<Option<AccountId>, usize> = HashMap::new();
    let numbered = messages.into_iter().map(|(landed, message)| {
        let first = landed.as_ref().ok().and_then(|landed| landed.uploads.first());
        let turn = turns.entry(first.map(|upload| upload.key.account_id)).or_default();
        *turn += 1;
        (*turn, (landed, message))
    });
    let mut numbered: Vec<_> = numbered.collect();
    numbered.sort_by_key(|(turn, _)| *turn);
    numbered.into_iter().map(|(_, message)| message).collect()
}

enum MessageResult {
    /// Time was up before the message's turn.
    NotTried,
    /// The message needs no more work once its small uploads are published.
    Processed { small_uploads: Vec<SmallUpload> },
}

/// What the messages of one invocation have in common.
struct Invocation<'a> {
    app: &'a App,
    admissions: &'a Admissions,
    /// Whether it has several messages.
    in_batch: bool,
    out_of_time: &'a TimeCheck,
}

impl Invocation<'_> {
    async fn process_message(
        &self,
        message: &Message,
        landed: Result<Landed, DedupError>,
    ) -> Result<MessageResult, DedupError> {
        let Invocation { app, admissions, in_batch, out_of_time } = *self;
        if out_of_time() {
            return Ok(MessageResult::NotTried);
        }
        let Landed { uploads, resumed } = landed?;
        let mut small_uploads = Vec::new();
        for landed in uploads {
            let message_id = &message.id;
            let task = UploadTask { landed, message_id, admissions, resumed, in_batch, out_of_time };
            small_uploads.extend(upload::process(app, task).await?);
        }
        Ok(MessageResult::Processed { small_uploads })
    }
}

/// What a message says has landed.
#[derive(Debug, PartialEq, Eq)]
struct Landed {
    uploads: Vec<LandedUpload>,
    /// Whether an earlier run may have begun to process it.
    resumed: bool,
}

impl Landed {
    fn resumed(key: LandingKey, is_counted: bool) -> Self {
        Self { uploads: vec![LandedUpload { key, is_counted }], resumed: true }
    }
}

fn landed(message: &Message) -> Result<Landed, DedupError> {
    Ok(match LandingMessage::parse(&message.body)? {
        LandingMessage::Nothing => Landed { uploads: Vec::new(), resumed: false },
        LandingMessage::ObjectsCreated(keys) => {
            let uploads = keys.into_iter().map(|key| LandedUpload { key, is_counted: false });
            Landed { uploads: uploads.collect(), resumed: message.receive_count > 1 }
        }
        LandingMessage::Upload(UploadEvent::UploadReceived { account_id, upload_id }) => {
            Landed::resumed(LandingKey { account_id, upload_id }, false)
        }
        LandingMessage::Upload(UploadEvent::UploadCheckpointed { account_id, upload_id }) => {
            Landed::resumed(LandingKey { account_id, upload_id }, true)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::id::UploadId;

    fn message(body: String, receive_count: u32) -> Message {
        Message { id: String::new(), body, receive_count, receipt_handle: String::new() }
    }

    #[test]
    fn accounts_take_turns() {
        let received = |account: u8| {
            let account_id = AccountId::from_bytes([account; 16]);
            let event = UploadEvent::UploadReceived { account_id, upload_id: UploadId::from_bytes([1; 16]) };
            let message = message(event.to_json(), 1);
            (landed(&message), message)
        };
        let turns = by_turns([1, 1, 1, 2, 3, 2].map(received).into());
        let accounts = turns.iter().map(|(landed, _)| landed.as_ref().map(|landed| landed.uploads[0].key));
        let accounts = accounts.map(|key| key.expect("a message").account_id.as_bytes()[0]);
        assert_eq!(accounts.collect::<Vec<_>>(), [1, 2, 3, 1, 2, 1]);
    }

    #[test]
    fn only_the_first_receipt_of_a_stores_notification_is_a_first_run() {
        let account_id = AccountId::from_bytes([1; 16]);
        let upload_id = UploadId::from_bytes([2; 16]);
        let key = LandingKey { account_id, upload_id };
        let s3 = format!(r#"{{"object":{{"key":"{key}"}}}}"#);
        let created = format!(
            r#"{{"Records":[{{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{s3}}}]}}"#
        );
        let resumed = |body: &str, receive_count| {
            let landed = landed(&message(body.to_owned(), receive_count)).expect("a message");
            assert_eq!(landed.uploads.iter().map(|upload| upload.key).collect::<Vec<_>>(), [key]);
            landed.resumed
        };
        assert!(!resumed(&created, 1));
        assert!(resumed(&created, 2));
        assert!(resumed(&UploadEvent::UploadReceived { account_id, upload_id }.to_json(), 1));
        assert!(resumed(&UploadEvent::UploadCheckpointed { account_id, upload_id }.to_json(), 1));
    }
}
