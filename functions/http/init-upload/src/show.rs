//! Answers `GET /uploads` and `GET /uploads/{upload_id}`.

use futures::stream::{self, StreamExt, TryStreamExt};
use http::StatusCode;
use sluice_contracts::parameters::UploadsParameters;
use sluice_contracts::uploads::{ReceivedPart, UploadList, UploadView};
use sluice_domain::part_plan::PartNumber;
use sluice_domain::session::Session;
use sluice_domain::upload::{Upload, UploadState};
use sluice_lambda::{Failure, Reply};
use sluice_storage::{ObjectHead, normalise_etag};

use crate::app::App;

/// How many packs are checked at once.
const HEADS_IN_FLIGHT: usize = 8;

fn view(upload: &Upload) -> UploadView {
    UploadView {
        upload_id: upload.upload_id,
        version_id: upload.version_id,
        file_id: upload.file_id,
        path: upload.path.clone(),
        size: upload.size,
        state: upload.state,
        reason: upload.reason,
        method: upload.method(),
        part_size: upload.part_size,
        part_count: upload.part_count(),
        received: Vec::new(),
        expires_at: upload.expires_at,
        version: None,
    }
}

pub async fn list(app: &App, session: &Session, parameters: UploadsParameters) -> Result<Reply, Failure> {
    if let Some(ids) = parameters.ids {
        let uploads = app.tables.uploads(&ids.0).await?;
        let own = uploads.iter().filter(|upload| upload.account_id == session.account_id);
        return Reply::json(
            StatusCode::OK,
            &UploadList { uploads: own.map(view).collect(), next_cursor: None },
        );
    }
    let UploadsParameters { cursor, limit, .. } = parameters;
    let (uploads, next) =
        app.tables.open_uploads(session.account_id, cursor, limit.unwrap_or_default().get()).await?;
    let list = UploadList {
        uploads: uploads.iter().map(view).collect(),
        next_cursor: next.map(|upload_id| upload_id.to_string()),
    };
    Reply::json(StatusCode::OK, &list)
}

pub async fn show(app: &App, upload: &Upload) -> Result<Reply, Failure> {
    let mut view = view(upload);
    match upload.state {
        UploadState::Open => view.received = received(app, upload).await?,
        UploadState::Pending | UploadState::Available | UploadState::Rejected => {
            view.version = app.tables.version(upload.file_id, upload.version_id).await?.map(Into::into);
        }
        UploadState::Aborted | UploadState::Expired => {}
    }
    Reply::json(StatusCode::OK, &view)
}

async fn received(app: &App, upload: &Upload) -> Result<Vec<ReceivedPart>, Failure> {
    let key = upload.landing_key().object_key();
    if let Some(multipart_id) = &upload.multipart_id {
        let parts = app.landing.list_parts(&key, multipart_id).await?.unwrap_or_default();
        let parts = parts.into_iter();
        return Ok(parts.map(|p| ReceivedPart { number: p.number, size: p.size, etag: p.etag }).collect());
    }
    if let Some(packs) = &upload.packs {
        return received_packs(app, upload, packs.len()).await;
    }
    let whole = app.landing.head(&key).await?;
    let number = PartNumber::FIRST;
    Ok(whole
        .map(|object| ReceivedPart { number, size: object.size, etag: normalise_etag(&object.etag) })
        .into_iter()
        .collect())
}

async fn received_packs(app: &App, upload: &Upload, count: usize) -> Result<Vec<ReceivedPart>, Failure> {
    let numbers = (1..=count as u32).filter_map(|number| PartNumber::try_from(number).ok());
    let heads = stream::iter(numbers)
        .map(|number| async move { (number, app.landing.head(&upload.landing_key().pack(number)).await) })
        .buffered(HEADS_IN_FLIGHT);
    heads
        .filter_map(|(number, head)| async move {
            let part = |object: ObjectHead| ReceivedPart {
                number,
                size: object.size,
                etag: normalise_etag(&object.etag),
            };
            head.map(|head| head.map(part)).map_err(Failure::from).transpose()
        })
        .try_collect()
        .await
}
