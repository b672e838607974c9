use std::{io, path::PathBuf};

/// Why there is nothing to deploy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The compiler refused the functions, and said why.
    #[error("building the functions failed; the compiler's messages are above")]
    Build,
    /// A folder under `functions/` has no executable of its name.
    #[error("the function {name} has no executable")]
    FunctionMissing {
        /// The function's name.
        name: String,
    },
    /// Lambda's machine could not start it.
    #[error(
        "{} needs glibc 2.{minor}, and Lambda has 2.{available}: install cargo-zigbuild (infra/README.md)",
        executable.display()
    )]
    GlibcTooNew {
        /// The function's executable.
        executable: PathBuf,
        /// What it was linked against.
        minor: u32,
        /// What Lambda has.
        available: u32,
    },
    /// A part is no part of a template.
    #[error("{}: {reason}", part.display())]
    Template {
        /// The file.
        part: PathBuf,
        /// What is wrong with it.
        reason: String,
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
}
