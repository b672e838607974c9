//! Waiting until uploads are verified: one question for many of them, less and less often.

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
const LONGEST_DELAY: Duration = Duration::from_secs(2);
/// An upload that is still open so long after its bytes were sent is completed by us: the store has not told of them.
const COMPLETE_AFTER: Duration = Duration::from_secs(3);
/// How many are completed at once.
const COMPLETIONS_IN_FLIGHT: usize = 8;
/// Between two questions, however many uploads wait.
const LEAST_PAUSE: Duration = Duration::from_millis(100);

/// Asks the server about all uploads that somebody waits for.
pub struct Waiter {
    entrances: mpsc::UnboundedSender<Waiting>,
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
    /// A waiter that asks through `api` for as long as it exists.
    pub fn start(api: Api) -> Self {
        let (entrances, incoming) = mpsc::unbounded_channel();
        tokio::spawn(run(api, incoming));
        Self { entrances }
    }

    /// Waits until the upload's version is available, or until it will never be. The questions count on `meter`, those
    /// about several uploads in part.
    pub async fn wait(&self, upload_id: UploadId, meter: &Arc<Meter>) -> Result<UploadView> {
        let (answer, answered) = oneshot::channel();
        let now = Instant::now();
        let (due, complete_at) = (now + FIRST_DELAY, now + COMPLETE_AFTER);
        let waiting =
            Waiting { upload_id, meter: meter.clone(), answer, due, delay: FIRST_DELAY, complete_at };
        let stopped = || Error::UnexpectedAnswer("waiting for the verification ended early".to_owned());
        self.entrances.send(waiting).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

async fn run(api: Api, mut incoming: mpsc::UnboundedReceiver<Waiting>) {
    let mut all: Vec<Waiting> = Vec::new();
    let mut next_question = Instant::now();
    let mut open = true;
    while open || !all.is_empty() {
        let earliest = all.iter().map(|waiting| waiting.due).min();
        tokio::select! {
            entering = incoming.recv(), if open => match entering {
                Some(waiting) => all.push(waiting),
                None => open = false,
            },
            () = sleep_until(earliest.unwrap_or(next_question).max(next_question)), if earliest.is_some() => {
                all = ask(&api, all).await;
                next_question = Instant::now() + LEAST_PAUSE;
            }
        }
    }
}

/// Asks about those that are due, the longest overdue first; gives back those that wait on.
async fn ask(api: &Api, mut all: Vec<Waiting>) -> Vec<Waiting> {
    all.retain(|waiting| !waiting.answer.is_closed());
    all.sort_by_key(|waiting| waiting.due);
    let now = Instant::now();
    let due_count = all.iter().take(PAGE_MAX).take_while(|waiting| waiting.due <= now).count();
    let mut waiting_on = all.split_off(due_count);
    let (asked, api) = (all, api.metered());
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
            // Nobody listens any more if the command is being stopped.
            drop(waiting.answer.send(outcome));
        } else {
            waiting.due = now + waiting.delay;
            waiting.delay = (waiting.delay * 3 / 2).min(LONGEST_DELAY);
            waiting_on.push(waiting);
        }
    }
    waiting_on
}

/// Completes the uploads that have been open for too long: a store may tell nobody of what has arrived, or late. Gives all
/// but those that the server refuses to complete.
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
    let (mut left, mut refused) = (Vec::new(), Vec::new());
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
        // The answer about one upload holds more than a row of many.
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
