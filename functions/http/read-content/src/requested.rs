//! Loads the version that a call reads.

use sluice_contracts::problem::Code;
use sluice_domain::blob::Blob;
use sluice_domain::id::VersionId;
use sluice_domain::version::{File, Version, VersionState};
use sluice_lambda::{Call, Failure};
use sluice_storage::Chain;

use crate::app::App;

/// The version that a call reads.
pub(crate) struct Requested {
    pub(crate) file: File,
    pub(crate) version: Version,
    pub(crate) blob: Blob,
}

/// Loads the requested version of the file and its blob; without a `version_id`, the current version.
pub(crate) async fn requested(
    app: &App,
    call: &Call,
    file: File,
    version_id: Option<VersionId>,
) -> Result<Requested, Failure> {
    let version = available(app, &file, version_id).await?;
    let unavailable = || Failure::new(Code::VersionNotAvailable, "the version's bytes are deleted");
    let sha256 = version.sha256.ok_or_else(unavailable)?;
    let blob = app.tables.blob(file.account_id, &sha256).await?.ok_or_else(unavailable)?;
    // Migration rules use the time of the last read. A failure to record it must not fail the read.
    if let Err(error) = app.tables.mark_read(&blob, call.now).await {
        tracing::warn!(error = %Chain(&error), "a read could not be recorded");
    }
    Ok(Requested { file, version, blob })
}

async fn available(app: &App, file: &File, version_id: Option<VersionId>) -> Result<Version, Failure> {
    let version = match version_id {
        Some(id) => app.tables.version(file.file_id, id).await?,
        None => match (&file.current, file.live()) {
            (_, Some(live)) => Some(live.clone()),
            (Some(_), None) => None,
            (None, None) => app.tables.latest_version(file.file_id).await?,
        },
    };
    let version = version.ok_or_else(|| Failure::not_found("version"))?;
    match version.state {
        VersionState::Available => Ok(version),
        VersionState::Pending => Err(Failure::new(
            Code::VersionNotAvailable,
            "the version is pending: its bytes are being verified",
        )),
        VersionState::Rejected => {
            let reason = version.reason.map_or("unknown", |reason| reason.as_str());
            Err(Failure::new(Code::VersionNotAvailable, format!("the version was rejected: {reason}")))
        }
        VersionState::Deleted => Err(Failure::not_found("version: it is a tombstone")),
    }
}
