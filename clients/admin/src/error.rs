//! What can go wrong, and the exit code it ends with.

use sluice_lambda::config::ConfigError;
use sluice_packs::PackError;
use sluice_storage::stores::StoresError;
use sluice_storage::{ErrorKind, StorageError};
use std::io;
use std::path::{Path, PathBuf};

/// The outcome of anything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line makes no sense for this deployment.
    #[error("{0}")]
    Usage(String),
    /// What was checked is not as it should be. Each case has been reported.
    #[error("{0}")]
    Wrong(String),
    /// Some objects were not moved. Each has been reported.
    #[error("{0}")]
    Left(String),
    /// A setting of the deployment.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The registry of stores.
    #[error(transparent)]
    Stores(#[from] StoresError),
    /// A store, a table or a queue.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A pack.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// Nobody answers a presigned URL, or not in time.
    #[error("the store does not answer: {0}")]
    Unreachable(String),
    /// Reading or writing here failed.
    #[error("{}: {source}", path.display())]
    Local {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing to standard output failed.
    #[error("standard output: {0}")]
    Output(io::Error),
}

/// What a failure means to a script: one exit code each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something that was checked is wrong.
    Wrong = 1,
    /// The command line or the settings make no sense.
    Usage = 2,
    /// Reading or writing here failed.
    Local = 3,
    /// It is done, but for some objects, each of which was reported.
    Left = 5,
    /// A store, a table or a queue does not answer; worth repeating.
    Unavailable = 6,
    /// A store, a table or a queue refused.
    Refused = 9,
}

impl Kind {
    /// As a stable word.
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
    /// A failure to read or write `path`, for `map_err`.
    pub fn local(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Local { path, source }
    }

    /// What the failure means to a script.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Config(ConfigError::Secret { error, .. })
            | Self::Storage(error)
            | Self::Pack(PackError::Storage(error)) => of_storage(error),
            Self::Usage(_) | Self::Stores(_) | Self::Config(_) => Kind::Usage,
            Self::Wrong(_) | Self::Pack(_) => Kind::Wrong,
            Self::Left(_) => Kind::Left,
            Self::Unreachable(_) => Kind::Unavailable,
            Self::Local { .. } | Self::Output(_) => Kind::Local,
        }
    }

    /// What the operator can do about it, where that is not plain from the message.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Config(ConfigError::Missing(_)) => Some(
                "`--settings FILE` names the deployment; `sluice-admin --help` says how to make the file",
            ),
            Self::Left(_) => Some("the same command goes on with what was left"),
            _ if self.kind() == Kind::Unavailable => Some("repeat the command later"),
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
