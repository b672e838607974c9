//! Answers with a version.

use http::{StatusCode, header};
use sluice_contracts::files::VersionView;
use sluice_lambda::{Failure, Reply};

pub(crate) fn version_reply(status: StatusCode, version: &VersionView) -> Result<Reply, Failure> {
    Ok(Reply::json(status, version)?.header(header::ETAG, format!("\"{}\"", version.version_id)))
}
