//! Assembles a blob from runs of chunks in packs, by a manifest.

use sluice_deployment::clock;
use sluice_domain::blob::Blob;
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::id::{ObjectVersionId, PackId};
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::{Manifest, Term};
use sluice_domain::publication::StoredBlob;
use sluice_domain::upload::Upload;
use std::collections::BTreeSet;

use crate::app::App;
use crate::error::DedupError;
use crate::vault::save_attachment;

/// How many bytes of a blob were stored for it.
#[derive(Debug, Clone, Copy)]
pub struct StoredBytes {
    /// Raw bytes that the account did not have.
    pub new: u64,
    /// Bytes written to the vault.
    pub written: u64,
}

/// Saves the manifest of a blob that consists of `terms`, and returns the blob.
pub async fn assemble(
    app: &App,
    upload: &Upload,
    digest: &ContentDigest,
    terms: Vec<Term>,
    bytes: StoredBytes,
) -> Result<StoredBlob, DedupError> {
    let packs: BTreeSet<PackId> = terms.iter().map(|term| term.pack_id).collect();
    let manifest = Manifest::new(digest.size_bytes, digest.sha256, terms)?.encode();
    // Derived from the manifest itself: a repeated run may assemble the blob from other packs.
    let manifest_id = ObjectVersionId::derived(upload.created_at, &manifest);
    let manifest_key = ObjectKey::manifest(upload.account_id, manifest_id);
    let manifest = save_attachment(app, manifest_key, manifest).await?;
    Ok(StoredBlob {
        blob: Blob::new(upload.account_id, digest, manifest, clock::now()),
        packs: packs.into_iter().collect(),
        new_bytes: bytes.new,
        stored_bytes: bytes.written,
    })
}
