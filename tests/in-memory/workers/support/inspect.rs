//! Looks at what a worker has left.

use sluice_deployment::clock;
use sluice_domain::blob::{Attachment, Blob, Pack};
use sluice_domain::hash::Sha256;
use sluice_domain::id::PackId;
use sluice_domain::pack_move::RetiredObject;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::version::RejectReason;
use sluice_in_memory::queues::QueuedMessage;
use sluice_in_memory::sample::QUOTA_BYTES;
use sluice_packs::read::{Run, read_index, read_run, read_terms};
use sluice_storage::Bucket;
use sluice_storage::tables::{DUE_SHARDS, Segment};
use std::collections::BTreeSet;

use super::World;

const WHOLE_TABLE: Segment = Segment { number: 0, of: 1 };

impl World {
    pub async fn upload(&self, upload: &Upload) -> Upload {
        self.tables.upload(upload.upload_id).await.expect("a read").expect("an upload")
    }

    pub async fn blob(&self, content: &[u8]) -> Option<Blob> {
        self.tables.blob(self.account_id, &Sha256::of(content)).await.expect("a read")
    }

    pub async fn pack(&self, pack: PackId) -> Pack {
        self.tables.packs(&[pack]).await.expect("a read").pop().expect("a pack")
    }

    /// All packs of all accounts.
    pub async fn packs(&self) -> Vec<Pack> {
        self.tables.scan_packs(WHOLE_TABLE, None).await.expect("a scan").0
    }

    /// The packs of a blob, each once, in the order of its bytes.
    pub async fn packs_of(&self, content: &[u8]) -> Vec<Pack> {
        let blob = self.blob(content).await.expect("a blob");
        let buckets = self.deployment.pack_buckets().expect("buckets");
        let mut ids: Vec<PackId> = Vec::new();
        for term in read_terms(&buckets, &blob).await.expect("a manifest") {
            if !ids.contains(&term.pack_id) {
                ids.push(term.pack_id);
            }
        }
        let mut packs = Vec::new();
        for id in ids {
            packs.push(self.pack(id).await);
        }
        packs
    }

    /// All retired objects that are due by then.
    pub async fn retired_objects(&self, by: Timestamp) -> Vec<RetiredObject> {
        let mut retired = Vec::new();
        for shard in 0..DUE_SHARDS {
            retired.extend(self.tables.due_objects(shard, by, 10).await.expect("a read"));
        }
        retired
    }

    /// Reads a blob from its packs, as a reader does.
    pub async fn read(&self, content: &[u8]) -> Vec<u8> {
        let blob = self.blob(content).await.expect("a blob");
        let buckets = self.deployment.pack_buckets().expect("buckets");
        let mut bytes = Vec::new();
        for term in read_terms(&buckets, &blob).await.expect("a manifest") {
            let pack = self.pack(term.pack_id).await;
            let index = read_index(&buckets, &pack).await.expect("an index");
            let first_chunk = term.first_chunk;
            let chunk_count = term.chunk_count;
            let run = Run { pack: &pack, index: &index, first_chunk, chunk_count };
            bytes.extend_from_slice(&read_run(&buckets, run, clock::now()).await.expect("the chunks"));
        }
        bytes
    }

    /// Checks that an upload made an available version of these bytes, with nothing left of the upload, and
    /// that the account uses `used_bytes`.
    pub async fn check_available(&self, upload: &Upload, content: &[u8], used_bytes: usize, case: &str) {
        self.check_version(upload, content, case).await;
        self.check_account(used_bytes, case).await;
        self.check_landing_is_empty(case).await;
        self.check_vault(case).await;
    }

    /// Checks that an upload made an available version of these bytes.
    pub async fn check_version(&self, upload: &Upload, content: &[u8], case: &str) {
        let ended = self.upload(upload).await;
        assert_eq!((ended.state, ended.reason), (UploadState::Available, None), "{case}");
        let file = self.tables.file_at(upload.account_id, &upload.path).await.expect("a read");
        let current = file.expect("a file").current.expect("a version");
        assert_eq!(current.sha256, Some(Sha256::of(content)), "{case}");
        assert!(self.read(content).await == content, "{case}: other bytes");
    }

    /// Checks that an upload was rejected, with nothing left of it.
    pub async fn check_rejected(&self, upload: &Upload, reason: RejectReason, case: &str) {
        let ended = self.upload(upload).await;
        assert_eq!((ended.state, ended.reason), (UploadState::Rejected, Some(reason)), "{case}");
        self.check_landing_is_empty(case).await;
        self.check_vault(case).await;
    }

    pub async fn check_account(&self, used_bytes: usize, case: &str) {
        let account = self.tables.account(&self.account.username).await.expect("a read").expect("an account");
        let used_bytes = used_bytes as u64;
        assert_eq!((account.used_bytes, account.reserved_bytes), (used_bytes, 0), "{case}");
        assert_eq!(account.unfinished_uploads, 0, "{case}");
        let taken = used_bytes + account.row_bytes;
        assert_eq!(account.available_bytes, (QUOTA_BYTES - taken).cast_signed(), "{case}");
    }

    pub async fn check_landing_is_empty(&self, case: &str) {
        assert_eq!(keys(&self.landing).await, BTreeSet::new(), "{case}: left in landing");
    }

    /// Checks that the vault has exactly the objects that rows name.
    pub async fn check_vault(&self, case: &str) {
        let named = self.objects_in_rows().await;
        assert_eq!(keys(&self.vault).await, named, "{case}: objects of the vault, and those in rows");
    }

    /// The keys of the vault that blobs and packs name.
    pub async fn objects_in_rows(&self) -> BTreeSet<String> {
        let (blobs, _) = self.tables.scan_blobs(WHOLE_TABLE, None).await.expect("a scan");
        let packs = self.packs().await;
        let attachments = blobs.iter().map(|blob| &blob.manifest).chain(packs.iter().map(|pack| &pack.index));
        let attached = attachments.filter_map(|attachment| match attachment {
            Attachment::Object(key) => Some(key),
            Attachment::Inline(_) => None,
        });
        let placed = packs.iter().filter(|pack| pack.placement.store == "vault");
        let placed = placed.map(|pack| &pack.placement.key);
        let named = attached.chain(placed).chain(blobs.iter().filter_map(|blob| blob.object_key.as_ref()));
        named.cloned().collect()
    }

    pub fn messages(&self, queue: &str) -> Vec<QueuedMessage> {
        self.services.queues.messages(queue)
    }

    /// The codes of a queue's dead letters.
    pub fn dead_letters(&self, queue: &str) -> Vec<String> {
        let letters = self.messages(&format!("{queue}-dead-letters")).into_iter();
        letters.map(|letter| letter.attributes["code"].clone()).collect()
    }
}

pub async fn keys(bucket: &Bucket) -> BTreeSet<String> {
    let objects = bucket.list_after("", None).await.expect("a list");
    objects.into_iter().map(|(key, _)| key).collect()
}
