//! Runs `ls`, `stat` and `versions`.

use futures::TryStreamExt as _;
use serde::Serialize;
use sluice_contracts::files::VersionView;

use crate::api::Selection;
use crate::arguments::{FileReference, ListArguments};
use crate::context::Context;
use crate::error::Result;
use crate::lookup::{find, find_id};
use crate::output::{minute, printable, size};

/// One line of `ls --json` for a folder.
#[derive(Serialize)]
struct Folder<'a> {
    prefix: &'a str,
}

pub async fn ls(arguments: &ListArguments, context: &Context) -> Result<()> {
    let (api, _) = context.connect()?;
    // Accept a leading slash, although no path begins with one.
    let prefix = arguments.prefix.trim_start_matches('/').to_owned();
    let selection = Selection { prefix, folded: !arguments.recursive };
    let mut pages = std::pin::pin!(api.file_pages(selection));
    while let Some(page) = pages.try_next().await? {
        for prefix in &page.common_prefixes {
            let text = || format!("{:>11}  {:16}  {}", "-", "", printable(prefix));
            context.output.result(&Folder { prefix }, text)?;
        }
        for file in &page.files {
            let text = || {
                let size = size(file.size);
                let changed = minute(file.created_at);
                format!("{size:>11}  {changed:16}  {}", printable(file.path.as_str()))
            };
            context.output.result(file, text)?;
        }
    }
    Ok(())
}

pub async fn stat(reference: &FileReference, context: &Context) -> Result<()> {
    let (api, _) = context.connect()?;
    let version = find(&api, reference).await?;
    context.output.result(&version, || details(&version))
}

/// Lists the versions of a file, the latest first.
pub async fn versions(reference: &FileReference, context: &Context) -> Result<()> {
    let (api, _) = context.connect()?;
    let file_id = find_id(&api, reference).await?;
    let mut versions = std::pin::pin!(api.all_versions(file_id));
    while let Some(version) = versions.try_next().await? {
        context.output.result(&version, || {
            let id = version.version_id;
            let state = state(&version);
            format!("{id}  {:16}  {:>11}  {state}", minute(version.created_at), size(version.size))
        })?;
    }
    Ok(())
}

fn state(version: &VersionView) -> String {
    // Use the word for the state that the API uses.
    let state = serde_json::to_value(version.state).ok();
    let state = state.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
    version.reason.map_or_else(|| state.to_owned(), |reason| format!("{state}: {}", reason.as_str()))
}

fn details(version: &VersionView) -> String {
    let hash = |hash: Option<String>| hash.unwrap_or_else(|| "not known yet".to_owned());
    let mut rows = vec![
        ("path", version.path.to_string()),
        ("size", format!("{} ({} bytes)", size(version.size), version.size)),
        ("state", state(version)),
        ("type", version.content_type.clone()),
        ("sha256", hash(version.sha256.map(|hash| hash.to_string()))),
        ("sha1", hash(version.sha1.map(|hash| hash.to_string()))),
        ("created", version.created_at.to_string()),
        (
            "new",
            format!("{} new to the account, {} shared", size(version.new_bytes), size(version.shared_bytes)),
        ),
        ("stored", size(version.stored_bytes)),
        ("file", format!("id:{}", version.file_id)),
        ("version", version.version_id.to_string()),
    ];
    rows.extend(version.metadata.iter().map(|(key, value)| (&**key, value.clone())));
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let lines: Vec<_> = rows
        .iter()
        .map(|(name, value)| format!("{:width$}  {}", printable(name), printable(value)))
        .collect();
    lines.join("\n")
}
