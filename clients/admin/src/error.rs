//! The errors of the command, with their exit codes and hints.

use sluice_deployment::ConfigError;
use sluice_domain::password::HashError;
use sluice_packs::PackError;
use sluice_storage::stores::StoresError;
use sluice_storage::{ErrorKind, StorageError};
use std::io;
use std::path::{Path, PathBuf};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line is invalid for this deployment.
    #[error("{0}")]
    Usage(String),
    /// A check failed. Each case has been reported.
    #[error("{0}")]
    Wrong(String),
    /// Some objects were not moved or copied. Each has been reported.
    #[error("{0}")]
    Left(String),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Stores(#[from] StoresError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error("the system returned no random bytes")]
    Random(#[from] getrandom::Error),
    /// There is no answer to a presigned URL, or not in time.
    #[error("the store does not answer: {0}")]
    Unreachable(String),
    /// Reading or writing a local file failed.
    #[error("{}: {source}", path.display())]
    Local { path: PathBuf, source: io::Error },
    /// Writing to standard output failed.
    #[error("standard output: {0}")]
    Output(io::Error),
}

/// The kinds of failure that scripts can tell apart by the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A check found something that is not as it must be.
    Wrong = 1,
    /// The command line or the settings are invalid.
    Usage = 2,
    /// Reading or writing a local file failed.
    Local = 3,
    /// Some objects were not moved or copied.
    Left = 5,
    /// A store, a table or a queue does not answer. A later retry may work.
    Unavailable = 6,
    /// A store, a table or a queue refused.
    Refused = 9,
}

impl Kind {
    /// A stable word for `--json` output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Usage => "usage",
            Self::Local => "local",
            Self::Left => "left",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
        }
    }
}

impl Error {
    /// Wraps a failure to read or write `path`, for `map_err`.
    pub fn local(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Local { path, source }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Config(ConfigError::Secret { error, .. })
            | Self::Storage(error)
            | Self::Pack(PackError::Storage(error)) => of_storage(error),
            Self::Usage(_) | Self::Stores(_) | Self::Config(_) => Kind::Usage,
            Self::Wrong(_) | Self::Pack(_) => Kind::Wrong,
            Self::Left(_) => Kind::Left,
            Self::Unreachable(_) => Kind::Unavailable,
            Self::Local { .. } | Self::Output(_) | Self::Hash(_) | Self::Random(_) => Kind::Local,
        }
    }

    /// What the operator can do about the error, if the message does not make that clear.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Config(ConfigError::Missing(_)) => {
                Some("pass `--settings FILE`; `sluice-admin --help` shows how to write the file")
            }
            Self::Left(_) => Some("run the same command again to retry what is left"),
            _ if self.kind() == Kind::Unavailable => Some("run the command again later"),
            _ => None,
        }
    }
}

fn of_storage(error: &StorageError) -> Kind {
    match error.kind {
        ErrorKind::Throttled | ErrorKind::Unavailable => Kind::Unavailable,
        ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Fault => Kind::Refused,
    }
}
