//! Renames, edits, deletes and restores a file, each in one transaction.

use http::StatusCode;
use sluice_contracts::files::{FileChange, Restore, VersionView};
use sluice_contracts::problem::Code;
use sluice_domain::id::{AccountId, FileId, VersionId};
use sluice_domain::idempotency::{AnsweredVersion, Effect};
use sluice_domain::path::FilePath;
use sluice_domain::session::Session;
use sluice_domain::version::{File, Version, VersionState, check_metadata, content_type};
use sluice_lambda::idempotency::{IdempotencyKey, answered_version, first_effect, met_effect};
use sluice_lambda::instant::check_current;
use sluice_lambda::{Call, Failure, Reply};
use sluice_storage::tables::{Commit, Committed, Displaced};

use crate::app::App;
use crate::own_file::own_file;
use crate::version_reply::version_reply;

/// How a call changes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// `PATCH /files/{file_id}`: renames or edits the file.
    Edit(FileId),
    /// `DELETE /files/{file_id}`: answers the tombstone.
    Delete(FileId),
    /// `POST /files/{file_id}/restore`: answers the new version.
    Restore(FileId),
}

impl Change {
    fn file_id(self) -> FileId {
        match self {
            Self::Edit(id) | Self::Delete(id) | Self::Restore(id) => id,
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Edit(_) | Self::Delete(_) => StatusCode::OK,
            Self::Restore(_) => StatusCode::CREATED,
        }
    }
}

/// A change that is possible, and what it answers.
struct Plan {
    /// None if the file is as the call wants it.
    commit: Option<Commit>,
    answer: VersionView,
}

impl Plan {
    fn unchanged(file: &File, version: Version) -> Self {
        Self { commit: None, answer: VersionView::new(version, file.path.clone()) }
    }

    fn of(commit: Commit, answered: Version) -> Self {
        let answer = VersionView::new(answered, commit.after.path.clone());
        Self { commit: Some(commit), answer }
    }
}

/// Changes a file, or answers as the first call did if this one repeats it.
pub async fn change(app: &App, call: &Call, session: &Session, change: Change) -> Result<Reply, Failure> {
    let status = change.status();
    let file = own_file(app, session, change.file_id()).await?;
    let key = IdempotencyKey::of(call, file.account_id)?;
    if let Some(effect) = first_effect(&app.tables, key.as_ref()).await? {
        return repeated(app, status, effect).await;
    }
    let plan = match change {
        Change::Edit(_) => edit(app, call, session, file).await,
        Change::Delete(_) => delete(call, session, file),
        Change::Restore(_) => restore(app, call, session, file).await,
    };
    let plan = match plan {
        Ok(plan) => plan,
        // What is in the way may be the effect of the first call, if that came since the key was read.
        Err(failure) => {
            let Some(effect) = first_effect(&app.tables, key.as_ref()).await? else { return Err(failure) };
            return repeated(app, status, effect).await;
        }
    };
    match carry_out(app, &plan, key.as_ref()).await? {
        Committed::Done => version_reply(status, &plan.answer),
        Committed::Repeated => repeated(app, status, met_effect(&app.tables, key.as_ref()).await?).await,
        Committed::Changed => {
            Err(Failure::new(Code::Conflict, "another call changed the file; read it and try again"))
        }
        Committed::QuotaExceeded => Err(Failure::no_room_for_version()),
        Committed::BlobGone => Err(Failure::new(Code::VersionNotAvailable, "its blob is being deleted")),
    }
}

async fn repeated(app: &App, status: StatusCode, effect: Effect) -> Result<Reply, Failure> {
    match effect {
        Effect::Version(answered) => version_reply(status, &answered_version(&app.tables, answered).await?),
        Effect::Upload(_) => Err(Failure::new(Code::Internal, "the call is remembered as an upload")),
    }
}

async fn carry_out(app: &App, plan: &Plan, key: Option<&IdempotencyKey>) -> Result<Committed, Failure> {
    let VersionView { file_id, version_id, path, .. } = &plan.answer;
    let answered = AnsweredVersion { file_id: *file_id, version_id: *version_id, path: path.clone() };
    let call = key.map(|key| key.remembered(Effect::Version(answered)));
    match (plan.commit.clone(), call) {
        (Some(commit), call) => Ok(app.tables.commit(&Commit { call, ..commit }).await?),
        (None, Some(call)) => Ok(app.tables.remember(&call).await?),
        (None, None) => Ok(Committed::Done),
    }
}

async fn edit(app: &App, call: &Call, session: &Session, file: File) -> Result<Plan, Failure> {
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
    let answered = version.clone().unwrap_or(live);
    let commit = Commit {
        username: session.username.clone(),
        before: Some(file),
        after,
        version,
        displaced,
        call: None,
    };
    Ok(Plan::of(commit, answered))
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

fn delete(call: &Call, session: &Session, file: File) -> Result<Plan, Failure> {
    let expected = call.if_match()?;
    if let Some(tombstone) = file.made_after(expected).filter(|made| made.state == VersionState::Deleted) {
        return Ok(Plan::unchanged(&file, tombstone.clone()));
    }
    check_current(Some(&file), expected)?;
    let live = file.live().ok_or_else(|| Failure::not_found("file"))?;
    let version_id = VersionId::following(file.current_id(), call.now, call.random()?);
    let tombstone = live.tombstone(version_id, call.now);
    let after = file.with(&tombstone);
    Ok(Plan::of(Commit::version(session.username.clone(), Some(file), after, tombstone.clone()), tombstone))
}

async fn restore(app: &App, call: &Call, session: &Session, file: File) -> Result<Plan, Failure> {
    let request: Restore = call.json()?;
    let expected = call.if_match()?;
    let version = app.tables.version(file.file_id, request.version_id).await?;
    let version = version.ok_or_else(|| Failure::not_found("version"))?;
    if version.state != VersionState::Available {
        let detail = "only an available version can be restored";
        return Err(Failure::new(Code::VersionNotAvailable, detail));
    }
    let same = file.live().filter(|live| !file.displaced && live.reads_like(&version));
    if same.is_none() || file.made_after(expected).is_none() {
        check_current(Some(&file), expected)?;
    }
    // Restoring the current state changes nothing, so a repeated call makes no second version.
    if let Some(live) = same {
        return Ok(Plan::unchanged(&file, live.clone()));
    }
    let displaced = if file.displaced {
        let taken = TakenPath { account_id: file.account_id, path: &file.path, overwrite: false };
        displace_occupant(app, call, taken).await?
    } else {
        None
    };
    let version_id = VersionId::following(file.current_id(), call.now, call.random()?);
    let restored = Version { follows: file.current_id(), ..version.successor(version_id, call.now) };
    let after = File { displaced: false, ..file.with(&restored) };
    let commit = Commit {
        username: session.username.clone(),
        before: Some(file),
        after,
        version: Some(restored.clone()),
        displaced,
        call: None,
    };
    Ok(Plan::of(commit, restored))
}
