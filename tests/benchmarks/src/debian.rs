//! Finds peers that are packages of the Linux distribution.

use std::path::Path;

use crate::{Failure, command};

/// A program that `apt-get install` provides.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// The name of its command.
    pub name: &'static str,
    /// The package that contains it.
    pub package: &'static str,
    /// The argument that prints its version.
    pub version_argument: &'static str,
}

impl Program {
    /// Returns its name and version, if it is installed.
    pub async fn version(self) -> Result<String, Failure> {
        let mut command = command::isolated(Path::new(self.name), Path::new("/nonexistent"));
        command.arg(self.version_argument);
        let missing = |error| format!("{error}; install it with: apt-get install {}", self.package);
        let printed = command::run(command).await.map_err(missing)?.output;
        let mut words = printed.split_whitespace().map(|word| word.trim_matches(['v', ',']));
        let version = words.find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
        Ok(format!("{} {}", self.name, version.unwrap_or("of an unknown version")))
    }
}

/// The names and versions of all programs, for the reader of a table.
pub async fn versions(programs: &[Program]) -> Result<String, Failure> {
    let mut versions = Vec::new();
    for program in programs {
        versions.push(program.version().await?);
    }
    Ok(versions.join(", "))
}
