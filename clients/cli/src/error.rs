//! The errors of the command, with their exit codes, `--json` codes and hints.

use sluice_contracts::problem::{Code, Problem};
use sluice_domain::path::InvalidPath;
use sluice_domain::upload::UploadState;
use sluice_domain::version::RejectReason;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line is invalid.
    #[error("{0}")]
    Usage(String),
    /// There is no session for this server.
    #[error("not logged in at {api}")]
    NotLoggedIn { api: String },
    /// The server refused with a problem document.
    #[error("{} ({})", detail(.0), .0.code.as_str())]
    Problem(Box<Problem>),
    #[error("there is no {0}")]
    NotFound(String),
    /// No answer, or broken connections, even after retries.
    #[error("{peer} cannot be reached: {reason}")]
    Unreachable {
        /// The host and port of the server.
        peer: String,
        /// Why the last attempt failed.
        reason: String,
    },
    /// This client does not understand the answer.
    #[error("unexpected answer: {0}")]
    UnexpectedAnswer(String),
    /// The bucket refused a presigned request.
    #[error("the bucket refused the bytes: {status} {code}")]
    Bucket {
        status: u16,
        /// The error code of the store.
        code: String,
    },
    /// The bucket reported, even after retries, that the bytes do not match their hash.
    #[error("the bytes that arrive do not match their hash: {code}")]
    Damaged {
        /// The error code of the store.
        code: String,
    },
    /// Reading or writing a local file failed.
    #[error("{}: {source}", path.display())]
    Local { path: PathBuf, source: io::Error },
    /// The program with the operator's commands cannot be started.
    #[error(
        "`sluice {command}` needs the program sluice-admin, which is neither beside sluice nor in PATH: \
         {source}"
    )]
    OperatorMissing { command: &'static str, source: io::Error },
    /// Writing to standard output failed.
    #[error("standard output: {0}")]
    Output(io::Error),
    /// The server would refuse the path.
    #[error("{path:?} cannot be a remote path: {why}")]
    InvalidPath { path: String, why: InvalidPath },
    /// The remote path would leave the target folder, or this system cannot have such a name.
    #[error("{path:?} cannot be written here: {why}")]
    UnsafePath { path: String, why: &'static str },
    /// The target of a download exists and is different.
    #[error("{} exists and is different", .0.display())]
    Exists(PathBuf),
    /// The target of a download is a folder.
    #[error("{} is a folder", .0.display())]
    IsFolder(PathBuf),
    /// Another process is transferring the same file.
    #[error("{} is being transferred by another sluice", .0.display())]
    Busy(PathBuf),
    #[error("{} changed while it was being uploaded", .0.display())]
    FileChanged(PathBuf),
    /// The server rejected the version after the upload.
    #[error("the version was rejected: {}", .0.map_or("no reason given", RejectReason::as_str))]
    Rejected(Option<RejectReason>),
    #[error("{0} has not been verified yet")]
    NotVerified(String),
    #[error("the upload is {}", .0.as_str())]
    UploadEnded(UploadState),
    #[error("the bytes received do not have the version's SHA-256")]
    Corrupt,
    /// A chunk had the wrong hash twice. The number is its offset in the version, in bytes.
    #[error("the bytes received from offset {0} on are not those of the version")]
    CorruptAt(u64),
    /// One failure that concerns several files.
    #[error(transparent)]
    Shared(#[from] Arc<Error>),
    /// A signal ended the command.
    #[error("{}", interruption(*.resumable))]
    Interrupted {
        /// How many uploads keep their space, because a later run can continue them.
        resumable: usize,
    },
    /// Some files failed. Each has been reported.
    #[error("{count} failed")]
    Several {
        count: u64,
        /// The common kind of the failures.
        kind: Kind,
    },
}

/// The kinds of failure that scripts can tell apart by the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A local failure, or failures of several kinds.
    Failed = 1,
    /// The command line is invalid.
    Usage = 2,
    NotLoggedIn = 3,
    /// No such file, version or upload.
    NotFound = 4,
    /// Something else conflicts, such as another file or version.
    Conflict = 5,
    /// The network or the server does not answer. A later retry may work.
    Unavailable = 6,
    /// The bytes failed verification.
    Rejected = 7,
    Quota = 8,
    /// The server refused the request, or this client does not understand the answer.
    Refused = 9,
    /// A local file kept changing while it was read.
    Changed = 10,
    /// A signal ended the command.
    Interrupted = 130,
}

impl Error {
    /// Wraps a failure to read or write `path`, for `map_err`.
    pub fn local(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Local { path, source }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Usage(_) => Kind::Usage,
            Self::NotLoggedIn { .. } => Kind::NotLoggedIn,
            Self::Problem(problem) => kind_of(problem.code),
            Self::NotFound(_) => Kind::NotFound,
            Self::Unreachable { .. } => Kind::Unavailable,
            Self::UnexpectedAnswer(_) | Self::Bucket { .. } => Kind::Refused,
            Self::Local { .. }
            | Self::OperatorMissing { .. }
            | Self::Output(_)
            | Self::InvalidPath { .. }
            | Self::UnsafePath { .. } => Kind::Failed,
            Self::Exists(_)
            | Self::IsFolder(_)
            | Self::Busy(_)
            | Self::NotVerified(_)
            | Self::UploadEnded(_)
            | Self::Rejected(Some(RejectReason::PreconditionFailed)) => Kind::Conflict,
            Self::Damaged { .. } | Self::Rejected(_) | Self::Corrupt | Self::CorruptAt(_) => Kind::Rejected,
            Self::FileChanged(_) => Kind::Changed,
            Self::Interrupted { .. } => Kind::Interrupted,
            Self::Shared(error) => error.kind(),
            Self::Several { kind, .. } => *kind,
        }
    }

    /// The code in `--json` output: the server's own problem code if there is one.
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
            Self::Exists(_) | Self::IsFolder(_) => "exists",
            Self::Busy(_) => "busy",
            Self::FileChanged(_) => "file_changed",
            Self::Rejected(_) => "rejected",
            Self::NotVerified(_) => Code::VersionNotAvailable.as_str(),
            Self::UploadEnded(_) => Code::UploadEnded.as_str(),
            Self::Corrupt | Self::CorruptAt(_) => "corrupt",
            Self::Shared(error) => error.code(),
            Self::Interrupted { .. } => "interrupted",
            Self::Several { .. } => "several_failed",
        }
    }

    /// What the user can do about the error, if the message does not make that clear.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::NotLoggedIn { .. } => Some("run `sluice login NAME`"),
            Self::Problem(problem) => advice_on(problem.code),
            Self::Unreachable { .. } => {
                Some("run the command again later: transfers continue where they stopped")
            }
            Self::OperatorMissing { .. } => Some("install sluice-admin; only operators need it"),
            Self::Exists(_) => Some("`--force` replaces it"),
            Self::IsFolder(_) => Some("`--to` gives the file another name"),
            Self::FileChanged(_) => Some("run the command again when nothing writes to the file"),
            Self::UploadEnded(_) => Some("run the command again"),
            Self::Interrupted { resumable: 1.. } => Some(
                "run the command again to continue them; `sluice uploads` tells how long, and aborts them",
            ),
            Self::Shared(error) => error.advice(),
            _ => None,
        }
    }

    /// Whether the local file may have changed while it was sent, so that hashing it anew may help.
    pub fn suggests_change(&self) -> bool {
        matches!(
            self,
            Self::FileChanged(_)
                | Self::Damaged { .. }
                | Self::Rejected(Some(RejectReason::SizeMismatch | RejectReason::Sha256Mismatch))
        )
    }

    pub fn problem_code(&self) -> Option<Code> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            _ => None,
        }
    }
}

