use std::{error::Error as StdError, io, path::PathBuf};

/// Why the stack did not come up. Each message is one line that says what to do or where to look.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something else listens on the port.
    #[error("port {port} of 127.0.0.1 is in use: stop what listens there, or choose another with {option}")]
    PortBusy {
        /// The port.
        port: u16,
        /// The command-line option that chooses another.
        option: &'static str,
    },
    /// No Python that the emulator runs on.
    #[error("the emulator needs Python 3.11 or newer, and none of these is one: {tried}")]
    PythonMissing {
        /// The commands that were tried.
        tried: String,
    },
    /// Debian and Ubuntu ship Python without the means to make virtual environments.
    #[error("Python's venv module is missing; on Debian or Ubuntu: apt-get install python3-venv")]
    VenvMissing,
    /// Pip failed.
    #[error("cannot install Python packages: {reason}")]
    Install {
        /// Pip's last line.
        reason: String,
    },
    /// The emulator ended by itself.
    #[error("the emulator stopped by itself, {status}: {last_line} (log: {})", log.display())]
    EmulatorStopped {
        /// How it ended.
        status: String,
        /// The last line it wrote.
        last_line: String,
        /// All it wrote.
        log: PathBuf,
    },
    /// Something that should be ready is not.
    #[error("{what} did not answer within {seconds} s: {last_answer} (log: {})", log.display())]
    NoAnswer {
        /// What was asked.
        what: &'static str,
        /// For how long.
        seconds: u64,
        /// The last answer or error.
        last_answer: String,
        /// Where its log is.
        log: PathBuf,
    },
    /// There is no page to serve.
    #[error("the page is not built (no index.html in {}): run `make page`", folder.display())]
    PageMissing {
        /// Where it should be.
        folder: PathBuf,
    },
    /// There is nothing to deploy.
    #[error(transparent)]
    Infra(#[from] sluice_infra::Error),
    /// `CloudFormation` failed.
    #[error("deploying failed at {resource}: {reason} (log: {})", log.display())]
    Deploy {
        /// The first resource that failed.
        resource: String,
        /// Why it did.
        reason: String,
        /// The emulator's log.
        log: PathBuf,
    },
    /// A call to the emulator failed.
    #[error("{action}: {reason}")]
    Call {
        /// What was being done.
        action: &'static str,
        /// The service's answer, or why there is none.
        reason: String,
    },
    /// An emulator's name that is none.
    #[error("there is no emulator {name}: choose ministack or localstack")]
    EmulatorUnknown {
        /// What was asked for.
        name: String,
    },
    /// A store's name that is none.
    #[error("there is no store {name}: choose ceph, seaweedfs or minio")]
    StoreUnknown {
        /// What was asked for.
        name: String,
    },
    /// A store's system packages are missing, and cannot be installed from here.
    #[error("{store} needs {missing}; on Debian or Ubuntu, as root: {command} ({reason})")]
    StorePackages {
        /// The store.
        store: &'static str,
        /// The commands that were not found.
        missing: String,
        /// What installs them.
        command: String,
        /// Why it was not, or not successfully, run.
        reason: String,
    },
    /// A store's process ended by itself.
    #[error("{store} stopped by itself: {last_line} (log: {})", log.display())]
    StoreStopped {
        /// The store.
        store: &'static str,
        /// The last line it wrote.
        last_line: String,
        /// All it wrote.
        log: PathBuf,
    },
    /// The store cannot announce objects to this webhook.
    #[error("{store} cannot announce objects: {reason}")]
    StoreNotifications {
        /// The store.
        store: &'static str,
        /// Why it cannot.
        reason: &'static str,
    },
    /// A file or process could not be used.
    #[error("{action}: {source}")]
    Io {
        /// What was being done.
        action: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }

    /// The SDKs' errors say what happened only in their sources.
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
