//! Where the command keeps its session, the state of unfinished uploads, and its cache.

use etcetera::AppStrategy as _;
use etcetera::AppStrategyArgs;
use std::path::PathBuf;

use crate::error::{Error, Result};

/// The folders.
#[derive(Debug, Clone)]
pub struct Home {
    /// What the user would miss: the session.
    pub config: PathBuf,
    /// What only saves work: unfinished uploads.
    pub state: PathBuf,
    /// What may be deleted at any time.
    pub cache: PathBuf,
}

impl Home {
    /// All in `chosen` (`SLUICE_HOME`), or where the platform keeps such things: on Linux `$XDG_CONFIG_HOME/sluice`,
    /// `$XDG_STATE_HOME/sluice` and `$XDG_CACHE_HOME/sluice`.
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

    /// The session and the server's address.
    pub fn session_file(&self) -> PathBuf {
        self.config.join("session.json")
    }

    /// One file for each unfinished upload.
    pub fn uploads_folder(&self) -> PathBuf {
        self.state.join("uploads")
    }

    /// What is known of files and contents.
    pub fn cache_file(&self) -> PathBuf {
        self.cache.join("cache.sqlite3")
    }
}
