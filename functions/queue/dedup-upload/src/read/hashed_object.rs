//! What a complete pass over an object has found out.

use sluice_domain::content_pass::ContentDigest;
use sluice_domain::id::PackId;

use super::cut_packs::CutPacks;

/// An object that has been read to the end.
pub struct HashedObject {
    pub digest: ContentDigest,
    pub packs: CutPacks,
    /// The multipart upload that copies the object into the vault, once it was begun.
    pub copy_multipart_id: Option<String>,
    /// Packs that an unfinished rewrite wrote. They are removed once the upload has finished.
    pub unused_packs: Vec<PackId>,
}

impl HashedObject {
    /// An object of which nothing has been stored yet.
    pub fn new(digest: ContentDigest, packs: CutPacks) -> Self {
        Self { digest, packs, copy_multipart_id: None, unused_packs: Vec::new() }
    }
}
