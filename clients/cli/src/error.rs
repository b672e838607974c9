//! What can go wrong, and the exit code it ends with.

use sluice_contracts::problem::{Code, Problem};
use sluice_domain::path::InvalidPath;
use sluice_domain::upload::UploadState;
use sluice_domain::version::RejectReason;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The outcome of anything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// No session for this server.
    #[error("not logged in at {api}")]
    NotLoggedIn {
        /// The server's address.
        api: String,
    },
    /// The server refused, and said why.
    #[error("{} ({})", .0.detail, .0.code.as_str())]
    Problem(Box<Problem>),
    /// The server has no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// Nobody answered, or the line broke, again and again.
    #[error("{peer} cannot be reached: {reason}")]
    Unreachable {
        /// Host and port.
        peer: String,
        /// What happened the last time.
        reason: String,
    },
    /// The server answered something this client does not understand.
    #[error("unexpected answer: {0}")]
    UnexpectedAnswer(String),
    /// The bucket refused a presigned request.
    #[error("the bucket refused the bytes: {status} {code}")]
    Bucket {
        /// HTTP status.
        status: u16,
        /// The store's own error code.
        code: String,
    },
    /// The bucket saw, again and again, that the bytes are not those that were hashed.
    #[error("the bytes do not arrive as they were hashed: {code}")]
    Damaged {
        /// The store's own error code.
        code: String,
    },
    /// Reading or writing here failed.
    #[error("{}: {source}", path.display())]
    Local {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The operator's commands are another program.
    #[error(
        "`sluice {command}` needs the program sluice-admin, which is neither beside this one nor in PATH: {source}"
    )]
    OperatorMissing {
        /// Which command.
        command: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// Writing to standard output failed.
    #[error("standard output: {0}")]
    Output(io::Error),
    /// A path that the server would refuse.
    #[error("{path:?} cannot be a remote path: {why}")]
    InvalidPath {
        /// The path.
        path: String,
        /// The rule it breaks.
        why: InvalidPath,
    },
    /// A remote path that would leave the target folder or that this system cannot hold.
    #[error("{path:?} cannot be written here: {why}")]
    UnsafePath {
        /// The remote path.
        path: String,
        /// The rule it breaks.
        why: &'static str,
    },
    /// Something else lies where a download shall go.
    #[error("{} exists and differs", .0.display())]
    Exists(PathBuf),
    /// Another process transfers the same file.
    #[error("{} is being transferred by another sluice", .0.display())]
    Busy(PathBuf),
    /// The file was written to while it was read.
    #[error("{} changed while it was being uploaded", .0.display())]
    FileChanged(PathBuf),
    /// The server hashed the bytes and refused them.
    #[error("the version was rejected: {}", .0.map_or("no reason given", RejectReason::as_str))]
    Rejected(Option<RejectReason>),
    /// The version's bytes have not been verified yet.
    #[error("{0} has not been verified yet")]
    NotVerified(String),
    /// The upload is no longer open.
    #[error("the upload is {}", .0.as_str())]
    UploadEnded(UploadState),
    /// The bytes that came are not the bytes of the version.
    #[error("the bytes received do not have the version's SHA-256")]
    Corrupt,
    /// A chunk that came is not the chunk asked for, twice.
    #[error("the bytes received from {0} on are not those of the version")]
    CorruptAt(u64),
    /// One failure that several files share.
    #[error(transparent)]
    Shared(#[from] Arc<Error>),
    /// Several files failed; each has been reported.
    #[error("{count} failed")]
    Several {
        /// How many.
        count: u64,
        /// What they have in common.
        kind: Kind,
    },
}

/// What a failure means to a script: one exit code each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A local failure, or several files failed for different reasons.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// There is no valid session.
    NotLoggedIn = 3,
    /// There is no such file, version or upload.
    NotFound = 4,
    /// Something else is in the way.
    Conflict = 5,
    /// Network or server do not answer; worth repeating later.
    Unavailable = 6,
    /// The bytes failed verification.
    Rejected = 7,
    /// The account is full.
    Quota = 8,
    /// The server refused the request, or gave an answer this client does not understand.
    Refused = 9,
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
            Self::Usage(_) | Self::InvalidPath { .. } => Kind::Usage,
            Self::NotLoggedIn { .. } => Kind::NotLoggedIn,
            Self::Problem(problem) => kind_of(problem.code),
            Self::NotFound(_) => Kind::NotFound,
            Self::Unreachable { .. } => Kind::Unavailable,
            Self::UnexpectedAnswer(_) | Self::Bucket { .. } => Kind::Refused,
            Self::Local { .. } | Self::OperatorMissing { .. } | Self::Output(_) | Self::UnsafePath { .. } => {
                Kind::Failed
            }
            Self::Exists(_)
            | Self::Busy(_)
            | Self::NotVerified(_)
            | Self::UploadEnded(_)
            | Self::Rejected(Some(RejectReason::PreconditionFailed)) => Kind::Conflict,
            Self::Damaged { .. }
            | Self::FileChanged(_)
            | Self::Rejected(_)
            | Self::Corrupt
            | Self::CorruptAt(_) => Kind::Rejected,
            Self::Shared(error) => error.kind(),
            Self::Several { kind, .. } => *kind,
        }
    }

    /// The code in `--json` output: the server's own where it gave one.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Usage(_) => "usage",
            Self::NotLoggedIn { .. } => "not_logged_in",
            Self::Problem(problem) => problem.code.as_str(),
            Self::NotFound(_) => Code::NotFound.as_str(),
            Self::Unreachable { .. } => "unreachable",
            Self::UnexpectedAnswer(_) => "unexpected_answer",
            Self::Bucket { .. } => "bucket_refused",
            Self::Damaged { .. } => "damaged",
            Self::Local { .. } | Self::Output(_) => "local",
            Self::OperatorMissing { .. } => "operator_missing",
            Self::InvalidPath { .. } => "invalid_path",
            Self::UnsafePath { .. } => "unsafe_path",
            Self::Exists(_) => "exists",
            Self::Busy(_) => "busy",
            Self::FileChanged(_) => "file_changed",
            Self::Rejected(_) => "rejected",
            Self::NotVerified(_) => Code::VersionNotAvailable.as_str(),
            Self::UploadEnded(_) => Code::UploadEnded.as_str(),
            Self::Corrupt | Self::CorruptAt(_) => "corrupt",
            Self::Shared(error) => error.code(),
            Self::Several { .. } => "several_failed",
        }
    }

    /// What the user can do about it, where that is not plain from the message.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::NotLoggedIn { .. } => Some("run `sluice login NAME`"),
            Self::Problem(problem) => advice_on(problem.code),
            Self::Unreachable { .. } => Some("repeat the command later: transfers go on where they stopped"),
            Self::OperatorMissing { .. } => Some("install sluice-admin; users do not need it"),
            Self::Exists(_) => Some("`--force` replaces it"),
            Self::FileChanged(_) => Some("run the command again once nothing writes to the file"),
            Self::UploadEnded(_) => Some("run the command again"),
            Self::Shared(error) => error.advice(),
            _ => None,
        }
    }

    /// The server's problem code, if it gave one.
    pub fn problem_code(&self) -> Option<Code> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            _ => None,
        }
    }
}

