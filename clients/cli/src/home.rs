//! Where the command keeps its session and the state of unfinished uploads.

use etcetera::AppStrategy as _;
use etcetera::AppStrategyArgs;
use std::path::PathBuf;

use crate::error::{Error, Result};

/// The two folders.
#[derive(Debug, Clone)]
pub struct Home {
    /// What the user would miss: the session.
    pub config: PathBuf,
    /// What only saves work: unfinished uploads.
    pub state: PathBuf,
}

impl Home {
    /// Both in `chosen` (`SLUICE_HOME`), or where the platform keeps such things: on Linux `$XDG_CONFIG_HOME/sluice` and
    /// `$XDG_STATE_HOME/sluice`.
    pub fn locate(chosen: Option<PathBuf>) -> Result<Self> {
        if let Some(folder) = chosen {
            return Ok(Self { config: folder.clone(), state: folder });
        }
        let names = AppStrategyArgs { app_name: "sluice".to_owned(), ..AppStrategyArgs::default() };
        let folders = etcetera::choose_app_strategy(names)
            .map_err(|_| Error::Usage("no home directory: set SLUICE_HOME".to_owned()))?;
        let state = folders.state_dir().unwrap_or_else(|| folders.data_dir());
        Ok(Self { config: folders.config_dir(), state })
    }

    /// The session and the server's address.
    pub fn session_file(&self) -> PathBuf {
        self.config.join("session.json")
    }

    /// One file for each unfinished upload.
    pub fn uploads_folder(&self) -> PathBuf {
        self.state.join("uploads")
    }
}
