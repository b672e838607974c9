//! Answers `POST /uploads`: begins an upload, or makes a version at once.

use http::StatusCode;
use sluice_contracts::files::VersionView;
use sluice_contracts::problem::Code;
use sluice_contracts::uploads::{UploadAnswer, UploadPlan, UploadRequest};
use sluice_domain::account::{ROW_BYTES, UNFINISHED_UPLOADS_MAX};
use sluice_domain::delta::check_packs;
use sluice_domain::id::{UploadId, VersionId};
use sluice_domain::idempotency::Effect;
use sluice_domain::pack::PACK_MAX_BYTES;
use sluice_domain::part_plan::{PartPlan, UploadMethod};
use sluice_domain::session::Session;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::version::{File, check_metadata, content_type};
use sluice_lambda::idempotency::{IdempotencyKey, answered_version, first_effect, met_effect};
use sluice_lambda::instant::{InstantUpload, Linked, check_current, link};
use sluice_lambda::metrics::{self, Metric};
use sluice_lambda::{Call, Failure, Reply};
use sluice_storage::tables::Begun;
use sluice_storage::{MultipartOptions, PartSha256};
use std::time::Duration;

use crate::app::App;
use crate::own_upload::ended;
use crate::urls;

/// An upload by a single PUT expires after this time: it cannot be resumed, so it needs less than a multipart
/// upload.
const SINGLE_PUT_LIFE: Duration = Duration::from_hours(24);

pub async fn begin(app: &App, call: &Call, session: &Session) -> Result<Reply, Failure> {
    let request: UploadRequest = call.json()?;
    let plan = part_plan(&request)?;
    let content_type = content_type(request.content_type.clone()).map_err(Failure::invalid)?;
    check_metadata(&request.metadata).map_err(Failure::invalid)?;
    let expected = call.if_match()?;
    let key = IdempotencyKey::of(call, session.account_id)?;

    let found = app.tables.file_and_blob(session.account_id, &request.path, request.sha256.as_ref()).await?;
    let instant = InstantUpload {
        username: &session.username,
        path: &request.path,
        size: request.size,
        content_type: &content_type,
        metadata: &request.metadata,
        expected,
        key: key.as_ref(),
    };
    if let Some(effect) = first_effect(&app.tables, key.as_ref()).await? {
        return repeat(app, call, effect).await;
    }
    let file = found.file.clone();
    match link(&app.tables, call, &instant, found).await? {
        Linked::Version(version) => return made((*version).into()),
        Linked::Unknown => check_current(file.as_ref(), expected)?,
        Linked::Repeated => return repeat(app, call, met_effect(&app.tables, key.as_ref()).await?).await,
    }
    let new =
        NewUpload { plan: &plan, content_type, request, file: file.as_ref(), expected_version: expected };
    open(app, call, new_upload(app, call, session, new)?, key.as_ref()).await
}

/// Plans the parts of the file. For a delta upload, checks the declared packs instead.
fn part_plan(request: &UploadRequest) -> Result<PartPlan, Failure> {
    let Some(packs) = &request.packs else {
        return PartPlan::new(request.size, request.part_size).map_err(Failure::invalid);
    };
    check_packs(packs, request.size).map_err(Failure::invalid)?;
    if request.sha256.is_none() {
        return Err(Failure::invalid("a delta upload needs the sha256 of the file"));
    }
    if request.part_size.is_some() || request.part_sha256 {
        return Err(Failure::invalid("a delta upload has no parts: leave out part_size and part_sha256"));
    }
    Ok(PartPlan { size: request.size, part_size: PACK_MAX_BYTES.into() })
}

/// What a new upload is made of.
struct NewUpload<'a> {
    plan: &'a PartPlan,
    content_type: String,
    request: UploadRequest,
    /// The file at the path, if there is one.
    file: Option<&'a File>,
    expected_version: Option<VersionId>,
}