fn kind_of(code: Code) -> Kind {
    match code {
        Code::Unauthenticated | Code::WrongCredentials => Kind::NotLoggedIn,
        Code::QuotaExceeded => Kind::Quota,
        Code::NotFound => Kind::NotFound,
        Code::UsernameTaken
        | Code::UploadEnded
        | Code::PartsMissing
        | Code::PartMismatch
        | Code::PathInUse
        | Code::VersionNotAvailable
        | Code::Conflict
        | Code::PreconditionFailed => Kind::Conflict,
        Code::TooManyRequests | Code::Internal | Code::Unavailable | Code::ContentMaterializing => {
            Kind::Unavailable
        }
        Code::MalformedJson
        | Code::InvalidRequest
        | Code::InvalidParts
        | Code::InvalidManifest
        | Code::MethodNotAllowed
        | Code::BodyTooLarge
        | Code::IdempotencyKeyReused
        | Code::Unknown => Kind::Refused,
    }
}

fn advice_on(code: Code) -> Option<&'static str> {
    match code {
        Code::Unauthenticated => Some("run `sluice login NAME`"),
        Code::QuotaExceeded => Some("`sluice whoami` shows how much room there is"),
        Code::UsernameTaken => Some("choose another name, or `sluice login NAME` if it is yours"),
        Code::PathInUse => Some("`--force` replaces the file that lies there"),
        Code::Conflict | Code::PreconditionFailed => {
            Some("somebody else changed the file: look at it, then repeat")
        }
        _ => None,
    }
}
