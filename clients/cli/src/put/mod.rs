//! `sluice put`: hashes files, sends what the account lacks, and waits for the server to verify it.

mod body;
mod context;
mod copy;
mod delta;
mod earlier;
mod finish;
mod interrupt;
mod item;
mod multipart;
mod pack;
mod part;
mod prepare;
mod report;
mod resume;
mod single;
mod source;
mod stage;
mod stamp;
mod twins;
mod urls;
mod wait;
mod whole;

use futures::{Stream, StreamExt as _, future, stream};
use sluice_contracts::files::{LookupAnswer, VersionView};

use crate::arguments::PutArguments;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::tally::Tally;
use context::{FILES_PER_JOB, PutContext, WAITING_MAX};
use finish::{FinishedFile, finish};
use interrupt::unless_interrupted;
use item::{Item, LocalBlob};
use prepare::Prepared;
use report::{Outcome, Report};
use source::SourceEntry;
use stage::{Arrived, Stage};
use twins::Place;

/// Uploads the files and folders that the command line names. One file that fails does not stop the others.
pub async fn run(arguments: &PutArguments, context: &Context) -> Result<()> {
    if arguments.if_match.is_some() && !matches!(&*arguments.local, [local] if !local.is_dir()) {
        return Err(Error::Usage("--if-match is for one file".to_owned()));
    }
    let entries = source::find(&arguments.local, arguments.to.as_deref(), arguments.follow_links)?;
    let put = PutContext::new(arguments, context)?;
    if !put.progress.is_hidden() {
        let progress = put.progress.clone();
        let all = source::find(&arguments.local, arguments.to.as_deref(), arguments.follow_links)?;
        // A second walk goes ahead of the uploads, so that the total is soon that of all files.
        tokio::task::spawn_blocking(move || expect_all(&progress, all));
    }
    // Unlike the client for transfers, this one gives up soon.
    let (api, _) = context.connect()?;
    unless_interrupted(put_all(&put, entries), &put.open_uploads, &api, &put.output).await
}

async fn put_all(put: &PutContext, entries: impl Iterator<Item = SourceEntry>) -> Result<()> {
    let mut tally = Tally::default();
    let mut changed = Vec::new();
    let items = stream::iter(entries).map(|entry| open(put, entry));
    let mut finished = std::pin::pin!(finish_all(put, items));
    while let Some(file) = finished.next().await {
        if let FinishedFile { report, again: Some(item), outcome: Err(error) } = file {
            let subject = match &error {
                Error::FileChanged(_) => String::new(),
                _ => format!("{}: ", report.local),
            };
            put.output.warning(&format!("{subject}{error}: it is sent again after the other files"));
            changed.push(item);
        } else {
            tell(put, &mut tally, &file)?;
        }
    }
    let items = stream::iter(changed).map(|item| future::ready(Ok(item)));
    let mut finished = std::pin::pin!(finish_all(put, items));
    while let Some(file) = finished.next().await {
        tell(put, &mut tally, &file)?;
    }
    put.progress.finish();
    put.cache.prune();
    if tally.is_empty() {
        return Err(Error::NotFound("file to upload".to_owned()));
    }
    tally.finish(&put.output, "uploaded")
}

fn expect_all(progress: &Progress, entries: impl Iterator<Item = SourceEntry>) {
    for entry in entries {
        if let SourceEntry::File { local, .. } = entry
            && let Ok(metadata) = local.metadata()
        {
            progress.expect(metadata.len());
        }
    }
}

/// The stages overlap: while some files wait for verification, the next ones are sent.
fn finish_all<'a>(
    put: &'a PutContext,
    items: impl Stream<Item = impl Future<Output = Result<Item, Box<FinishedFile>>>> + 'a,
) -> impl Stream<Item = FinishedFile> + 'a {
    items
        .map(|item| async {
            let item = item.await?;
            let stage = send(put, &item).await;
            Ok((item, stage))
        })
        .buffer_unordered(put.jobs * FILES_PER_JOB)
        .map(|sent: Result<_, Box<FinishedFile>>| async {
            match sent {
                Ok((item, stage)) => finish(put, item, stage).await,
                Err(finished) => *finished,
            }
        })
        .buffer_unordered(WAITING_MAX)
}

/// Gives the file to send, or the report on one that is not sent.
async fn open(put: &PutContext, entry: SourceEntry) -> Result<Item, Box<FinishedFile>> {
    let (local, remote, error) = match entry {
        SourceEntry::File { local, remote } => match put.item(local.clone(), remote.clone()).await {
            Ok(item) => return Ok(item),
            Err(error) => (local, Some(remote), error),
        },
        SourceEntry::Failed { local, error } => (local, None, error),
        SourceEntry::Skipped { local, why } => {
            let report = Report::skipped(&local, why);
            return Err(Box::new(FinishedFile { report, outcome: Ok(()), again: None }));
        }
    };
    let report = Report::not_begun(&local, remote, &error);
    Err(Box::new(FinishedFile { report, outcome: Err(error), again: None }))
}

fn tell(put: &PutContext, tally: &mut Tally, file: &FinishedFile) -> Result<()> {
    let FinishedFile { report, outcome, .. } = file;
    if let Err(error) = outcome {
        put.output.failure(&format!("{}: ", report.local), error);
    }
    put.output.result(report, || report.text())?;
    match report.outcome {
        Outcome::Skipped => tally.skip(),
        _ => tally.add(outcome),
    }
    Ok(())
}

async fn send(put: &PutContext, item: &Item) -> Result<Stage> {
    if let Some(version) = link_unchanged(put, item).await? {
        return Ok(Stage::Instant(version));
    }
    let (prepared, chunks) = Prepared::new(put, item).await?;
    let blob = prepared.blob();
    // With --no-wait nobody learns when the blob of the first twin is stored.
    if put.waiter.is_some() {
        match put.twins.enter(blob.sha256) {
            Place::First(turn) => drop(item.turn.set(turn)),
            Place::Behind(wait) => return Ok(Stage::Twin(Box::new(prepared), wait)),
            Place::Crowded => {}
        }
    }
    let stage = match delta::send(put, item, &prepared, &chunks).await? {
        Some(Stage::Arrived(arrived)) => {
            Stage::Arrived(Arrived { delta_of: Some(Box::new(prepared)), ..arrived })
        }
        Some(stage) => stage,
        None => whole::send(put, item, prepared).await?,
    };
    if !chunks.is_empty() {
        put.cache.remember_blob(&blob.sha256, blob.size_bytes, &chunks);
    }
    Ok(stage)
}

/// Makes a version of a file that an earlier run hashed, without reading it. Returns `None` if the file was
/// written to since, or if the account no longer has its blob.
async fn link_unchanged(put: &PutContext, item: &Item) -> Result<Option<Box<VersionView>>> {
    let fingerprint = item.present_fingerprint()?;
    let Some(sha256) = put.cache.unchanged(&item.local, &fingerprint) else { return Ok(None) };
    let blob = LocalBlob { sha256, size_bytes: fingerprint.size_bytes };
    match put.look_up(item, blob).await? {
        LookupAnswer::Instant { version } => {
            item.blob.set(blob).ok();
            item.fingerprint.set(fingerprint).ok();
            Ok(Some(version))
        }
        LookupAnswer::Unknown => Ok(None),
    }
}
