//! Answers with a version.

use http::{StatusCode, header};
use sluice_contracts::files::VersionView;
use sluice_domain::version::{File, Version};
use sluice_lambda::{Failure, Reply};

pub(crate) fn version_reply(status: StatusCode, version: Version, file: &File) -> Result<Reply, Failure> {
    let etag = format!("\"{}\"", version.version_id);
    let view = VersionView::new(version, file.path.clone());
    Ok(Reply::json(status, &view)?.header(header::ETAG, etag))
}