fn new_upload(app: &App, call: &Call, session: &Session, new: NewUpload) -> Result<Upload, Failure> {
    let NewUpload { plan, content_type, request, file, expected_version } = new;
    let upload_id = UploadId::new(call.now, call.random()?);
    let whole = request.packs.is_none();
    let life = match plan.method() {
        UploadMethod::Put if whole => app.upload_life.min(SINGLE_PUT_LIFE),
        _ => app.upload_life,
    };
    Ok(Upload {
        upload_id,
        account_id: session.account_id,
        username: session.username.clone(),
        file_id: file.map_or_else(|| Upload::new_file_id(call.now, upload_id), |file| file.file_id),
        version_id: VersionId::following(file.and_then(File::current_id), call.now, call.random()?),
        path: request.path,
        size: request.size,
        sha256: request.sha256,
        sha1: request.sha1,
        content_type,
        metadata: request.metadata,
        part_size: plan.part_size,
        part_sha256: request.part_sha256 && whole && plan.method() == UploadMethod::Multipart,
        multipart_id: None,
        expected_version,
        packs: request.packs,
        base_sha256: file.and_then(File::live).and_then(|current| current.sha256),
        state: UploadState::Open,
        reason: None,
        row_bytes: ROW_BYTES,
        enqueue_count: 0,
        created_at: call.now,
        expires_at: call.now.after(life),
        due_at: call.now.after(life),
    })
}

/// Opens the upload: reserves quota and writes the row in one transaction, then presigns URLs.
async fn open(
    app: &App,
    call: &Call,
    mut upload: Upload,
    key: Option<&IdempotencyKey>,
) -> Result<Reply, Failure> {
    let urls_end = app.url_life.end(call.now, Some(upload.expires_at)).await?;
    upload.due_at = urls_end;
    if upload.method() == UploadMethod::Multipart {
        let key = upload.landing_key().object_key();
        let part_sha256 = if upload.part_sha256 { PartSha256::ByClient } else { PartSha256::NotSent };
        let options = MultipartOptions { part_sha256, ..MultipartOptions::default() };
        upload.multipart_id = Some(app.landing.create_multipart(&key, options).await?);
    }
    let remembered = key.map(|key| key.remembered(Effect::Upload(upload.upload_id)));
    match app.tables.begin_upload(&upload, remembered.as_ref()).await? {
        Begun::Done => {
            metrics::write(&[Metric::count("UploadsBegun", 1)]);
            answer(app, call, &upload).await
        }
        Begun::QuotaExceeded => {
            drop_multipart(app, &upload).await?;
            let detail = format!(
                "{} bytes, and {ROW_BYTES} for the row, are more than the account has left, or it has \
                 {UNFINISHED_UPLOADS_MAX} unfinished uploads: see GET /accounts/me; finish or abort uploads",
                upload.size
            );
            Err(Failure::new(Code::QuotaExceeded, detail))
        }
        Begun::Repeated => {
            drop_multipart(app, &upload).await?;
            repeat(app, call, met_effect(&app.tables, key).await?).await
        }
    }
}

async fn drop_multipart(app: &App, upload: &Upload) -> Result<(), Failure> {
    if let Some(multipart_id) = &upload.multipart_id {
        app.landing.abort_multipart(&upload.landing_key().object_key(), multipart_id).await?;
    }
    Ok(())
}

/// Answers as the first call with this idempotency key did, or from the upload that it began.
async fn repeat(app: &App, call: &Call, first: Effect) -> Result<Reply, Failure> {
    let upload_id = match first {
        Effect::Version(answered) => return made(answered_version(&app.tables, answered).await?),
        Effect::Upload(upload_id) => upload_id,
    };
    let upload = app.tables.upload(upload_id).await?.ok_or_else(|| Failure::not_found("upload"))?;
    match upload.state {
        UploadState::Open if call.now >= upload.expires_at => Err(ended(&upload)),
        UploadState::Open | UploadState::Pending => answer(app, call, &upload).await,
        UploadState::Available => {
            let version = app.tables.version(upload.file_id, upload.version_id).await?;
            made(version.ok_or_else(|| Failure::not_found("version"))?.into())
        }
        UploadState::Rejected | UploadState::Aborted | UploadState::Expired => Err(ended(&upload)),
    }
}

fn made(version: VersionView) -> Result<Reply, Failure> {
    Reply::json(StatusCode::OK, &UploadAnswer::Instant { version })
}

async fn answer(app: &App, call: &Call, upload: &Upload) -> Result<Reply, Failure> {
    let plan = UploadPlan {
        upload_id: upload.upload_id,
        version_id: upload.version_id,
        method: upload.method(),
        part_size: upload.part_size,
        part_count: upload.part_count(),
        parts: urls::first(app, call, upload).await?,
        expires_at: upload.expires_at,
    };
    Reply::json(StatusCode::CREATED, &UploadAnswer::Upload(plan))
}
