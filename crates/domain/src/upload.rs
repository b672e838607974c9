//! Models an upload and the states that it passes through.
//!
//! ```text
//! Open ──bytes complete──▶ Pending ──▶ Available | Rejected
//!   ├──client──▶ Aborted
//!   └──sweeper─▶ Expired
//! ```

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::account::Username;
use crate::hash::{Sha1, Sha256};
use crate::id::{AccountId, FileId, ObjectVersionId, UploadId, VersionId};
use crate::key::{LandingKey, ObjectKey};
use crate::part_plan::{PartNumber, PartPlan, UploadMethod};
use crate::path::FilePath;
use crate::time::{Timestamp, unix_milliseconds};
use crate::version::{Metadata, RejectReason, Version, VersionState};

/// The state of an upload; the module shows the transitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum UploadState {
    /// The client sends parts; quota is reserved.
    Open,
    /// All bytes have arrived and are being verified; quota is still reserved.
    Pending,
    /// The bytes are verified and the version is available.
    Available,
    /// The version was rejected; `reason` says why.
    Rejected,
    /// The client aborted the upload.
    Aborted,
    /// The bytes did not arrive before `expires_at`.
    Expired,
}

impl UploadState {
    /// The state as tables and the API write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Rejected => "rejected",
            Self::Aborted => "aborted",
            Self::Expired => "expired",
        }
    }

    /// Whether the upload has ended: the state no longer changes and the reservation is released.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Open | Self::Pending)
    }
}

/// How long a finished upload can still be read.
pub const FINISHED_UPLOAD_LIFE: Duration = Duration::from_hours(7 * 24);

/// A pack that a client will send. Size and SHA-256 are signed into its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeclaredPack {
    /// Size in bytes, 1 to 64 MiB.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = crate::pack::PACK_MAX_BYTES)))]
    pub size: u32,
    /// SHA-256 of the pack's bytes as they are sent.
    pub sha256: Sha256,
}

/// One upload. The ids of file and version are fixed when it begins, so that every later step can be
/// repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The id of this upload.
    pub upload_id: UploadId,
    /// The account that sends the upload.
    pub account_id: AccountId,
    /// The account's user name, which is the key of its row.
    pub username: Username,
    /// The file that the version belongs to.
    pub file_id: FileId,
    /// The version that the upload creates.
    pub version_id: VersionId,
    /// The path of the file.
    pub path: FilePath,
    /// Declared size in bytes, which is also the reserved quota.
    pub size: u64,
    /// SHA-256 that the client declared; the bytes are checked against it.
    pub sha256: Option<Sha256>,
    /// SHA-1 that the client declared; the bytes are checked against it.
    pub sha1: Option<Sha1>,
    /// Media type of the file, at most 255 characters.
    pub content_type: String,
    /// The user's own key-value pairs of the file.
    pub metadata: Metadata,
    /// Size in bytes of every part except the last.
    pub part_size: u64,
    /// Whether the client gives every part's SHA-256, which is then signed into the part's URL.
    pub part_sha256: bool,
    /// S3's id of the multipart upload; none for a single PUT and for packs.
    pub multipart_id: Option<String>,
    /// The version that must still be current when this one becomes available (`If-Match`).
    pub expected_version: Option<VersionId>,
    /// The packs of a delta upload; none if the client sends the whole file.
    #[serde(default)]
    pub packs: Option<Vec<DeclaredPack>>,
    /// The blob of the file's current version when the upload began. Deduplication looks there first.
    #[serde(default)]
    pub base_sha256: Option<Sha256>,
    /// The state, which only moves forward.
    pub state: UploadState,
    /// The reason of a rejected upload.
    pub reason: Option<RejectReason>,
    /// Bytes of the quota that the upload takes besides its size; none if it began before rows were charged.
    #[serde(default)]
    pub row_bytes: u64,
    /// How often the sweeper has enqueued the upload again.
    pub enqueue_count: u32,
    /// When the upload began.
    #[serde(with = "unix_milliseconds")]
    pub created_at: Timestamp,
    /// The upload expires unless all bytes have arrived by this time.
    #[serde(with = "unix_milliseconds")]
    pub expires_at: Timestamp,
    /// When the sweeper checks the upload next.
    #[serde(with = "unix_milliseconds")]
    pub due_at: Timestamp,
}

impl Upload {
    /// The id of the new file, if the path holds none. It is derived, so that every retry names the same
    /// file.
    pub fn new_file_id(created_at: Timestamp, upload_id: UploadId) -> FileId {
        FileId::derived(created_at, upload_id.as_bytes())
    }

    /// Whether the path held no file when the upload began.
    pub fn makes_new_file(&self) -> bool {
        self.file_id == Self::new_file_id(self.created_at, self.upload_id)
    }

    /// The parts of the whole file, as planned when the upload began.
    pub fn plan(&self) -> PartPlan {
        PartPlan { size: self.size, part_size: self.part_size }
    }

    /// How the client sends the bytes.
    pub fn method(&self) -> UploadMethod {
        if self.packs.is_some() { UploadMethod::Packs } else { self.plan().method() }
    }

    /// How many packs or parts the client sends.
    pub fn part_count(&self) -> u32 {
        self.packs.as_ref().map_or_else(|| self.plan().part_count(), |packs| packs.len() as u32)
    }

    /// Size in bytes of the pack or part with the number `part`, if there is one.
    pub fn size_of(&self, part: PartNumber) -> Option<u64> {
        match &self.packs {
            Some(packs) => packs.get(part.index()).map(|pack| pack.size.into()),
            None => self.plan().size_of(part),
        }
    }

    /// All objects that the upload may have in the landing bucket. The last is [`Upload::delivered_key`].
    pub fn landed_keys(&self) -> Vec<ObjectKey> {
        let packs =
            (1..=self.packs.as_ref().map_or(0, Vec::len) as u32).filter_map(|n| PartNumber::try_from(n).ok());
        packs.map(|number| self.landing_key().pack(number)).chain([self.delivered_key()]).collect()
    }

    /// The landing object that exists once everything has arrived: the whole file, or the manifest.
    pub fn delivered_key(&self) -> ObjectKey {
        match self.method() {
            UploadMethod::Packs => self.landing_key().manifest(),
            UploadMethod::Put | UploadMethod::Multipart => self.landing_key().object_key(),
        }
    }

    /// The landing key of the whole file.
    pub fn landing_key(&self) -> LandingKey {
        LandingKey { account_id: self.account_id, upload_id: self.upload_id }
    }

    /// The id of the body that landed with this `ETag`. Two bodies that were sent to one URL have two ids, so
    /// that neither can replace the other in the vault.
    pub fn object_version_id(&self, etag: &str) -> ObjectVersionId {
        ObjectVersionId::derived(
            self.created_at,
            &[self.version_id.as_bytes().as_slice(), etag.as_bytes()].concat(),
        )
    }

    /// The version that this upload creates, in the state it has when the bytes have arrived.
    pub fn pending_version(&self) -> Version {
        Version {
            file_id: self.file_id,
            version_id: self.version_id,
            account_id: self.account_id,
            path: self.path.clone(),
            state: VersionState::Pending,
            reason: None,
            upload_id: Some(self.upload_id),
            size: self.size,
            sha256: self.sha256,
            sha1: self.sha1,
            content_type: self.content_type.clone(),
            metadata: self.metadata.clone(),
            created_at: self.created_at,
            updated_at: self.created_at,
            new_bytes: 0,
            shared_bytes: 0,
            stored_bytes: 0,
            follows: None,
        }
    }
}
