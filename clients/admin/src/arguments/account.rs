//! Arguments of the commands about accounts.

use clap::{Args, Subcommand};
use sluice_domain::account::Username;
use std::time::Duration;

use super::value;

const HELP: &str = "\
The commands need only the tables' prefix and, for new accounts without --quota, the default quota. \
So the settings of the function accounts suit them best:
  aws lambda get-function-configuration --function-name sluice-accounts \\
    --query Environment.Variables > settings.json

Examples:
  sluice-admin account invite --quota 20g --expires 3d
  sluice-admin account quota ada 50g
  sluice-admin account suspend ada";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct AccountsArguments {
    #[command(subcommand)]
    pub command: AccountsCommand,
}

#[derive(Debug, Subcommand)]
pub enum AccountsCommand {
    /// List the accounts with quota and use
    List,
    /// Print an invitation with which somebody can register one account
    ///
    /// It is shown once and stored as a hash. It works where `Registration` is invite or open. The page takes
    /// it by a link: `PageUrl`, then `/#invitation=` and the invitation.
    Invite {
        /// The quota of the account, instead of the default; k, m, g and t stand for KiB to TiB
        #[arg(long, value_name = "BYTES", value_parser = value::bytes)]
        quota: Option<u64>,
        /// How long the invitation can be used: a number with m, h or d
        #[arg(long, value_name = "TIME", default_value = "7d", value_parser = value::duration)]
        expires: Duration,
    },
    /// Create an account, whatever `Registration` is, and print a password for it
    Create {
        #[command(flatten)]
        password: NewPassword,
        /// The quota of the account, instead of the default; k, m, g and t stand for KiB to TiB
        #[arg(long, value_name = "BYTES", value_parser = value::bytes)]
        quota: Option<u64>,
    },
    /// Change the quota of an account; it cannot be less than what is used, reserved and taken by rows
    Quota {
        /// The user name
        #[arg(value_parser = Username::parse)]
        name: Username,
        /// The new quota; k, m, g and t stand for KiB to TiB
        #[arg(value_name = "BYTES", value_parser = value::bytes)]
        quota: u64,
    },
    /// End all sessions of an account, and let nobody log in to it
    ///
    /// Its files stay. Presigned URLs work until they expire.
    Suspend {
        /// The user name
        #[arg(value_parser = Username::parse)]
        name: Username,
    },
    /// Let a suspended account log in again
    Resume {
        /// The user name
        #[arg(value_parser = Username::parse)]
        name: Username,
    },
    /// Give an account a new password, print it, and end all sessions
    ResetPassword(NewPassword),
}

#[derive(Debug, Args)]
pub struct NewPassword {
    /// The user name
    #[arg(value_parser = Username::parse)]
    pub name: Username,
    /// Read the password from the first line of standard input instead of making one
    #[arg(long)]
    pub password_stdin: bool,
}
