//! Streams long lists page by page.

use futures::{Stream, TryStreamExt as _, stream};
use sluice_contracts::files::{FileList, VersionView};
use sluice_contracts::packs::Plan;
use sluice_contracts::uploads::UploadView;
use sluice_domain::id::{FileId, VersionId};

use super::client::Api;
use super::files::{Detail, Selection};
use crate::error::{Error, Result};

impl Api {
    /// All pages of a list of files.
    pub fn file_pages(&self, selection: Selection) -> impl Stream<Item = Result<FileList>> {
        pages(async move |cursor| {
            let page = self.files(&selection, cursor).await?;
            Ok((page.next_cursor.clone(), page))
        })
    }

    /// All versions of a file, the latest first.
    pub fn all_versions(&self, file_id: FileId) -> impl Stream<Item = Result<VersionView>> {
        let pages = pages(async move |cursor| {
            let page = self.versions(file_id, cursor).await?;
            Ok((page.next_cursor, stream::iter(page.versions.into_iter().map(Ok))))
        });
        pages.try_flatten()
    }

    /// All pages of a version's plan.
    pub fn plan_pages(
        &self,
        file_id: FileId,
        version_id: VersionId,
        detail: Detail,
    ) -> impl Stream<Item = Result<Plan>> {
        pages(async move |cursor| {
            let page = self.plan(file_id, version_id, detail, cursor).await?;
            Ok((page.next_cursor.clone(), page))
        })
    }

    /// All open and pending uploads.
    pub fn all_open_uploads(&self) -> impl Stream<Item = Result<UploadView>> {
        let pages = pages(async move |cursor| {
            let page = self.open_uploads(cursor).await?;
            Ok((page.next_cursor, stream::iter(page.uploads.into_iter().map(Ok))))
        });
        pages.try_flatten()
    }
}

/// Fetches page after page until there is no next cursor.
fn pages<Page>(
    fetch: impl AsyncFn(Option<String>) -> Result<(Option<String>, Page)>,
) -> impl Stream<Item = Result<Page>> {
    let first = Some((None, fetch));
    stream::try_unfold(first, async |state| {
        let Some((cursor, fetch)) = state else { return Ok(None) };
        let (next, page) = fetch(cursor.clone()).await?;
        if next.is_some() && next == cursor {
            return Err(Error::UnexpectedAnswer("the cursor of a page leads to the same page".to_owned()));
        }
        Ok(Some((page, next.map(|next| (Some(next), fetch)))))
    })
}
