//! `sluice put`: hashes files, sends what the account lacks, and waits for the server to verify it.

mod body;
mod context;
mod delta;
mod finish;
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
mod urls;
mod wait;
mod whole;

use futures::{Stream, StreamExt as _, stream};
use sluice_contracts::files::{LookupAnswer, VersionView};
use sluice_domain::path::FilePath;
use std::path::Path;

use crate::arguments::PutArguments;
use crate::cache::Fingerprint;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::tally::Tally;
use context::PutContext;
use finish::{FinishedFile, finish};
use item::Item;
use prepare::Prepared;
use report::Report;
use source::SourceEntry;
use stage::{Arrived, Stage};

/// Small files spend most of their time waiting for answers, so more files than parts may be in flight.
const FILES_PER_JOB: usize = 4;
/// How many files may wait for verification before no further ones are started.
const WAITING_MAX: usize = 1000;

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
    let mut tally = Tally::default();
    let mut finished = std::pin::pin!(finish_all(&put, entries));
    while let Some(FinishedFile { report, outcome }) = finished.next().await {
        if let Err(error) = &outcome {
            context.output.failure(&format!("{}: ", report.local), error);
        }
        context.output.result(&report, || report.text())?;
        tally.add(&outcome);
    }
    put.progress.finish();
    put.cache.prune();
    tally.finish(&context.output, "uploaded")
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
    entries: impl Iterator<Item = SourceEntry> + 'a,
) -> impl Stream<Item = FinishedFile> + 'a {
    stream::iter(entries)
        .filter_map(|entry| std::future::ready(admit(put, entry)))
        .map(|admitted| async {
            let item = admitted?;
            let stage = send(put, &item).await;
            Ok((item, stage))
        })
        .buffer_unordered(put.jobs * FILES_PER_JOB)
        .map(|sent: Result<_, Box<FinishedFile>>| async {
            match sent {
                Ok((item, stage)) => finish(put, &item, stage).await,
                Err(finished) => *finished,
            }
        })
        .buffer_unordered(WAITING_MAX)
}

/// Gives the file to send, or the report on one that fails before it is sent. Gives nothing for a skipped
/// file.
fn admit(put: &PutContext, entry: SourceEntry) -> Option<Result<Item, Box<FinishedFile>>> {
    match entry {
        SourceEntry::File { local, remote } => {
            let item = put.item(local.clone(), remote.clone());
            Some(item.map_err(|error| failed_early(&local, Some(remote), error)))
        }
        SourceEntry::Failed { local, error } => Some(Err(failed_early(&local, None, error))),
        SourceEntry::Skipped { local, why } => {
            put.output.note(&format!("skipped {}: {why}", local.display()));
            None
        }
    }
}

fn failed_early(local: &Path, remote: Option<FilePath>, error: Error) -> Box<FinishedFile> {
    Box::new(FinishedFile { report: Report::not_begun(local, remote, &error), outcome: Err(error) })
}

async fn send(put: &PutContext, item: &Item) -> Result<Stage> {
    if let Some(version) = link_unchanged(put, item).await? {
        return Ok(Stage::Instant(version));
    }
    let (prepared, chunks) = Prepared::new(put, item).await?;
    let sha256 = prepared.sha256();
    let stage = match delta::send(put, item, &prepared, &chunks).await? {
        Some(Stage::Arrived(arrived)) => {
            Stage::Arrived(Arrived { delta_of: Some(Box::new(prepared)), ..arrived })
        }
        Some(instant) => instant,
        None => whole::send(put, item, prepared).await?,
    };
    if !chunks.is_empty() {
        put.cache.remember_blob(&sha256, item.size_bytes, &chunks);
    }
    Ok(stage)
}

/// Makes a version of a file that an earlier run hashed, without reading it. Returns `None` if the file was
/// written to since, or if the account no longer has its blob.
async fn link_unchanged(put: &PutContext, item: &Item) -> Result<Option<Box<VersionView>>> {
    let fingerprint = Fingerprint::of(&item.local).map_err(Error::local(&item.local))?;
    let Some(sha256) = put.cache.unchanged(&item.local, &fingerprint) else { return Ok(None) };
    match put.look_up(item, sha256).await? {
        LookupAnswer::Instant { version } => {
            item.sha256.set(sha256).ok();
            item.fingerprint.set(fingerprint).ok();
            Ok(Some(version))
        }
        LookupAnswer::Unknown => Ok(None),
    }
}
