//! Loads the upload that a call names.

use sluice_contracts::problem::Code;
use sluice_domain::id::UploadId;
use sluice_domain::session::Session;
use sluice_domain::upload::Upload;
use sluice_lambda::Failure;

use crate::app::App;

/// Loads an upload of the account. An upload of another account answers the same as one that does not exist.
pub(crate) async fn own_upload(app: &App, session: &Session, id: UploadId) -> Result<Upload, Failure> {
    let upload = app.tables.upload(id).await?;
    let own = upload.filter(|upload| upload.account_id == session.account_id);
    own.ok_or_else(|| Failure::not_found("upload"))
}

/// The failure of a call that requires an open upload.
pub(crate) fn ended(upload: &Upload) -> Failure {
    let detail = format!("the upload is {}", upload.state.as_str());
    Failure::new(Code::UploadEnded, detail)
}
