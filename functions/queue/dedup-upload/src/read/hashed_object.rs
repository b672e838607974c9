//! What a complete pass over an object has found out.

use sluice_domain::content_pass::ContentDigest;

use super::cut_packs::CutPacks;

/// An object that has been read to the end.
pub struct HashedObject {
    pub digest: ContentDigest,
    pub packs: CutPacks,
    /// The multipart upload that copies the object into the vault, once it was begun.
    pub copy_multipart_id: Option<String>,
}
