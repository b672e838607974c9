//! Remembers on disk how far an import got. The file is replaced atomically.

use etcetera::{AppStrategy as _, AppStrategyArgs};
use serde::{Deserialize, Serialize};
use sluice_domain::hash::Sha256;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

use crate::arguments::ImportArguments;
use crate::error::{Error, Result};

/// The least time between two writes. After a crash, objects that were copied since are found to be
/// unchanged.
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// The JSON in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remembered {
    /// The name of the import.
    import: String,
    /// The last key up to which all objects are done.
    after: String,
}

#[derive(Debug)]
pub(super) struct State {
    path: PathBuf,
    import: String,
    after: Option<String>,
    saved_at: Option<Instant>,
}

impl State {
    /// Reads the state of the import with this name, from the file in the arguments or in the standard
    /// folder.
    pub fn open(arguments: &ImportArguments, import: &str) -> Result<Self> {
        let path = match &arguments.state {
            Some(path) => path.clone(),
            None => folder()?.join(format!("{}.json", &Sha256::of(import.as_bytes()).to_string()[..32])),
        };
        let remembered = read(&path)?;
        if let Some(other) = remembered.as_ref().filter(|remembered| remembered.import != import) {
            let path = path.display();
            let other = &other.import;
            return Err(Error::Usage(format!("{path} belongs to another import: {other}")));
        }
        let after = remembered.map(|remembered| remembered.after);
        Ok(Self { path, import: import.to_owned(), after, saved_at: None })
    }

    /// The key after which the import continues.
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Saves the cursor, unless it was saved just now.
    pub fn remember(&mut self, cursor: Option<&str>) -> Result<()> {
        if self.saved_at.is_some_and(|saved_at| saved_at.elapsed() < SAVE_EVERY) {
            return Ok(());
        }
        self.save(cursor)
    }

    pub fn save(&mut self, cursor: Option<&str>) -> Result<()> {
        self.saved_at = Some(Instant::now());
        let Some(cursor) = cursor.filter(|cursor| self.after.as_deref() != Some(*cursor)) else {
            return Ok(());
        };
        self.after = Some(cursor.to_owned());
        let remembered = Remembered { import: self.import.clone(), after: cursor.to_owned() };
        write(&self.path, &remembered).map_err(Error::local(&self.path))
    }

    /// Deletes the file, because the import is complete.
    pub fn forget(&mut self) -> Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::local(&self.path)(error)),
            _ => Ok(()),
        }
    }
}

/// The standard folder of the platform.
fn folder() -> Result<PathBuf> {
    let names = AppStrategyArgs { app_name: "sluice".to_owned(), ..AppStrategyArgs::default() };
    let none = |_| Error::Usage("no home directory: use --state FILE".to_owned());
    let folders = etcetera::choose_app_strategy(names).map_err(none)?;
    Ok(folders.state_dir().unwrap_or_else(|| folders.data_dir()).join("imports"))
}

fn read(path: &Path) -> Result<Option<Remembered>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::local(path)(error)),
    };
    let unreadable = |_| Error::Usage(format!("{} does not hold the state of an import", path.display()));
    serde_json::from_str(&text).map(Some).map_err(unreadable)
}

fn write(path: &Path, remembered: &Remembered) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_folder(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(serde_json::to_string(remembered)?.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Creates the folder and its parents, for their owner only: the keys of objects may be secret.
fn create_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_folder() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("imports");
        let remembered = Remembered { import: "a".to_owned(), after: "b".to_owned() };
        write(&folder.join("state.json"), &remembered).expect("written");
        let mode = std::fs::metadata(&folder).expect("it exists").permissions().mode() & 0o777;
        assert_eq!(mode, 0o700);
    }

    #[test]
    fn what_is_written_is_read_again_and_damage_is_reported() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/state.json");
        let remembered = Remembered { import: "a".to_owned(), after: "käy\n".to_owned() };
        write(&path, &remembered).expect("written");
        assert_eq!(read(&path).expect("read").map(|state| state.after).as_deref(), Some("käy\n"));
        std::fs::write(&path, "{").expect("written");
        assert!(read(&path).is_err());
        assert!(read(&folder.path().join("none")).expect("read").is_none());
    }
}
