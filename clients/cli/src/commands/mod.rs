//! Runs the command that the command line names.

mod account;
mod change;
mod list;
mod operator;
mod sessions;
mod uploads;

use crate::arguments::{Arguments, Command, SessionsCommand, UploadsCommand};
use crate::context::Context;
use crate::error::Result;
use crate::home::Home;
use crate::output::Output;
use crate::session::SessionFile;
use crate::{get, put};

pub async fn run(arguments: Arguments, output: Output) -> Result<()> {
    if let Some(error) = operator::run(&arguments) {
        return Err(error);
    }
    let home = Home::locate(arguments.global.home)?;
    let session_file = SessionFile::new(&home, arguments.global.api);
    let context = &Context { output, home, session_file };
    match arguments.command {
        Command::Register(arguments) => account::register(&arguments, context).await,
        Command::Login(credentials) => account::login(&credentials, context).await,
        Command::Logout => account::logout(context).await,
        Command::Whoami => account::whoami(context).await,
        Command::Password(arguments) => account::change_password(&arguments, context).await,
        Command::Sessions { command: None } => sessions::list(context).await,
        Command::Sessions { command: Some(SessionsCommand::End(which)) } => {
            sessions::end(&which, context).await
        }
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
