//! Stores a blob that the account does not have: as a copy of the object, or as its new chunks alone.

pub mod adopt;
pub mod assemble;
pub mod rewrite;
pub mod small_files;
pub mod writer;

use crate::dedup::lookup;
use crate::error::DedupError;
use crate::read::hashed_object::HashedObject;
use crate::work::{LandedObject, StoreResult, UploadWork};

/// Stores the object, or continues to.
pub async fn store(
    work: &UploadWork<'_>,
    object: LandedObject<'_>,
    hashed: &mut HashedObject,
) -> Result<StoreResult, DedupError> {
    let UploadWork { app, upload, .. } = *work;
    let adoption_begun = hashed.packs.any_saved() || hashed.copy_multipart_id.is_some();
    if adoption_begun {
        hashed.packs.look_up_and_save(app, upload).await?;
    } else {
        let matches = lookup::find_chunks(app, upload, hashed.packs.unsaved()).await?;
        if matches.is_rewrite_worthwhile(object.head.size) {
            if let Some(stored) = rewrite::rewrite(work, object, hashed, &matches).await? {
                return Ok(StoreResult::Stored(Box::new(stored)));
            }
            // A rewrite cannot be resumed, because its chunks are in memory only. The next invocation adopts.
            hashed.packs.save(app, upload, &matches).await?;
            return Ok(StoreResult::OutOfTime);
        }
        hashed.packs.save(app, upload, &matches).await?;
    }
    adopt::adopt(work, object.head, hashed).await
}
