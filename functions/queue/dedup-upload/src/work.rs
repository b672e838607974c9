//! The values that the steps of an upload hand to each other.

use bytes::Bytes;
use sluice_contracts::pack_event::Subject;
use sluice_domain::hash::ChunkId;
use sluice_domain::id::PackId;
use sluice_domain::publication::StoredBlob;
use sluice_domain::time::TimeCheck;
use sluice_domain::upload::Upload;
use sluice_storage::ObjectHead;

use crate::app::App;
use crate::lease::VerificationLease;

/// One upload that is being processed.
#[derive(Clone, Copy)]
pub struct UploadWork<'a> {
    pub app: &'a App,
    pub upload: &'a Upload,
    /// Whether an earlier run may have left a checkpoint or objects.
    pub resumed: bool,
    pub out_of_time: &'a TimeCheck,
    /// None if reading the upload again would cost less than a lease.
    pub lease: Option<&'a VerificationLease<'a>>,
}

/// An object in the landing bucket.
#[derive(Clone, Copy)]
pub struct LandedObject<'a> {
    pub head: &'a ObjectHead,
    /// All its bytes, if the first range has them all.
    pub bytes: Option<&'a Bytes>,
}

/// A blob that was written to the vault for an upload and waits to be published. Nothing refers to it yet.
pub struct StoredUpload {
    pub blob: StoredBlob,
    /// Packs with an object of their own. They must be discarded if the upload finishes without them.
    pub written_packs: Vec<PackId>,
    /// What the compressor shall be told after publication, if compression can be worthwhile.
    pub to_compress: Option<Subject>,
    /// Entries for the chunk index, to be added after publication.
    pub hooks: Vec<(ChunkId, PackId)>,
}

impl StoredUpload {
    /// Whether the vault has a copy of the whole object, and the packs are ranges of it.
    pub fn is_adopted(&self) -> bool {
        self.blob.blob.object_key.is_some()
    }
}

/// How far storing an upload came.
pub enum StoreResult {
    Stored(Box<StoredUpload>),
    /// The object is, or shall be, copied in another invocation. A checkpoint must be saved.
    OutOfTime,
}