fn interruption(resumable: usize) -> String {
    match resumable {
        0 => "interrupted".to_owned(),
        _ => format!("interrupted; unfinished uploads that keep their space: {resumable}"),
    }
}

/// What the server says, unless it speaks to programs.
fn detail(problem: &Problem) -> &str {
    match problem.code {
        Code::QuotaExceeded => "the account has too little room, or too many unfinished uploads",
        _ => &problem.detail,
    }
}

fn kind_of(code: Code) -> Kind {
    match code {
        Code::Unauthenticated | Code::WrongCredentials | Code::WrongPassword | Code::AccountSuspended => {
            Kind::NotLoggedIn
        }
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
        Code::TooManyAttempts
        | Code::TooManyRequests
        | Code::Internal
        | Code::Unavailable
        | Code::ContentMaterializing => Kind::Unavailable,
        Code::MalformedJson
        | Code::InvalidRequest
        | Code::InvalidParts
        | Code::InvalidManifest
        | Code::RegistrationClosed
        | Code::InvitationInvalid
        | Code::WrongEntrance
        | Code::MethodNotAllowed
        | Code::BodyTooLarge
        | Code::IdempotencyKeyReused
        | Code::Unknown => Kind::Refused,
    }
}

fn advice_on(code: Code) -> Option<&'static str> {
    match code {
        Code::Unauthenticated => Some("run `sluice login NAME`"),
        Code::QuotaExceeded => Some("`sluice whoami` shows both; `sluice uploads` lists the unfinished ones"),
        Code::InvitationInvalid => Some("`--invitation` takes the invitation that the operator gave you"),
        Code::UsernameTaken => Some("choose another name, or `sluice login NAME` if it is yours"),
        Code::PathInUse => Some("`--force` replaces the file at that path"),
        Code::Conflict | Code::PreconditionFailed => {
            Some("the file was changed meanwhile: look at it, then run the command again")
        }
        _ => None,
    }
}
