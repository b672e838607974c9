//! Locates the folders for the session, the state of unfinished uploads, and the cache.

use etcetera::AppStrategy as _;
use etcetera::AppStrategyArgs;
use std::path::PathBuf;

use crate::error::{Error, Result};

#[derive(Debug, Clone)]
pub struct Home {
    /// The folder of the session file.
    pub config: PathBuf,
    /// Holds the state of unfinished uploads, which only saves work.
    pub state: PathBuf,
    /// May be deleted at any time.
    pub cache: PathBuf,
}

impl Home {
    /// Uses `chosen` (`SLUICE_HOME`) for everything, or the standard folders of the platform: on Linux
    /// `$XDG_CONFIG_HOME/sluice`, `$XDG_STATE_HOME/sluice` and `$XDG_CACHE_HOME/sluice`.
    pub fn locate(chosen: Option<PathBuf>) -> Result<Self> {
        if let Some(folder) = chosen {
            return Ok(Self { config: folder.clone(), cache: folder.clone(), state: folder });
        }
        let names = AppStrategyArgs { app_name: "sluice".to_owned(), ..AppStrategyArgs::default() };
        let folders = etcetera::choose_app_strategy(names)
            .map_err(|_| Error::Usage("no home directory: set SLUICE_HOME".to_owned()))?;
        let state = folders.state_dir().unwrap_or_else(|| folders.data_dir());
        Ok(Self { config: folders.config_dir(), cache: folders.cache_dir(), state })
    }

    /// The file with the server's address and the session.
    pub fn session_file(&self) -> PathBuf {
        self.config.join("session.json")
    }

    /// Has one state file for each unfinished upload.
    pub fn uploads_folder(&self) -> PathBuf {
        self.state.join("uploads")
    }

    pub fn cache_file(&self) -> PathBuf {
        self.cache.join("cache.sqlite3")
    }
}
