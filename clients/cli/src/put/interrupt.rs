//! Releases the space that unfinished uploads reserve, when the user interrupts the command.

use futures::{StreamExt as _, stream};
use sluice_contracts::files::VersionView;
use sluice_contracts::uploads::{UploadAnswer, UploadPlan, UploadRequest};
use sluice_domain::id::{UploadId, VersionId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::api::Api;
use crate::error::{Error, Result};
use crate::output::Output;
use crate::signal::signal;

const ABORTS_IN_FLIGHT: usize = 8;
/// How long to wait for the answers to calls that begin uploads.
const BEGIN_PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait for the answers to calls that abort uploads.
const ABORT_PATIENCE: Duration = Duration::from_secs(10);

/// What a later run can do with an upload whose bytes have not all arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// The state file tells how to continue.
    Continue,
    /// Nothing remembers the upload.
    Nothing,
}

/// The uploads of this run whose bytes have not all arrived.
#[derive(Debug, Clone, Default)]
pub struct OpenUploads {
    list: Arc<Mutex<List>>,
    /// The calls in flight that begin uploads.
    beginning: TaskTracker,
}

#[derive(Debug, Default)]
struct List {
    by_id: HashMap<UploadId, Later>,
    /// From then on, entries outlive the work.
    is_interrupted: bool,
}

/// An entry of [`OpenUploads`], as long as it lives.
#[derive(Debug)]
#[must_use]
pub struct OpenUpload {
    all: OpenUploads,
    upload_id: UploadId,
}

/// The answer to a call that begins an upload.
pub enum Begun {
    Instant(Box<VersionView>),
    Upload(Box<UploadPlan>, OpenUpload),
}

impl OpenUploads {
    /// Begins an upload, and lists it as one that nothing remembers. The call goes on if this future is
    /// dropped, because the server may have reserved space already.
    pub async fn begin(
        &self,
        api: &Api,
        request: UploadRequest,
        if_match: Option<VersionId>,
    ) -> Result<Begun> {
        let (all, api) = (self.clone(), api.clone());
        let begun = self.beginning.spawn(async move {
            Ok(match api.begin_upload(&request, if_match).await? {
                UploadAnswer::Instant { version } => Begun::Instant(Box::new(version)),
                UploadAnswer::Upload(upload) => {
                    let open = all.add(upload.upload_id, Later::Nothing);
                    Begun::Upload(Box::new(upload), open)
                }
            })
        });
        begun.await.map_err(|error| Error::UnexpectedAnswer(error.to_string())).flatten()
    }

    pub fn add(&self, upload_id: UploadId, later: Later) -> OpenUpload {
        self.lock().by_id.insert(upload_id, later);
        OpenUpload { all: self.clone(), upload_id }
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with(&self, wanted: Later) -> Vec<UploadId> {
        let list = self.lock();
        list.by_id.iter().filter(|(_, later)| **later == wanted).map(|(id, _)| *id).collect()
    }

    /// Aborts the uploads that no later run can continue, also those that are just being begun.
    async fn abort_useless(&self, api: &Api) {
        self.beginning.close();
        // What is begun later than that expires.
        let _ = timeout(BEGIN_PATIENCE, self.beginning.wait()).await;
        let useless = stream::iter(self.with(Later::Nothing));
        let aborts = useless.for_each_concurrent(ABORTS_IN_FLIGHT, async |upload_id| {
            // If aborting fails, the upload expires.
            let _ = api.abort_upload(upload_id).await;
        });
        let _ = timeout(ABORT_PATIENCE, aborts).await;
    }
}

impl OpenUpload {
    /// Notes that the state file now tells how to continue.
    pub fn remembered(&self) {
        self.all.lock().by_id.insert(self.upload_id, Later::Continue);
    }
}

impl Drop for OpenUpload {
    fn drop(&mut self) {
        let mut list = self.all.lock();
        if !list.is_interrupted {
            list.by_id.remove(&self.upload_id);
        }
    }
}

/// Does the work, unless a signal stops it. Then the uploads that no later run can continue are aborted,
/// until a second signal comes.
pub async fn unless_interrupted(
    work: impl Future<Output = Result<()>>,
    open: &OpenUploads,
    api: &Api,
    output: &Output,
) -> Result<()> {
    let interruption = async {
        signal().await;
        open.lock().is_interrupted = true;
    };
    tokio::select! {
        outcome = work => return outcome,
        () = interruption => {}
    }
    if !open.beginning.is_empty() || !open.with(Later::Nothing).is_empty() {
        output.note("aborting uploads that cannot be continued; a second Ctrl-C ends at once");
        tokio::select! {
            () = signal() => {}
            () = open.abort_useless(api) => {}
        }
    }
    Err(Error::Interrupted { resumable: open.with(Later::Continue).len() })
}
