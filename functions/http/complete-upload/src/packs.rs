//! Completes a delta upload: checks and stores the manifest.

use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_contracts::packs::PackManifest;
use sluice_contracts::problem::Code;
use sluice_contracts::uploads::Completion;
use sluice_domain::part_plan::PartNumber;
use sluice_domain::upload::{DeclaredPack, Upload};
use sluice_lambda::Failure;
use sluice_storage::PutOptions;

use crate::app::App;

/// How many packs are checked at once.
const HEADS_IN_FLIGHT: usize = 8;

/// Checks the completion's manifest against the upload.
pub fn manifest<'a>(
    upload: &Upload,
    declared: &[DeclaredPack],
    completion: &'a Completion,
) -> Result<&'a PackManifest, Failure> {
    let invalid = |detail: String| Failure::new(Code::InvalidManifest, detail);
    let manifest = completion.manifest.as_ref();
    let manifest = manifest.ok_or_else(|| invalid("a delta upload needs a manifest".into()))?;
    manifest.check(declared, upload.size).map_err(|error| invalid(error.to_string()))?;
    Ok(manifest)
}

/// Ensures that every pack is in the landing bucket, and stores the manifest. These objects trigger no
/// notification, so the upload must be enqueued. If it is not, the sweeper finds it.
pub async fn gather(app: &App, upload: &Upload, manifest: &PackManifest) -> Result<(), Failure> {
    let numbers = (1..=upload.part_count()).filter_map(|number| PartNumber::try_from(number).ok());
    stream::iter(numbers)
        .map(|number| landed(app, upload, number))
        .buffer_unordered(HEADS_IN_FLIGHT)
        .try_collect::<()>()
        .await?;
    let json = serde_json::to_vec(manifest)
        .map_err(|error| Failure::new(Code::Internal, format!("write the manifest: {error}")))?;
    app.landing.put(&upload.landing_key().manifest(), json.into(), PutOptions::default()).await?;
    Ok(())
}

async fn landed(app: &App, upload: &Upload, number: PartNumber) -> Result<(), Failure> {
    let declared = upload.size_of(number).unwrap_or(0);
    match app.landing.head(&upload.landing_key().pack(number)).await? {
        Some(object) if object.size == declared => Ok(()),
        Some(object) => {
            let detail = format!(
                "{} bytes of pack {} arrived where {declared} were declared",
                object.size,
                number.get()
            );
            Err(Failure::new(Code::PartMismatch, detail))
        }
        None => {
            let detail = format!("pack {} has not arrived; PUT it first", number.get());
            Err(Failure::new(Code::PartsMissing, detail))
        }
    }
}
