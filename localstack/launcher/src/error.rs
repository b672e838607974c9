//! The launcher's errors.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

/// Why the stack did not start. Each message is one line that says what to do or where to look.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process listens on the port.
    #[error("port {port} of 127.0.0.1 is in use: stop what listens there, or choose another with {option}")]
    PortBusy {
        port: u16,
        /// The command-line option that chooses another port.
        option: &'static str,
    },
    /// No Python is recent enough for the emulator.
    #[error("the emulator needs Python 3.11 or newer, and none of these is one: {tried}")]
    PythonMissing { tried: String },
    /// Debian and Ubuntu ship Python without its `venv` module.
    #[error("Python's venv module is missing; on Debian or Ubuntu: apt-get install python3-venv")]
    VenvMissing,
    #[error("cannot install Python packages: {reason}")]
    Install {
        /// The last line that pip wrote.
        reason: String,
    },
    /// The emulator stopped by itself.
    #[error("the emulator stopped by itself, {status}: {last_line} (log: {})", log.display())]
    EmulatorStopped { status: String, last_line: String, log: PathBuf },
    /// A server or a deployment was not ready in time.
    #[error("{what} did not answer within {seconds} s: {last_answer} (log: {})", log.display())]
    NoAnswer { what: &'static str, seconds: u64, last_answer: String, log: PathBuf },
    /// The page has not been built.
    #[error("the page is not built (no index.html in {}): run `make page`", folder.display())]
    PageMissing { folder: PathBuf },
    /// The template or the functions could not be built.
    #[error(transparent)]
    Infra(#[from] sluice_infra::Error),
    /// `CloudFormation` could not deploy the template.
    #[error("deploying failed at {resource}: {reason} (log: {})", log.display())]
    Deploy {
        /// The first resource that failed.
        resource: String,
        reason: String,
        log: PathBuf,
    },
    /// A call to the emulator, a store or a program failed.
    #[error("{action}: {reason}")]
    Call {
        action: &'static str,
        /// The service's error, or why it did not answer.
        reason: String,
    },
    /// No emulator has this name.
    #[error("there is no emulator {name}: choose ministack or localstack")]
    EmulatorUnknown { name: String },
    /// No store has this name.
    #[error("there is no store {name}: choose ceph, seaweedfs or minio")]
    StoreUnknown { name: String },
    /// A store's system packages are missing and could not be installed.
    #[error("{store} needs {missing}; on Debian or Ubuntu, as root: {command} ({reason})")]
    StorePackages {
        store: &'static str,
        missing: String,
        /// The command that installs them.
        command: String,
        /// Why it was not run, or how it failed.
        reason: String,
    },
    /// A store's process stopped by itself.
    #[error("{store} stopped by itself: {last_line} (log: {})", log.display())]
    StoreStopped { store: &'static str, last_line: String, log: PathBuf },
    /// The store cannot notify this webhook of new objects.
    #[error("{store} cannot notify the webhook of new objects: {reason}")]
    StoreNotifications { store: &'static str, reason: &'static str },
    /// A file or process could not be used.
    #[error("{action}: {source}")]
    Io { action: String, source: io::Error },
}

impl Error {
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }

    /// Keeps the innermost source, because the SDKs' errors say what happened only there.
    pub(crate) fn call<E: StdError>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Call { action, reason: innermost(&error) }
    }
}

fn innermost(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
