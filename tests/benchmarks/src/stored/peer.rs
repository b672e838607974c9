//! Stores the versions with other programs.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

use super::trees;
use crate::debian::Program;
use crate::{Failure, command};

/// The programs that must be installed.
pub const PROGRAMS: [Program; 4] = [
    Program { name: "restic", package: "restic", version_argument: "version" },
    Program { name: "borg", package: "borgbackup", version_argument: "--version" },
    Program { name: "casync", package: "casync", version_argument: "--version" },
    Program { name: "zstd", package: "zstd", version_argument: "--version" },
];

/// The stored folder, below the working folder.
const TREE: &str = "tree";

/// A deduplicating program that Sluice is compared with.
#[derive(Debug, Clone, Copy)]
pub enum Peer {
    /// restic with this compression.
    Restic(&'static str),
    /// borg with this compression.
    Borg(&'static str),
    /// casync, which always compresses.
    Casync,
}

impl Peer {
    pub const ALL: [Self; 6] = [
        Self::Restic("auto"),
        Self::Restic("off"),
        Self::Borg("lz4"),
        Self::Borg("zstd,3"),
        Self::Borg("none"),
        Self::Casync,
    ];

    /// Stores the trees one after the other, working in `folder`. Returns rows of a name and the stored
    /// bytes.
    pub async fn store(self, trees: &[PathBuf], folder: &Path) -> Result<Vec<(String, u64)>, Failure> {
        eprintln!("· {self:?}");
        let store = folder.join("store");
        fs::create_dir(&store)?;
        if let Some(initialize) = self.initialize(folder) {
            command::run(initialize).await?;
        }
        for (number, tree) in trees.iter().enumerate() {
            // All have the same path, as one tree that changes.
            let current = folder.join(TREE);
            fs::rename(tree, &current)?;
            let added = command::run(self.add(folder, number)).await;
            fs::rename(&current, tree)?;
            added?;
        }
        let stored_bytes = trees::size_bytes(&store)?;
        Ok(match self {
            Self::Restic(compression) => vec![(format!("restic, compression {compression}"), stored_bytes)],
            Self::Borg(compression) => vec![(format!("borg, compression {compression}"), stored_bytes)],
            Self::Casync => vec![
                ("casync".to_owned(), stored_bytes),
                ("casync, if its chunks were not compressed".to_owned(), decompressed_bytes(&store).await?),
            ],
        })
    }

    fn initialize(self, folder: &Path) -> Option<Command> {
        match self {
            Self::Restic(_) => Some(program("restic", folder, ["init", "--repo", "store"])),
            Self::Borg(_) => Some(program("borg", folder, ["init", "--encryption", "none", "store"])),
            Self::Casync => None,
        }
    }

    fn add(self, folder: &Path, number: usize) -> Command {
        match self {
            Self::Restic(compression) => {
                program("restic", folder, ["backup", "--repo", "store", "--compression", compression, TREE])
            }
            Self::Borg(compression) => {
                let archive = format!("store::{number}");
                program("borg", folder, ["create", "--compression", compression, &archive, TREE])
            }
            Self::Casync => {
                let index = format!("store/{number}.caidx");
                program("casync", folder, ["make", "--store", "store/chunks", &index, TREE])
            }
        }
    }
}

fn program<const COUNT: usize>(name: &str, folder: &Path, arguments: [&str; COUNT]) -> Command {
    let mut command = command::isolated(Path::new(name), folder);
    command.env("RESTIC_PASSWORD", "benchmark").current_dir(folder).args(arguments);
    command
}

/// The size of a casync store without compression, including its indexes.
async fn decompressed_bytes(store: &Path) -> Result<u64, Failure> {
    let is_chunk = |file: &PathBuf| file.extension() == Some(OsStr::new("cacnk"));
    let (chunks, indexes): (Vec<_>, Vec<_>) = trees::files_below(store)?.into_iter().partition(is_chunk);
    let mut zstd = program("zstd", store, ["--decompress", "--stdout"]);
    let mut zstd = zstd.args(chunks).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut output = zstd.stdout.take().ok_or("zstd has no output")?;
    let mut size_bytes = tokio::io::copy(&mut output, &mut tokio::io::sink()).await?;
    if !zstd.wait().await?.success() {
        return Err("zstd cannot read casync's chunks".into());
    }
    for index in indexes {
        size_bytes += fs::metadata(index)?.len();
    }
    Ok(size_bytes)
}
