//! Parses the command line, and holds its help texts.

mod account;
mod help;
mod transfer;
mod value;

use clap::{Args, Parser, Subcommand};
use sluice_domain::id::{UploadId, VersionId};
use sluice_domain::path::FilePath;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::output::Format;
use crate::session::ApiUrl;
pub use account::{
    CredentialArguments, PasswordArguments, RegisterArguments, SessionsCommand, SessionsToEnd,
};
use help::{
    ABORT_HELP, LOGIN_HELP, LOGOUT_HELP, MAIN_HELP, PASSWORD_HELP, REGISTER_HELP, RESTORE_HELP, RM_HELP,
    SESSIONS_HELP, STAT_HELP, UPLOADS_HELP, VERSIONS_HELP, WHOAMI_HELP,
};
pub use transfer::{GetArguments, PutArguments};
pub use value::{FileReference, Remote};

const EVERYWHERE: &str = "Options for every command";

/// Uploads, downloads and manages files on a Sluice server.
#[derive(Debug, Parser)]
#[command(name = "sluice", version, after_help = MAIN_HELP, max_term_width = 110)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
pub struct Global {
    /// The address of the server; `register` and `login` remember it
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "SLUICE_API_URL", value_name = "URL")]
    pub api: Option<ApiUrl>,
    /// Print one JSON document per line, one for each result
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// Print nothing but errors
    #[arg(long, short, global = true, help_heading = EVERYWHERE, conflicts_with = "json")]
    pub quiet: bool,
    /// The folder for the session, the state of unfinished uploads and the cache, instead of the standard
    /// folders
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "SLUICE_HOME", value_name = "DIR")]
    pub home: Option<PathBuf>,
}

impl Global {
    pub fn format(&self) -> Format {
        match (self.json, self.quiet) {
            (true, _) => Format::Json,
            (false, true) => Format::Quiet,
            (false, false) => Format::Human,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create an account and log in
    #[command(after_help = REGISTER_HELP)]
    Register(RegisterArguments),
    /// Log in to an account
    #[command(after_help = LOGIN_HELP)]
    Login(CredentialArguments),
    /// Log out: forget the session here and end it on the server
    #[command(after_help = LOGOUT_HELP)]
    Logout,
    /// Show the account, its quota and how much of it is used
    #[command(after_help = WHOAMI_HELP)]
    Whoami,
    /// Change the password; all other sessions end
    #[command(after_help = PASSWORD_HELP)]
    Password(PasswordArguments),
    /// List the sessions of the account, or end some
    #[command(after_help = SESSIONS_HELP)]
    Sessions {
        #[command(subcommand)]
        command: Option<SessionsCommand>,
    },
    /// Upload files and folders
    Put(PutArguments),
    /// Download files and folders
    Get(GetArguments),
    /// List files
    Ls(ListArguments),
    /// Show the details of a file
    #[command(after_help = STAT_HELP)]
    Stat {
        /// The path of the file, or `id:` and its file id
        path: FileReference,
    },
    /// Rename a file
    Mv(MoveArguments),
    /// Delete files; their versions can be restored
    #[command(after_help = RM_HELP)]
    Rm {
        /// The paths of the files, or `id:` and their file ids
        #[arg(required = true)]
        path: Vec<FileReference>,
    },
    /// List the versions of a file, the latest first
    #[command(after_help = VERSIONS_HELP)]
    Versions {
        /// The path of the file, or `id:` and its file id, which also works after the file was deleted
        path: FileReference,
    },
    /// Make an earlier version of a file current again
    #[command(after_help = RESTORE_HELP)]
    Restore {
        /// The path of the file, or `id:` and its file id, which also works after the file was deleted
        path: FileReference,
        /// The version id, as `sluice versions` prints it
        version_id: VersionId,
    },
    /// List open uploads, or abort some
    #[command(after_help = UPLOADS_HELP)]
    Uploads {
        #[command(subcommand)]
        command: Option<UploadsCommand>,
    },
    /// For operators: check stores, move packs, import buckets (runs the program sluice-admin)
    #[command(disable_help_flag = true)]
    Admin(ForwardedArguments),
    /// For operators: test what a store can do (runs the program sluice-admin)
    #[command(disable_help_flag = true)]
    Doctor(ForwardedArguments),
}

/// Arguments for another program.
#[derive(Debug, Args)]
pub struct ForwardedArguments {
    /// See `sluice admin --help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sluice ls                files and folders at the top
  sluice ls photos/        files and folders in photos/
  sluice ls photos/2025    paths that begin with photos/2025
  sluice ls -r photos/     all files below photos/, also in deeper folders")]
pub struct ListArguments {
    /// List only paths that begin with this text; a folder ends in `/`
    #[arg(default_value = "", hide_default_value = true)]
    pub prefix: String,
    /// List files in deeper folders too
    #[arg(long, short)]
    pub recursive: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sluice mv draft.txt report.txt         give the file a new name
  sluice mv draft.txt archive/           move it to archive/draft.txt
  sluice mv draft.txt report.txt -f      replace report.txt, if it exists

The command fails if somebody else changes the file meanwhile.")]
pub struct MoveArguments {
    /// The path of the file, or `id:` and its file id
    pub from: FileReference,
    /// The new path; if it ends in `/`, the file keeps its name
    pub to: Remote,
    /// Replace a file that exists at the new path; its versions stay
    #[arg(long, short)]
    pub force: bool,
}

#[derive(Debug, Subcommand)]
pub enum UploadsCommand {
    /// Abort uploads: delete their parts and release the space that they reserve
    #[command(after_help = ABORT_HELP)]
    Abort {
        /// The ids of the uploads, as `sluice uploads` prints them
        #[arg(required = true, value_name = "ID")]
        upload_id: Vec<UploadId>,
    },
}

/// The path that a file with this name gets when it is moved to `to`.
pub fn destination(to: &Remote, name: &str) -> Result<FilePath, sluice_domain::path::InvalidPath> {
    match to {
        Remote::File(path) => Ok(path.clone()),
        Remote::Folder(prefix) => FilePath::parse(&format!("{prefix}{name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_command_lines_that_other_programs_use() {
        for line in [
            "sluice put FILE --to REMOTE --json",
            "sluice put DIR --to prefix/ --json",
            "sluice get REMOTE --to LOCAL --json",
            "sluice get PREFIX/ --to DIR --json",
            "sluice --json --api http://127.0.0.1:1 login ada --password-stdin",
            "sluice register ada --invitation inv_x --password-stdin",
            "sluice sessions --json",
            "sluice sessions end --others",
            "sluice sessions end 0123456789abcdef0123456789abcdef",
            "sluice password --password-stdin",
            "sluice restore a/b 0123456789abcdef0123456789abcdef",
            "sluice admin --help",
            "sluice admin --settings s.json migrate --to oss --account ada --json",
            "sluice doctor --store oss",
        ] {
            Arguments::try_parse_from(line.split(' ')).expect(line);
        }
        for line in [
            "sluice get ../x",
            "sluice rm",
            "sluice sessions end",
            "sluice put a --part-size 1k",
            "sluice ls --json --quiet",
        ] {
            assert!(Arguments::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }

    #[test]
    fn a_folder_as_destination_keeps_the_name() {
        let to = |text: &str| destination(&text.parse().expect("a remote"), "x.txt").map(String::from);
        assert_eq!(to("a/b").as_deref(), Ok("a/b"));
        assert_eq!(to("a/b/").as_deref(), Ok("a/b/x.txt"));
        assert_eq!(to("/").as_deref(), Ok("x.txt"));
    }
}
