//! Verifies a delta upload, after its packs were received, and publishes its outcome.

use sluice_contracts::pack_event::Subject;
use sluice_contracts::packs::PackManifest;
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::dedup::hooks;
use sluice_domain::id::PackId;
use sluice_domain::manifest::Term;
use sluice_domain::publication::Outcome;
use sluice_domain::version::RejectReason;
use sluice_storage::ObjectHead;

use super::resolve::{PacksById, resolve};
use super::verify::digest_of;
use crate::compression::worth_compressing;
use crate::dedup::reusable_packs;
use crate::error::DedupError;
use crate::publish::{self, PublishRequest, PublishResult};
use crate::store::assemble::{StoredBytes, assemble};
use crate::vault;
use crate::verdict::{self, Verdict};
use crate::work::{StoredUpload, UploadWork};

/// A delta upload with a manifest that has landed.
#[derive(Clone, Copy)]
pub struct DeltaUpload<'a> {
    pub work: &'a UploadWork<'a>,
    /// The head of the uploaded manifest.
    pub head: &'a ObjectHead,
}

type OutcomeAndBlob = (Outcome, Option<StoredUpload>);

fn rejected(reason: RejectReason) -> OutcomeAndBlob {
    (Outcome::Rejected(reason), None)
}

impl DeltaUpload<'_> {
    pub async fn reject(&self, reason: RejectReason, received: &[PackId]) -> Result<(), DedupError> {
        self.publish(rejected(reason), received).await.map(|_| ())
    }

    /// Determines the outcome until it can be published: packs may be added or removed meanwhile.
    pub async fn verify_and_publish(
        &self,
        manifest: &PackManifest,
        received: &[PackId],
    ) -> Result<(), DedupError> {
        for _ in 0..publish::ATTEMPTS {
            let outcome = self.verify(manifest, received).await?;
            if self.publish(outcome, received).await? != PublishResult::Retry {
                return Ok(());
            }
        }
        Err(DedupError::PacksKeptChanging(self.work.upload.upload_id))
    }

    async fn verify(
        &self,
        manifest: &PackManifest,
        received: &[PackId],
    ) -> Result<OutcomeAndBlob, DedupError> {
        let UploadWork { app, upload, .. } = *self.work;
        let ids: Vec<PackId> = manifest.stored_packs().into_iter().chain(received.iter().copied()).collect();
        let packs = reusable_packs::load(app, upload.account_id, &ids).await?;
        let packs: PacksById = packs.into_iter().map(|pack| (pack.row.pack_id, pack)).collect();
        if packs.len() < ids.len() {
            // A client is not told whether a pack never existed, is being removed, or belongs to another
            // account.
            return Ok(rejected(RejectReason::PackGone));
        }
        let index_of = |pack| packs.get(&pack).map(|pack| pack.known.index());
        let Some(terms) = resolve(manifest, received, index_of) else {
            return Ok(rejected(RejectReason::InvalidManifest));
        };
        let digest = digest_of(self.work, &terms, &packs).await?;
        match verdict::decide(app, upload, &digest).await? {
            Verdict::Reject(reason) => Ok(rejected(reason)),
            Verdict::Link => Ok((Outcome::linked(&digest), None)),
            Verdict::Store => {
                let stored = self.store(&digest, terms, received, &packs).await?;
                Ok((Outcome::Stored(Box::new(stored.blob.clone())), Some(stored)))
            }
        }
    }

    async fn store(
        &self,
        digest: &ContentDigest,
        terms: Vec<Term>,
        received: &[PackId],
        packs: &PacksById,
    ) -> Result<StoredUpload, DedupError> {
        let UploadWork { app, upload, .. } = *self.work;
        let received_bytes: u64 = received.iter().map(|pack| packs[pack].row.size).sum();
        let bytes = StoredBytes { new: received_bytes.min(upload.size), written: received_bytes };
        let hooks = received.iter().flat_map(|pack| {
            let chunks = packs[pack].known.index().chunks();
            hooks(chunks).into_iter().map(|hook| (hook, *pack))
        });
        Ok(StoredUpload {
            blob: assemble(app, upload, digest, terms, bytes).await?,
            written_packs: Vec::new(),
            to_compress: worth_compressing(Subject::Packs(received.to_vec()), received_bytes),
            hooks: hooks.collect(),
        })
    }

    /// Publishes the outcome, and discards the received packs if the upload has finished without them.
    async fn publish(
        &self,
        (outcome, stored): OutcomeAndBlob,
        received: &[PackId],
    ) -> Result<PublishResult, DedupError> {
        let request = PublishRequest {
            head: self.head,
            outcome: &outcome,
            stored: stored.as_ref(),
            adoption_begun: false,
        };
        let publication = publish::publish(self.work, request).await?;
        match publication {
            // Every received pack is referred to, by the manifest check.
            PublishResult::Stored | PublishResult::Retry => {}
            PublishResult::Ended => {
                vault::discard_unreferenced(self.work.app, self.work.upload.account_id, received).await?;
            }
        }
        Ok(publication)
    }
}
