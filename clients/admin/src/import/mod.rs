//! `import`: copies a bucket of other objects into a store, verifies each, and writes a receipt.
//!
//! The source is listed page by page. Memory holds only the keys from the oldest unfinished object on
//! ([`frontier`]). A file remembers the key up to which all objects are done ([`state`]).

mod body;
mod frontier;
mod job;
mod keys;
mod listing;
mod state;
mod tally;
mod transfer;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use indicatif::ProgressBar;

use crate::arguments::ImportArguments;
use crate::error::{Error, Result};
use crate::output::{Output, size};
use crate::settings::DeploymentAccess;
use frontier::{End, Frontier};
use job::Job;
use listing::Listing;
use state::State;
use tally::Tally;
use transfer::{ImportedObject, Outcome};

/// After this many failures in a row, the store is to blame rather than the objects.
const FAILURES_MAX: u64 = 100;

pub async fn run(arguments: &ImportArguments, access: &DeploymentAccess, output: &Output) -> Result<()> {
    let job = Job::new(arguments, access).await?;
    if job.signer.is_none() {
        output.warning("there will be no receipts: SLUICE_RECEIPT_SIGNING_KEY is not set");
    }
    let name = job.name();
    let mut state = (!arguments.dry_run).then(|| State::open(arguments, &name)).transpose()?;
    let after = state.as_ref().and_then(|state| state.after().map(str::to_owned));
    if let Some(after) = &after {
        output.warning(&format!("continuing after {after}; the next import checks the objects before it"));
    }
    let bar = output.bar(if arguments.dry_run { "would copy" } else { "copied" });
    let (tally, stopped) = Import { job: &job, output, bar: &bar, state: &mut state }.all(after).await?;
    bar.finish_and_clear();
    output.result(&tally, || tally.text(arguments.dry_run))?;
    if let Some(error) = stopped {
        return Err(error);
    }
    tally.outcome()
}

/// One run of an import.
struct Import<'a> {
    job: &'a Job,
    output: &'a Output,
    bar: &'a ProgressBar,
    /// None for a dry run.
    state: &'a mut Option<State>,
}

impl Import<'_> {
    /// Copies all objects after a key. Returns the error with the tally if it stops early.
    async fn all(&mut self, after: Option<String>) -> Result<(Tally, Option<Error>)> {
        let mut listing = Listing::new(&self.job.source, &self.job.prefix, after);
        let mut frontier = Frontier::default();
        let mut tally = Tally::default();
        let mut in_flight = FuturesUnordered::new();
        let mut failures = 0;
        let mut stopped = None;
        let job = self.job;
        let output = self.output;
        loop {
            while stopped.is_none() && in_flight.len() < self.job.jobs && frontier.has_room() {
                match listing.next().await {
                    Ok(Some(listed)) => {
                        let number = frontier.begin(listed.key.clone());
                        in_flight.push(async move { (number, job.import(listed, output).await) });
                    }
                    Ok(None) => break,
                    Err(error) => stopped = Some(Error::Storage(error)),
                }
            }
            let Some((number, imported)) = in_flight.next().await else { break };
            failures = if matches!(imported.outcome, Outcome::Failed(_)) { failures + 1 } else { 0 };
            if failures >= FAILURES_MAX && stopped.is_none() {
                stopped = Some(Error::Left(format!("stopped: the last {failures} objects all failed")));
            }
            let has_failed = matches!(imported.outcome, Outcome::Failed(_));
            frontier.end(number, if has_failed { End::Failed } else { End::Done });
            tally.add(&imported);
            report(&imported, self.output)?;
            self.bar.set_position(tally.copied_bytes);
            self.bar.set_message(tally.progress());
            if let Some(state) = self.state.as_mut() {
                state.remember(frontier.cursor())?;
            }
        }
        if let Some(state) = self.state.as_mut() {
            let complete = stopped.is_none() && tally.failed == 0;
            if complete { state.forget()? } else { state.save(frontier.cursor())? }
        }
        Ok((tally, stopped))
    }
}

/// Prints the outcome of an object, unless it is unchanged.
fn report(imported: &ImportedObject, output: &Output) -> Result<()> {
    let text = || match &imported.outcome {
        Outcome::Copied { .. } => format!("{} {}", imported.key, size(imported.size)),
        Outcome::Unchanged => String::new(),
        Outcome::Gone => format!("{}: deleted since it was listed", imported.key),
        Outcome::Refused(why) => format!("{}: not copied: {why}", imported.key),
        Outcome::Failed(why) => format!("{}: failed: {why}", imported.key),
    };
    match imported.outcome {
        // There may be millions of these.
        Outcome::Unchanged => Ok(()),
        Outcome::Copied { .. } | Outcome::Gone | Outcome::Refused(_) | Outcome::Failed(_) => {
            output.result(imported, text)
        }
    }
}
