//! Answers `GET /files`: lists by prefix, or finds by path or hash.

use http::StatusCode;
use sluice_contracts::cursor::ListCursor;
use sluice_contracts::files::{FileList, VersionView};
use sluice_contracts::parameters::{FilesParameters, PathPart};
use sluice_domain::path::FilePath;
use sluice_domain::session::Session;
use sluice_domain::version::File;
use sluice_lambda::{Failure, Reply};
use sluice_storage::tables::{FileHash, Listing, Page};

use crate::app::App;

pub async fn list(app: &App, session: &Session, parameters: FilesParameters) -> Result<Reply, Failure> {
    let page = find(app, session, parameters).await?;
    let list = FileList {
        files: page.files.into_iter().filter_map(view).collect(),
        common_prefixes: page.common_prefixes,
        next_cursor: page.next.map(|place| ListCursor(place).to_string()),
    };
    Reply::json(StatusCode::OK, &list)
}

fn view(file: File) -> Option<VersionView> {
    let version = file.live()?.clone();
    Some(VersionView::new(version, file.path))
}

async fn find(app: &App, session: &Session, parameters: FilesParameters) -> Result<Page, Failure> {
    let account_id = session.account_id;
    let limit = parameters.limit.unwrap_or_default().get();
    match parameters {
        FilesParameters { path: None, sha256: None, sha1: None, prefix, delimiter, cursor, .. } => {
            let prefix = prefix.unwrap_or_default().0;
            let delimiter = delimiter.map(|PathPart(text)| text).filter(|text| !text.is_empty());
            let after = cursor.map(|ListCursor(place)| place);
            let delimiter = delimiter.as_deref();
            let after = after.as_deref();
            Ok(app.tables.list(Listing { account_id, prefix: &prefix, delimiter, after, limit }).await?)
        }
        FilesParameters { prefix: Some(_), .. } | FilesParameters { delimiter: Some(_), .. } => {
            Err(Failure::invalid("prefix and delimiter go without path, sha256 and sha1"))
        }
        FilesParameters { path: Some(path), sha256: None, sha1: None, limit: None, cursor: None, .. } => {
            let file = app.tables.file_at(account_id, &path).await?;
            Ok(Page { files: file.into_iter().collect(), ..Page::default() })
        }
        FilesParameters { sha256: Some(sha256), path: None, sha1: None, cursor, .. } => {
            let hash = FileHash::Sha256(sha256);
            Ok(app.tables.files_by_hash(account_id, hash, path_at(cursor)?.as_ref(), limit).await?)
        }
        FilesParameters { sha1: Some(sha1), path: None, sha256: None, cursor, .. } => {
            let hash = FileHash::Sha1(sha1);
            Ok(app.tables.files_by_hash(account_id, hash, path_at(cursor)?.as_ref(), limit).await?)
        }
        _ => {
            Err(Failure::invalid("give only one of path, sha256 and sha1; path takes no limit and no cursor"))
        }
    }
}

/// The place in a list of files with one hash, which is a path.
fn path_at(cursor: Option<ListCursor>) -> Result<Option<FilePath>, Failure> {
    cursor.map(|ListCursor(place)| FilePath::parse(&place)).transpose().map_err(Failure::invalid)
}
