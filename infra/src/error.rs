//! Errors of the template and of builds.

use std::io;
use std::path::PathBuf;

/// Why the template or the functions could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The compiler failed and printed why.
    #[error("building the functions failed; the compiler's messages are above")]
    Build,
    /// A folder under `functions/` has no executable of the same name.
    #[error("the function {name} has no executable")]
    FunctionMissing { name: String },
    /// The executable could not start on Lambda.
    #[error(
        "{} needs glibc 2.{minor}, and Lambda has 2.{available}: install cargo-zigbuild (infra/README.md)",
        executable.display()
    )]
    GlibcTooNew {
        executable: PathBuf,
        /// The minor version that it was linked against.
        minor: u32,
        /// The minor version that Lambda has.
        available: u32,
    },
    /// A file is not a valid part of the template.
    #[error("{}: {reason}", part.display())]
    Template { part: PathBuf, reason: String },
    /// A template cannot be read.
    #[error("the template cannot be read: {0}")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    /// A table or bucket that outlives its stack could not be found again.
    #[error("{logical_id} outlives the stack and must have a literal name")]
    Unnamed { logical_id: String },
    /// A file or process could not be used.
    #[error("{action}: {source}")]
    Io { action: String, source: io::Error },
}

impl Error {
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }
}
