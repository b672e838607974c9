//! Loads the file that a call names.

use sluice_domain::id::FileId;
use sluice_domain::session::Session;
use sluice_domain::version::File;
use sluice_lambda::Failure;

use crate::app::App;

/// Loads a file of the account. A file of another account answers the same as one that does not exist.
pub(crate) async fn own_file(app: &App, session: &Session, id: FileId) -> Result<File, Failure> {
    app.tables.file(session.account_id, id).await?.ok_or_else(|| Failure::not_found("file"))
}
