//! Answers `GET /files`: lists by prefix, or finds by path or hash.

use http::StatusCode;
use sluice_contracts::files::{FileList, VersionView};
use sluice_domain::account::Session;
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::path::{FilePath, LAST, PATH_MAX_BYTES};
use sluice_domain::version::File;
use sluice_lambda::{Call, Failure, Reply};
use sluice_storage::tables::{Listing, Page};

use crate::app::App;
use crate::cursor;

pub async fn list(app: &App, call: &Call, session: &Session) -> Result<Reply, Failure> {
    let given =
        ["path", "sha256", "sha1"].iter().filter(|name| call.query.iter().any(|(key, _)| key == *name));
    let page = match given.collect::<Vec<_>>()[..] {
        [] => by_prefix(app, call, session).await?,
        [&"path"] => by_path(app, call, session).await?,
        [hash] => by_hash(app, call, session, hash).await?,
        _ => return Err(Failure::invalid("give only one of path, sha256 and sha1")),
    };
    let list = FileList {
        files: page.files.into_iter().filter_map(view).collect(),
        common_prefixes: page.common_prefixes,
        next_cursor: page.next.as_deref().map(cursor::encode),
    };
    Reply::json(StatusCode::OK, &list)
}

fn view(file: File) -> Option<VersionView> {
    let version = file.live()?.clone();
    Some(VersionView::new(version, file.path))
}

async fn by_prefix(app: &App, call: &Call, session: &Session) -> Result<Page, Failure> {
    call.only_parameters(&["prefix", "delimiter", "limit", "cursor"])?;
    let prefix = call.parameter::<String>("prefix")?.unwrap_or_default();
    let delimiter = call.parameter::<String>("delimiter")?.filter(|delimiter| !delimiter.is_empty());
    for text in [Some(&prefix), delimiter.as_ref()].into_iter().flatten() {
        if text.len() > PATH_MAX_BYTES || text.chars().any(|c| c.is_control() || c == LAST) {
            return Err(Failure::invalid("prefix and delimiter are parts of paths"));
        }
    }
    let after = cursor::of(call)?;
    let listing = Listing {
        account_id: session.account_id,
        prefix: &prefix,
        delimiter: delimiter.as_deref(),
        after: after.as_deref(),
        limit: call.limit()?,
    };
    Ok(app.tables.list(listing).await?)
}

async fn by_path(app: &App, call: &Call, session: &Session) -> Result<Page, Failure> {
    call.only_parameters(&["path"])?;
    let path = call.parameter::<String>("path")?.unwrap_or_default();
    let path = FilePath::parse(&path).map_err(Failure::invalid)?;
    let file = app.tables.file_at(session.account_id, &path).await?;
    Ok(Page { files: file.into_iter().collect(), ..Page::default() })
}

async fn by_hash(app: &App, call: &Call, session: &Session, hash: &str) -> Result<Page, Failure> {
    call.only_parameters(&[hash, "limit", "cursor"])?;
    let limit = call.limit()?;
    let after = cursor::of(call)?.map(|path| FilePath::parse(&path)).transpose().map_err(Failure::invalid)?;
    if let Some(sha256) = call.parameter::<Sha256>("sha256")? {
        return Ok(app.tables.files_by_sha256(session.account_id, &sha256, after.as_ref(), limit).await?);
    }
    let sha1 = call.parameter::<Sha1>("sha1")?.ok_or_else(|| Failure::invalid("give a hash"))?;
    Ok(app.tables.files_by_sha1(session.account_id, &sha1, after.as_ref(), limit).await?)
}
