//! Waits until uploads are verified: one call asks about many uploads, and the calls become less frequent.

use futures::{StreamExt as _, stream};
use sluice_contracts::uploads::{Completion, PAGE_MAX, UploadView};
use sluice_domain::id::UploadId;
use sluice_domain::upload::UploadState;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::api::Api;
use crate::error::{Error, Result};
use crate::meter::Meter;

const FIRST_DELAY: Duration = Duration::from_millis(200);
const MAX_DELAY: Duration = Duration::from_secs(2);
/// An upload that is still open this long after its bytes were sent is completed by the client: the store has
/// not notified the server.
const COMPLETE_AFTER: Duration = Duration::from_secs(3);
const COMPLETIONS_IN_FLIGHT: usize = 8;
/// The least time between two calls, however many uploads wait.
const MIN_PAUSE: Duration = Duration::from_millis(100);

/// Polls the state of uploads for all files of a command.
pub struct Waiter {
    sender: mpsc::UnboundedSender<Waiting>,
}

struct Waiting {
    upload_id: UploadId,
    meter: Arc<Meter>,
    answer: oneshot::Sender<Result<UploadView>>,
    due: Instant,
    delay: Duration,
    complete_at: Instant,
}

impl Waiter {
    /// Starts a task that polls through `api` until the waiter is dropped.
    pub fn start(api: Api) -> Self {
        let (sender, incoming) = mpsc::unbounded_channel();
        tokio::spawn(run(api, incoming));
        Self { sender }
    }

    /// Waits until the version of the upload is available, or until it is clear that it never will be. The
    /// calls are counted on `meter`; a call about several uploads is divided among them.
    pub async fn wait(&self, upload_id: UploadId, meter: &Arc<Meter>) -> Result<UploadView> {
        let (answer, answered) = oneshot::channel();
        let now = Instant::now();
        let waiting = Waiting {
            upload_id,
            meter: meter.clone(),
            answer,
            due: now + FIRST_DELAY,
            delay: FIRST_DELAY,
            complete_at: now + COMPLETE_AFTER,
        };
        let stopped = || Error::UnexpectedAnswer("waiting for the verification ended early".to_owned());
        self.sender.send(waiting).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

async fn run(api: Api, mut incoming: mpsc::UnboundedReceiver<Waiting>) {
    let mut all: Vec<Waiting> = Vec::new();
    let mut next_call = Instant::now();
    let mut open = true;
    while open || !all.is_empty() {
        let earliest = all.iter().map(|waiting| waiting.due).min();
        tokio::select! {
            received = incoming.recv(), if open => match received {
                Some(waiting) => all.push(waiting),
                None => open = false,
            },
            () = sleep_until(earliest.unwrap_or(next_call).max(next_call)), if earliest.is_some() => {
                all = ask(&api, all).await;
                next_call = Instant::now() + MIN_PAUSE;
            }
        }
    }
}

/// Asks about the uploads that are due, the longest overdue first. Returns those that are still waiting.
async fn ask(api: &Api, mut all: Vec<Waiting>) -> Vec<Waiting> {
    all.retain(|waiting| !waiting.answer.is_closed());
    all.sort_by_key(|waiting| waiting.due);
    let now = Instant::now();
    let due_count = all.iter().take(PAGE_MAX).take_while(|waiting| waiting.due <= now).count();
    let mut waiting_on = all.split_off(due_count);
    let asked = all;
    let api = api.metered();
    let ids: Vec<_> = asked.iter().map(|waiting| waiting.upload_id).collect();
    let views = views(&api, &ids).await;
    let (asked, refused) = complete_silent(&api, asked, &views, now).await;
    for (waiting, error) in refused {
        drop(waiting.answer.send(Err(error)));
    }
    let share_bytes = api.meter().api_bytes().div_ceil(ids.len().max(1) as u64);
    for mut waiting in asked {
        waiting.meter.add_request();
        waiting.meter.add_api_bytes(share_bytes);
        if let Some(outcome) = outcome(&views, waiting.upload_id) {
            // The receiver is gone if the command is being stopped.
            drop(waiting.answer.send(outcome));
        } else {
            waiting.due = now + waiting.delay;
            waiting.delay = (waiting.delay * 3 / 2).min(MAX_DELAY);
            waiting_on.push(waiting);
        }
    }
    waiting_on
}

/// Completes the uploads that have been open for too long, because a store may notify late or never. Returns
/// the uploads to go on waiting for, and those that the server refused to complete.
async fn complete_silent(
    api: &Api,
    asked: Vec<Waiting>,
    views: &Views,
    now: Instant,
) -> (Vec<Waiting>, Vec<(Waiting, Error)>) {
    let is_open = |id| {
        let view = views.as_ref().ok().and_then(|views| views.get(&id));
        view.is_some_and(|view| view.state == UploadState::Open)
    };
    let completed = stream::iter(asked)
        .map(|mut waiting| async move {
            if waiting.complete_at > now || !is_open(waiting.upload_id) {
                return (waiting, Ok(()));
            }
            waiting.complete_at = now + COMPLETE_AFTER;
            let completion = Completion { parts: Vec::new(), sha256: None, manifest: None };
            let completed = api.complete_upload(waiting.upload_id, &completion).await;
            (waiting, completed.map(drop))
        })
        .buffered(COMPLETIONS_IN_FLIGHT);
    let mut left = Vec::new();
    let mut refused = Vec::new();
    for (waiting, completed) in completed.collect::<Vec<_>>().await {
        match completed {
            Ok(()) => left.push(waiting),
            Err(error) => refused.push((waiting, error)),
        }
    }
    (left, refused)
}

type Views = Result<HashMap<UploadId, UploadView>, Arc<Error>>;

async fn views(api: &Api, ids: &[UploadId]) -> Views {
    let views = match ids {
        [] => Vec::new(),
        // The answer about a single upload has more fields than a row of a list.
        [id] => vec![api.upload(*id).await?],
        ids => api.uploads_by_id(ids).await?.uploads,
    };
    Ok(views.into_iter().map(|view| (view.upload_id, view)).collect())
}

fn outcome(views: &Views, upload_id: UploadId) -> Option<Result<UploadView>> {
    let view = match views {
        Err(error) => return Some(Err(Error::Shared(error.clone()))),
        Ok(views) => views.get(&upload_id),
    };
    let Some(view) = view else { return Some(Err(Error::UploadEnded(UploadState::Expired))) };
    match view.state {
        UploadState::Open | UploadState::Pending => None,
        UploadState::Available => Some(Ok(view.clone())),
        UploadState::Rejected => Some(Err(Error::Rejected(view.reason))),
        state @ (UploadState::Aborted | UploadState::Expired) => Some(Err(Error::UploadEnded(state))),
    }
}
