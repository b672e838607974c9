//! `sluice get --to -`: writes a file to standard output, once it is verified.

use std::fs::File;
use std::io::{self, Write as _};

use super::Get;
use super::source::{self, FileToGet};
use crate::arguments::Remote;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::output::Format;
use crate::signal::signal;

/// The name of the file in a folder of its own.
const NAME: &str = "download";

/// Ends with an error if a signal comes, so that no copy of the file is left behind.
pub async fn run(get: &Get<'_>, context: &Context) -> Result<()> {
    tokio::select! {
        outcome = write(get, context) => outcome,
        () = signal() => Err(Error::Interrupted { resumable: 0 }),
    }
}

async fn write(get: &Get<'_>, context: &Context) -> Result<()> {
    let [Remote::File(reference)] = &*get.arguments.remote else {
        return Err(Error::Usage("--to - is for one file".to_owned()));
    };
    if context.output.format() == Format::Json {
        return Err(Error::Usage("--to - and --json both use standard output".to_owned()));
    }
    let folder = tempfile::tempdir().map_err(Error::local(&std::env::temp_dir()))?;
    let found = source::find_file(&get.api, get.arguments, reference).await?;
    get.progress.expect(found.version.size);
    let file = FileToGet { folder: folder.path().to_owned(), name: NAME.to_owned(), ..found };
    let (report, outcome) = get.finish(Ok(file)).await;
    get.progress.finish();
    outcome?;
    let path = folder.path().join(NAME);
    let mut file = File::open(&path).map_err(Error::local(&path))?;
    // On a thread of its own, because the reader may be slow.
    let copying = tokio::task::spawn_blocking(move || {
        let mut output = io::stdout().lock();
        io::copy(&mut file, &mut output)?;
        output.flush()
    });
    copying.await.map_err(io::Error::other).flatten().map_err(Error::Output)?;
    context.output.note(&report.text());
    Ok(())
}
