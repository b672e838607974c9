//! Peers that the distribution has.

use std::path::Path;

use crate::{Failure, command};

/// A program that `apt-get install` brings.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// What it is called.
    pub name: &'static str,
    /// The package it is in.
    pub package: &'static str,
    /// What makes it say its version.
    pub version_argument: &'static str,
}

impl Program {
    /// Its name and version, if it is there.
    pub async fn version(self) -> Result<String, Failure> {
        let mut command = command::isolated(Path::new(self.name), Path::new("/nonexistent"));
        command.arg(self.version_argument);
        let missing = |error| format!("{error}; it comes with: apt-get install {}", self.package);
        let printed = command::run(command).await.map_err(missing)?.output;
        let mut words = printed.split_whitespace().map(|word| word.trim_matches(['v', ',']));
        let version = words.find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
        Ok(format!("{} {}", self.name, version.unwrap_or("of an unknown version")))
    }
}

/// The versions of all of them, for the reader of a table.
pub async fn versions(programs: &[Program]) -> Result<String, Failure> {
    let mut versions = Vec::new();
    for program in programs {
        versions.push(program.version().await?);
    }
    Ok(versions.join(", "))
}
