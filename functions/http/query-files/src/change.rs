//! Renames, edits, deletes and restores a file, each in one transaction.

use http::StatusCode;
use sluice_contracts::files::{FileChange, Restore};
use sluice_contracts::problem::Code;
use sluice_domain::id::{AccountId, VersionId};
use sluice_domain::path::FilePath;
use sluice_domain::version::{File, Version, VersionState, check_metadata, content_type};
use sluice_lambda::instant::check_current;
use sluice_lambda::{Call, Failure, Reply};
use sluice_storage::tables::{Commit, Committed, Displaced};

use crate::app::App;
use crate::version_reply::version_reply;

/// Answers `PATCH /files/{file_id}`: renames or edits the file.
pub async fn edit(app: &App, call: &Call, file: File) -> Result<Reply, Failure> {
    let change: FileChange = call.json()?;
    check_current(Some(&file), call.if_match()?)?;
    let live = file.live().filter(|_| !file.displaced).ok_or_else(|| Failure::not_found("file"))?.clone();

    let path = change.path.clone().unwrap_or_else(|| file.path.clone());
    let displaced = if path == file.path {
        None
    } else {
        let taken = TakenPath { account_id: file.account_id, path: &path, overwrite: change.overwrite };
        displace_occupant(app, call, taken).await?
    };
    let version = edited(call, &live, &change)?.map(|version| Version { path: path.clone(), ..version });
    let edited = version.as_ref().map_or_else(|| file.clone(), |version| file.with(version));
    let after = File { path, ..edited };
    let shown = version.clone().unwrap_or(live);
    let commit = Commit { before: Some(file), after, version, displaced };
    commit_change(app, &commit).await?;
    version_reply(StatusCode::OK, shown, &commit.after)
}

/// The new version, if media type or metadata change.
fn edited(call: &Call, live: &Version, change: &FileChange) -> Result<Option<Version>, Failure> {
    if let Some(metadata) = &change.metadata {
        check_metadata(metadata).map_err(Failure::invalid)?;
    }
    let given = change.content_type.clone().map(|given| content_type(Some(given))).transpose();
    let content_type = given.map_err(Failure::invalid)?.unwrap_or_else(|| live.content_type.clone());
    let metadata = change.metadata.clone().unwrap_or_else(|| live.metadata.clone());
    if content_type == live.content_type && metadata == live.metadata {
        return Ok(None);
    }
    let version_id = VersionId::following(Some(live.version_id), call.now, call.random()?);
    Ok(Some(Version { content_type, metadata, ..live.successor(version_id, call.now) }))
}

/// A path that a file is about to take.
struct TakenPath<'a> {
    account_id: AccountId,
    path: &'a FilePath,
    /// Whether a file that is there may be displaced.
    overwrite: bool,
}

/// Displaces the file at the path, if there is one. A deleted file is always displaced.
async fn displace_occupant(
    app: &App,
    call: &Call,
    taken: TakenPath<'_>,
) -> Result<Option<Displaced>, Failure> {
    let TakenPath { account_id, path, overwrite } = taken;
    let Some(occupant) = app.tables.file_at(account_id, path).await? else { return Ok(None) };
    let deleted = occupant.current.is_some() && occupant.live().is_none();
    if !deleted && !overwrite {
        let detail = format!("{path} has a file, or an upload is making one; rename or delete it first");
        return Err(Failure::new(Code::PathInUse, detail));
    }
    let version_id = VersionId::following(occupant.current_id(), call.now, call.random()?);
    let tombstone = occupant.live().map(|live| live.tombstone(version_id, call.now));
    let after = tombstone.as_ref().map_or_else(|| occupant.clone(), |tombstone| occupant.with(tombstone));
    Ok(Some(Displaced { before: occupant, after: File { displaced: true, ..after }, tombstone }))
}

/// Answers `DELETE /files/{file_id}` with the tombstone.
pub async fn delete(app: &App, call: &Call, file: File) -> Result<Reply, Failure> {
    check_current(Some(&file), call.if_match()?)?;
    let live = file.live().ok_or_else(|| Failure::not_found("file"))?;
    let version_id = VersionId::following(file.current_id(), call.now, call.random()?);
    let tombstone = live.tombstone(version_id, call.now);
    let after = file.with(&tombstone);
    let commit = Commit::version(Some(file), after, tombstone.clone());
    commit_change(app, &commit).await?;
    version_reply(StatusCode::OK, tombstone, &commit.after)
}

/// Answers `POST /files/{file_id}/restore` with the new version.
pub async fn restore(app: &App, call: &Call, file: File) -> Result<Reply, Failure> {
    let request: Restore = call.json()?;
    check_current(Some(&file), call.if_match()?)?;
    let version = app.tables.version(file.file_id, request.version_id).await?;
    let version = version.ok_or_else(|| Failure::not_found("version"))?;
    if version.state != VersionState::Available {
        let detail = "only an available version can be restored";
        return Err(Failure::new(Code::VersionNotAvailable, detail));
    }
    // Restoring the current state changes nothing, so a repeated call makes no second version.
    if let Some(live) = file.live().filter(|live| !file.displaced && live.reads_like(&version)) {
        return version_reply(StatusCode::CREATED, live.clone(), &file);
    }
    let displaced = if file.displaced {
        let taken = TakenPath { account_id: file.account_id, path: &file.path, overwrite: false };
        displace_occupant(app, call, taken).await?
    } else {
        None
    };
    let version_id = VersionId::following(file.current_id(), call.now, call.random()?);
    let restored = version.successor(version_id, call.now);
    let after = File { displaced: false, ..file.with(&restored) };
    let commit = Commit { before: Some(file), after, version: Some(restored.clone()), displaced };
    commit_change(app, &commit).await?;
    version_reply(StatusCode::CREATED, restored, &commit.after)
}

async fn commit_change(app: &App, commit: &Commit) -> Result<(), Failure> {
    match app.tables.commit(commit).await? {
        Committed::Done => Ok(()),
        Committed::Changed => {
            Err(Failure::new(Code::Conflict, "another call changed the file; read it and try again"))
        }
        Committed::BlobGone => Err(Failure::new(Code::VersionNotAvailable, "its blob is being deleted")),
    }
}
