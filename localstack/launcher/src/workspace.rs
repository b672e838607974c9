//! Finds the workspace that this crate was compiled in.

use std::path::{Path, PathBuf};

pub(crate) fn workspace_dir() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.ancestors().nth(2).unwrap_or(crate_dir).to_owned()
}
