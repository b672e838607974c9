//! Uploads and the states they pass through.
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

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum UploadState {
    /// Parts are being sent; quota is reserved.
    Open,
    /// All bytes have arrived and the version is pending; quota is still reserved.
    Pending,
    /// The version is available.
    Available,
    /// The version was rejected.
    Rejected,
    /// The client gave up.
    Aborted,
    /// The bytes did not arrive in time.
    Expired,
}

impl UploadState {
    /// The state as it is written in tables and on the wire.
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

    /// Whether no further move is possible and the reserved quota has been settled.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Open | Self::Pending)
    }
}

/// How long after its end an upload can still be asked about.
pub const FINISHED_UPLOAD_LIFE: Duration = Duration::from_hours(7 * 24);

/// A pack that a client will send: all of it is signed into its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeclaredPack {
    /// Size in bytes, 1 to 64 MiB.
    pub size: u32,
    /// SHA-256 of the pack's bytes.
    pub sha256: Sha256,
}

/// One upload, from init on. The version's identity is fixed here, so that every later step can be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// This upload.
    pub upload_id: UploadId,
    /// Whose upload.
    pub account_id: AccountId,
    /// The account's user name: the key of the row that holds its quota.
    pub username: Username,
    /// The file the version belongs to.
    pub file_id: FileId,
    /// The version the upload makes.
    pub version_id: VersionId,
    /// Where the file lies.
    pub path: FilePath,
    /// Declared size in bytes; this much quota is reserved.
    pub size: u64,
    /// Declared SHA-256.
    pub sha256: Option<Sha256>,
    /// Declared SHA-1.
    pub sha1: Option<Sha1>,
    /// Media type.
    pub content_type: String,
    /// The user's own key-value pairs.
    pub metadata: Metadata,
    /// Size in bytes of every part but the last.
    pub part_size: u64,
    /// Whether every part's SHA-256 is signed into its URL.
    pub part_sha256: bool,
    /// S3's multipart upload id; none for a single PUT.
    pub multipart_id: Option<String>,
    /// The version that must still be current when this one becomes available (`If-Match`).
    pub expected_version: Option<VersionId>,
    /// The packs that are sent in place of the whole, if the client cuts chunks itself.
    #[serde(default)]
    pub packs: Option<Vec<DeclaredPack>>,
    /// The content of the file's current version at init: chunks are looked for there first.
    #[serde(default)]
    pub base_sha256: Option<Sha256>,
    /// Where the upload stands.
    pub state: UploadState,
    /// Why, if rejected.
    pub reason: Option<RejectReason>,
    /// SHA-256 of the request that an idempotency key made, to tell a repeat from a different request.
    pub request_digest: Option<String>,
    /// How often the sweeper has announced it again.
    pub enqueue_count: u32,
    /// When it was begun.
    #[serde(with = "unix_milliseconds")]
    pub created_at: Timestamp,
    /// When the bytes must have arrived.
    #[serde(with = "unix_milliseconds")]
    pub expires_at: Timestamp,
    /// When the sweeper looks at it next.
    #[serde(with = "unix_milliseconds")]
    pub due_at: Timestamp,
}

impl Upload {
    /// The file that this upload makes where its path holds none. Derived, so that every repeat means the same file.
    pub fn new_file_id(created_at: Timestamp, upload_id: UploadId) -> FileId {
        FileId::derived(created_at, upload_id.as_bytes())
    }

    /// Whether the path held no file at init.
    pub fn makes_new_file(&self) -> bool {
        self.file_id == Self::new_file_id(self.created_at, self.upload_id)
    }

    /// The parts of the whole, as planned at init.
    pub fn plan(&self) -> PartPlan {
        PartPlan { size: self.size, part_size: self.part_size }
    }

    /// How the bytes travel.
    pub fn method(&self) -> UploadMethod {
        if self.packs.is_some() { UploadMethod::Packs } else { self.plan().method() }
    }

    /// How many objects or parts the client sends: its packs, or the parts of the whole.
    pub fn part_count(&self) -> u32 {
        self.packs.as_ref().map_or_else(|| self.plan().part_count(), |packs| packs.len() as u32)
    }

    /// The size in bytes of what is sent as `part`; nothing if there is no such part.
    pub fn size_of(&self, part: PartNumber) -> Option<u64> {
        match &self.packs {
            Some(packs) => packs.get(part.index()).map(|pack| pack.size.into()),
            None => self.plan().size_of(part),
        }
    }

    /// Every object that the upload may have in the landing bucket. The last is [`Upload::delivered_key`].
    pub fn landed_keys(&self) -> Vec<ObjectKey> {
        let packs =
            (1..=self.packs.as_ref().map_or(0, Vec::len) as u32).filter_map(|n| PartNumber::try_from(n).ok());
        packs.map(|number| self.landing_key().pack(number)).chain([self.delivered_key()]).collect()
    }

    /// The object in the landing bucket that is there once everything has arrived.
    pub fn delivered_key(&self) -> ObjectKey {
        match self.method() {
            UploadMethod::Packs => self.landing_key().manifest(),
            UploadMethod::Put | UploadMethod::Multipart => self.landing_key().object_key(),
        }
    }

    /// Where the bytes land.
    pub fn landing_key(&self) -> LandingKey {
        LandingKey { account_id: self.account_id, upload_id: self.upload_id }
    }

    /// The name, in the vault, of what landed as the object with this `ETag`. Two bodies sent to one URL have two, so
    /// that neither can take the other's place.
    pub fn object_version_id(&self, etag: &str) -> ObjectVersionId {
        ObjectVersionId::derived(
            self.created_at,
            &[self.version_id.as_bytes().as_slice(), etag.as_bytes()].concat(),
        )
    }

    /// The version this upload makes, as it stands when the bytes have arrived.
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
        }
    }
}
