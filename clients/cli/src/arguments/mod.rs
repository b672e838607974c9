//! The command line.

mod transfer;
mod value;

use clap::{Args, Parser, Subcommand};
use sluice_domain::id::{UploadId, VersionId};
use sluice_domain::path::FilePath;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::output::Format;
use crate::session::ApiUrl;
pub use transfer::{GetArguments, PutArguments};
pub use value::{FileReference, Remote};

const EVERYWHERE: &str = "Options of every command";

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed here (a file cannot be read or written), or several files failed for different reasons
  2  the command line makes no sense
  3  not logged in, or wrong user name or password
  4  no such file, version or upload
  5  something is in the way: a file at that path, another version, another sluice
  6  network or server do not answer; worth repeating
  7  the bytes failed verification
  8  the account is full
  9  the server refused the request

Begin with:
  sluice --api https://files.example.com register ada
  sluice put photos/ --to holiday/
  sluice ls holiday/
  sluice get holiday/beach.jpg";

/// Uploads, downloads and manages files on a Sluice server.
#[derive(Debug, Parser)]
#[command(name = "sluice", version, after_help = EXIT_CODES, max_term_width = 110)]
pub struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// The server; `register` and `login` remember it
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "SLUICE_API_URL", value_name = "URL")]
    pub api: Option<ApiUrl>,
    /// Print one JSON document a line: one for each file, or one for the whole
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// Print nothing but errors
    #[arg(long, short, global = true, help_heading = EVERYWHERE, conflicts_with = "json")]
    pub quiet: bool,
    /// Where to keep the session, the state of unfinished uploads and the cache, instead of the platform's own places
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "SLUICE_HOME", value_name = "DIR")]
    pub home: Option<PathBuf>,
}

impl Global {
    /// How results are printed.
    pub fn format(&self) -> Format {
        match (self.json, self.quiet) {
            (true, _) => Format::Json,
            (false, true) => Format::Quiet,
            (false, false) => Format::Human,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an account and log in
    Register(CredentialArguments),
    /// Log in
    Login(CredentialArguments),
    /// Log out, at once and on the server too
    Logout,
    /// Show the account and how much room it has
    Whoami,
    /// Upload files and folders
    Put(PutArguments),
    /// Download files and folders
    Get(GetArguments),
    /// List files
    Ls(ListArguments),
    /// Show all that is known of a file
    Stat {
        /// Its path, or `id:` and its file id
        path: FileReference,
    },
    /// Rename a file
    Mv(MoveArguments),
    /// Delete files; their versions can be restored
    Rm {
        /// Their paths, or `id:` and their file ids
        #[arg(required = true)]
        path: Vec<FileReference>,
    },
    /// List a file's versions, the latest first
    Versions {
        /// Its path, or `id:` and its file id, which outlives the file
        path: FileReference,
    },
    /// Make an earlier version of a file current again
    Restore {
        /// Its path, or `id:` and its file id, which outlives the file
        path: FileReference,
        /// Which version, as `versions` shows it
        version_id: VersionId,
    },
    /// List open uploads, or abort some
    Uploads {
        /// What to do with them
        #[command(subcommand)]
        command: Option<UploadsCommand>,
    },
    /// For operators: stores, migration, receipts (the program sluice-admin)
    #[command(disable_help_flag = true)]
    Admin(PassedOn),
    /// For operators: find out what a store can do (the program sluice-admin)
    #[command(disable_help_flag = true)]
    Doctor(PassedOn),
}

/// What another program is given as it is.
#[derive(Debug, Args)]
pub struct PassedOn {
    /// See `sluice admin --help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}

/// Who logs in.
#[derive(Debug, Args)]
pub struct CredentialArguments {
    /// The user name
    pub name: String,
    /// Read the password from the first line of standard input instead of asking for it
    #[arg(long)]
    pub password_stdin: bool,
}

/// What `ls` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sluice ls                everything at the top
  sluice ls photos/        what lies in photos
  sluice ls photos/2025    what begins with that
  sluice ls -r photos/     with all that lies deeper")]
pub struct ListArguments {
    /// What the paths begin with; a folder ends in `/`
    #[arg(default_value = "", hide_default_value = true)]
    pub prefix: String,
    /// Show what lies in folders too
    #[arg(long, short)]
    pub recursive: bool,
}

/// What `mv` takes.
#[derive(Debug, Args)]
pub struct MoveArguments {
    /// Its path, or `id:` and its file id
    pub from: FileReference,
    /// Its new path; one that ends in `/` keeps the file's name
    pub to: Remote,
    /// Replace a file that lies there; its versions stay
    #[arg(long, short)]
    pub force: bool,
}

/// What to do with open uploads.
#[derive(Debug, Subcommand)]
pub enum UploadsCommand {
    /// Abort uploads: their parts are deleted and their quota is free again
    Abort {
        /// Which, as `sluice uploads` shows them
        #[arg(required = true, value_name = "ID")]
        upload_id: Vec<UploadId>,
    },
}

/// The new path of a file that is called `name` so far.
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
    fn the_forms_other_programs_use() {
        for line in [
            "sluice put FILE --to REMOTE --json",
            "sluice put DIR --to prefix/ --json",
            "sluice get REMOTE --to LOCAL --json",
            "sluice get PREFIX/ --to DIR --json",
            "sluice --json --api http://127.0.0.1:1 login ada --password-stdin",
            "sluice restore a/b 0123456789abcdef0123456789abcdef",
            "sluice admin --help",
            "sluice admin --settings s.json migrate --to oss --account ada --json",
            "sluice doctor --store oss",
        ] {
            Arguments::try_parse_from(line.split(' ')).expect(line);
        }
        for line in
            ["sluice get ../x", "sluice rm", "sluice put a --part-size 1k", "sluice ls --json --quiet"]
        {
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
