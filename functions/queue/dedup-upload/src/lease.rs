//! Leases an upload, so that several messages about it do not have its bytes read several times at once.

use sluice_deployment::clock;
use sluice_domain::upload::Upload;
use sluice_storage::tables::{Lease, Update};
use sluice_storage::{Chain, StorageError, Tables};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::task::AbortOnDropHandle;

use crate::app::{App, SMALL_MAX_BYTES};

/// How many renewals fall into the life of a lease.
const RENEWALS: u32 = 4;

/// The lease on an upload's verification, renewed until this is dropped.
pub struct VerificationLease<'a> {
    app: &'a App,
    upload: &'a Upload,
    /// The message that has it. After a worker's death it comes again and takes its own lease.
    message_id: &'a str,
    renewals: AbortOnDropHandle<()>,
}

/// Whether reading the upload twice costs more than a lease. One small object is a single read.
pub fn needs_lease(upload: &Upload) -> bool {
    upload.packs.is_some() || upload.size > SMALL_MAX_BYTES
}

impl<'a> VerificationLease<'a> {
    /// Takes the lease, unless another message has it.
    pub async fn take(
        app: &'a App,
        upload: &'a Upload,
        message_id: &'a str,
    ) -> Result<Option<Self>, StorageError> {
        let lease = Lease { holder: message_id, now: clock::now(), life: app.lease_life };
        if app.tables.lease_verification(upload, lease).await? == Update::Refused {
            return Ok(None);
        }
        let renewals = renew(app.lease_life, {
            let (tables, upload, life) = (app.tables.clone(), upload.clone(), app.lease_life);
            let message_id = message_id.to_owned();
            move || take_again(tables.clone(), upload.clone(), message_id.clone(), life)
        });
        Ok(Some(Self { app, upload, message_id, renewals }))
    }

    /// Gives the lease back before the upload has finished, for another message.
    pub async fn release(&self) -> Result<(), StorageError> {
        self.renewals.abort();
        self.app.tables.release_verification(self.upload, self.message_id).await.map(drop)
    }
}

/// Renews something that lasts for `life`, until the handle is dropped.
///
/// A failure is not the work's: at worst another worker begins it too, and both come to the same result.
pub fn renew<Renewal>(life: Duration, renewal: impl Fn() -> Renewal + Send + 'static) -> AbortOnDropHandle<()>
where
    Renewal: Future<Output = Result<(), StorageError>> + Send,
{
    let pause = life / RENEWALS;
    let mut renewals = interval_at(Instant::now() + pause, pause);
    renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            renewals.tick().await;
            if let Err(error) = renewal().await {
                tracing::warn!(error = %Chain(&error), "a lease was not renewed");
            }
        }
    }))
}

async fn take_again(
    tables: Tables,
    upload: Upload,
    message_id: String,
    life: Duration,
) -> Result<(), StorageError> {
    let lease = Lease { holder: &message_id, now: clock::now(), life };
    tables.lease_verification(&upload, lease).await.map(drop)
}
