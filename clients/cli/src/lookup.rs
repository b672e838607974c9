//! Finds the file that the command line refers to by path or by id.

use sluice_contracts::files::VersionView;
use sluice_domain::id::FileId;
use sluice_domain::version::VersionState;

use crate::api::Api;
use crate::arguments::FileReference;
use crate::error::{Error, Result};

/// The current version of the file. Fails if the file does not exist or was deleted.
pub async fn find(api: &Api, reference: &FileReference) -> Result<VersionView> {
    let found = match reference {
        FileReference::Path(path) => api.file_at(path).await?,
        FileReference::Id(file_id) => Some(api.file(*file_id).await?),
    };
    found
        .filter(|version| version.state != VersionState::Deleted)
        .ok_or_else(|| Error::NotFound(format!("file {reference}")))
}

/// The id of the file. A file that is referred to by id may have been deleted.
pub async fn find_id(api: &Api, reference: &FileReference) -> Result<FileId> {
    match reference {
        FileReference::Path(_) => find(api, reference).await.map(|version| version.file_id),
        FileReference::Id(file_id) => Ok(*file_id),
    }
}
