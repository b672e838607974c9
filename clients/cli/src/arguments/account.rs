//! Arguments of the commands about accounts and sessions.

use clap::{Args, Subcommand};
use sluice_domain::id::SessionId;

#[derive(Debug, Args)]
pub struct CredentialArguments {
    /// The user name
    pub name: String,
    /// Read the password from the first line of standard input instead of asking for it
    #[arg(long)]
    pub password_stdin: bool,
}

#[derive(Debug, Args)]
pub struct RegisterArguments {
    #[command(flatten)]
    pub credentials: CredentialArguments,
    /// The invitation that the operator gave you, if the server asks for one
    #[arg(long, value_name = "INVITATION")]
    pub invitation: Option<String>,
}

#[derive(Debug, Args)]
pub struct PasswordArguments {
    /// Read the present password from the first line of standard input, the new one from the second
    #[arg(long)]
    pub password_stdin: bool,
}

#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// End sessions: whoever uses them must log in again
    #[command(after_help = "\
Examples:
  sluice sessions end 0123456789abcdef0123456789abcdef
  sluice sessions end --others")]
    End(SessionsToEnd),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct SessionsToEnd {
    /// The ids of the sessions, as `sluice sessions` prints them
    #[arg(value_name = "ID")]
    pub session_id: Vec<SessionId>,
    /// All sessions but the one of this computer
    #[arg(long)]
    pub others: bool,
}
