//! Releases the space that unfinished uploads reserve, when the user interrupts the command.

use futures::{StreamExt as _, stream};
use sluice_domain::id::UploadId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::Api;
use crate::error::{Error, Result};

const ABORTS_IN_FLIGHT: usize = 8;

/// What a later run can do with an upload whose bytes have not all arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// The state file tells how to continue.
    Continue,
    /// Nothing remembers the upload.
    Nothing,
}

/// The uploads of this run whose bytes have not all arrived.
#[derive(Debug, Default)]
pub struct OpenUploads {
    by_id: Mutex<HashMap<UploadId, Later>>,
}

/// An entry of [`OpenUploads`], as long as it lives.
#[derive(Debug)]
#[must_use]
pub struct OpenUpload<'a> {
    all: &'a OpenUploads,
    upload_id: UploadId,
}

impl OpenUploads {
    pub fn add(&self, upload_id: UploadId, later: Later) -> OpenUpload<'_> {
        self.lock().insert(upload_id, later);
        OpenUpload { all: self, upload_id }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UploadId, Later>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenUpload<'_> {
    fn drop(&mut self) {
        self.all.lock().remove(&self.upload_id);
    }
}

/// Does the work, unless a signal stops it. Then the uploads that no later run can continue are aborted,
/// until a second signal comes.
pub async fn unless_interrupted(
    work: impl Future<Output = Result<()>>,
    open: &OpenUploads,
    api: &Api,
) -> Result<()> {
    // Dropping the work empties the list.
    let interruption = async {
        signal().await;
        std::mem::take(&mut *open.lock())
    };
    let uploads = tokio::select! {
        outcome = work => return outcome,
        uploads = interruption => uploads,
    };
    let useless = uploads.iter().filter(|(_, later)| **later == Later::Nothing).map(|(id, _)| *id);
    let aborts = stream::iter(useless.clone()).for_each_concurrent(ABORTS_IN_FLIGHT, async |upload_id| {
        // If aborting fails, the upload expires.
        let _ = api.abort_upload(upload_id).await;
    });
    tokio::select! {
        () = aborts => {}
        () = signal() => {}
    }
    Err(Error::Interrupted { resumable: uploads.len() - useless.count() })
}

/// Waits until the user or the system asks the command to end.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        {
            tokio::select! {
                _ = interrupt.recv() => return,
                _ = terminate.recv() => return,
            }
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return;
    }
    // Without a handler the signal ends the process.
    std::future::pending::<()>().await;
}
