//! One function a command.

mod account;
mod change;
mod list;
mod operator;
mod uploads;

use sluice_contracts::files::VersionView;
use sluice_domain::id::FileId;
use sluice_domain::version::VersionState;

use crate::api::Api;
use crate::arguments::{Arguments, Command, FileReference, UploadsCommand};
use crate::cache::Cache;
use crate::error::{Error, Kind, Result};
use crate::home::Home;
use crate::output::Output;
use crate::session::{Session, SessionFile};
use crate::{get, put};

/// What every command works with.
pub struct Context {
    /// Where results go.
    pub output: Output,
    /// Where state lies.
    pub home: Home,
    /// The remembered server and session.
    pub session_file: SessionFile,
}

impl Context {
    /// A client that speaks for the session.
    pub fn connect(&self) -> Result<(Api, Session)> {
        let (url, session) = self.session_file.session()?;
        Ok((Api::new(url, Some(&session.token))?, session))
    }

    /// The cache of the account; one that knows and remembers nothing if it is not wanted.
    pub fn cache(&self, api: &Api, session: &Session, no_cache: bool) -> Cache {
        if no_cache {
            return Cache::off(&self.output);
        }
        Cache::open(&self.home.cache_file(), api.url(), session.account_id, &self.output)
    }
}

/// Does what the command line says.
pub async fn run(arguments: Arguments, output: Output) -> Result<()> {
    if let Some(error) = operator::run(&arguments) {
        return Err(error);
    }
    let home = Home::locate(arguments.global.home)?;
    let session_file = SessionFile::new(&home, arguments.global.api);
    let context = &Context { output, home, session_file };
    match arguments.command {
        Command::Register(credentials) => account::register(&credentials, context).await,
        Command::Login(credentials) => account::login(&credentials, context).await,
        Command::Logout => account::logout(context).await,
        Command::Whoami => account::whoami(context).await,
        Command::Put(arguments) => put::run(&arguments, context).await,
        Command::Get(arguments) => get::run(&arguments, context).await,
        Command::Ls(arguments) => list::ls(&arguments, context).await,
        Command::Stat { path } => list::stat(&path, context).await,
        Command::Versions { path } => list::versions(&path, context).await,
        Command::Mv(arguments) => change::mv(&arguments, context).await,
        Command::Rm { path } => change::rm(&path, context).await,
        Command::Restore { path, version_id } => change::restore(&path, version_id, context).await,
        Command::Uploads { command: None } => uploads::list(context).await,
        Command::Uploads { command: Some(UploadsCommand::Abort { upload_id }) } => {
            uploads::abort(&upload_id, context).await
        }
        Command::Admin(_) | Command::Doctor(_) => Ok(()),
    }
}

/// The current version of the file that is meant.
pub async fn find(api: &Api, reference: &FileReference) -> Result<VersionView> {
    let found = match reference {
        FileReference::Path(path) => api.file_at(path).await?,
        FileReference::Id(file_id) => Some(api.file(*file_id).await?),
    };
    found
        .filter(|version| version.state != VersionState::Deleted)
        .ok_or_else(|| Error::NotFound(format!("file {reference}")))
}

/// The id of the file that is meant, which need not exist any more if it is meant by id.
async fn find_id(api: &Api, reference: &FileReference) -> Result<FileId> {
    match reference {
        FileReference::Path(_) => find(api, reference).await.map(|version| version.file_id),
        FileReference::Id(file_id) => Ok(*file_id),
    }
}

/// Counts how the files of a command fared.
#[derive(Debug, Default)]
pub struct Tally {
    done: u64,
    failed: u64,
    kind: Option<Kind>,
}

impl Tally {
    /// One more file.
    pub fn add(&mut self, outcome: &Result<()>) {
        match outcome {
            Ok(()) => self.done += 1,
            Err(error) => {
                self.failed += 1;
                let kind = error.kind();
                self.kind =
                    Some(self.kind.map_or(kind, |before| if before == kind { kind } else { Kind::Failed }));
            }
        }
    }

    /// Whether there was no file at all.
    pub fn is_empty(&self) -> bool {
        self.done + self.failed == 0
    }

    /// The outcome of the command: what the failures have in common, if there were any.
    pub fn finish(&self, output: &Output, verb: &str) -> Result<()> {
        if self.done + self.failed > 1 {
            output.note(&format!("{} {verb}, {} failed", self.done, self.failed));
        }
        self.kind.map_or(Ok(()), |kind| Err(Error::Several { count: self.failed, kind }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;

    #[test]
    fn the_exit_code_is_what_the_failures_have_in_common() {
        let output = Output::new(Format::Quiet);
        let kind = |tally: &Tally| tally.finish(&output, "done").err().map(|error| error.kind());
        let mut tally = Tally::default();
        tally.add(&Ok(()));
        assert_eq!(kind(&tally), None);
        tally.add(&Err(Error::Corrupt));
        tally.add(&Err(Error::Rejected(None)));
        assert_eq!(kind(&tally), Some(Kind::Rejected));
        tally.add(&Err(Error::NotFound("a".to_owned())));
        tally.add(&Err(Error::Corrupt));
        assert_eq!(kind(&tally), Some(Kind::Failed));
    }
}
