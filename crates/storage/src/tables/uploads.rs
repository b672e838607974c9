//! Begins, advances and ends uploads, and reserves and releases their quota along with them.

use serde::{Deserialize, Serialize};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, FileId, UploadId};
use sluice_domain::idempotency::RememberedCall;
use sluice_domain::publication::{Arrival, QuotaChange, Target, arrival};
use sluice_domain::sweep::late_packs_due_at;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{FINISHED_UPLOAD_LIFE, Upload, UploadState};
use sluice_domain::version::RejectReason;

use super::access::place;
use super::batch::Consistency;
use super::due::{DueCursor, DueQuery, due_shard};
use super::lease::{Lease, LeaseAttribute, held_by};
use super::{Query, RowUpdate, Tables, Update};
use crate::error::{ErrorKind, StorageError};
use crate::transaction::{Cancelled, Change, Condition, Row, Transaction, Values, key, parse, row};

/// How often a plan is made, if others keep changing the file.
pub(super) const PLANS_MAX: u32 = 8;

const MERGE_LEASE: LeaseAttribute = LeaseAttribute("merger");
const VERIFICATION_LEASE: LeaseAttribute = LeaseAttribute("verifier");

/// The row of an unfinished upload: with the attributes of its indexes.
#[derive(Serialize, Deserialize)]
struct UploadRow {
    #[serde(flatten)]
    upload: Upload,
    open_account_id: AccountId,
    due_shard: String,
}

/// How an upload ends without a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The client gave up.
    Aborted,
    /// The bytes did not arrive in time.
    Expired,
}

/// The result of [`Tables::begin_upload`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// The upload is open and its quota is reserved.
    Done,
    /// A call with the same idempotency key came first.
    Repeated,
    /// The quota is too small, or the account has too many unfinished uploads.
    QuotaExceeded,
}

fn upload_key(upload: UploadId) -> Row {
    key([("upload_id", &upload.to_string())])
}

impl Tables {
    /// Opens an upload and reserves its quota. Remembers the call if it has an idempotency key.
    pub async fn begin_upload(
        &self,
        upload: &Upload,
        call: Option<&RememberedCall>,
    ) -> Result<Begun, StorageError> {
        let new = UploadRow {
            upload: upload.clone(),
            open_account_id: upload.account_id,
            due_shard: due_shard(upload.upload_id.as_bytes()[15]),
        };
        let transaction = Transaction::new()
            .remember(self, call)?
            .put(
                &self.names.uploads,
                row(&new)?,
                Condition::UploadNew.when("attribute_not_exists(#upload_id)"),
            )?
            .reserve(self, upload)?;
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(Begun::Done),
            Err(Cancelled::Conditions(failed)) if failed.contains(&Condition::KeyUnused) => {
                Ok(Begun::Repeated)
            }
            Err(Cancelled::Conditions(failed)) if failed == [Condition::QuotaAvailable] => {
                Ok(Begun::QuotaExceeded)
            }
            Err(other) => Err(other.into_error()),
        }
    }

    pub async fn upload(&self, upload: UploadId) -> Result<Option<Upload>, StorageError> {
        self.get(&self.names.uploads, upload_key(upload)).await
    }

    /// The uploads with these ids that exist, in no particular order. No id may occur twice.
    pub async fn uploads(&self, ids: &[UploadId]) -> Result<Vec<Upload>, StorageError> {
        self.get_many(
            &self.names.uploads,
            ids.iter().map(|id| upload_key(*id)).collect(),
            Consistency::Strong,
        )
        .await
    }

    /// A page of the account's open and pending uploads, the oldest first, and the upload after which the
    /// next page begins.
    pub async fn open_uploads(
        &self,
        account: AccountId,
        after: Option<UploadId>,
        limit: usize,
    ) -> Result<(Vec<Upload>, Option<UploadId>), StorageError> {
        let account_id = account.to_string();
        let after = after.map(|id| key([("open_account_id", &account_id), ("upload_id", &id.to_string())]));
        let query = Query {
            table: &self.names.uploads,
            index: Some("by_account"),
            condition: "#open_account_id = :account_id",
            values: Values::new().with(":account_id", &account)?,
            after,
            limit,
            descending: false,
        };
        let (rows, last) = self.query(query).await?;
        Ok((rows.into_iter().map(parse).collect::<Result<_, _>>()?, place(last, "upload_id")?))
    }

    /// A page of the uploads of one of [`DUE_SHARDS`](super::DUE_SHARDS) shards that are due at `now`, the
    /// most overdue first.
    pub async fn due_uploads(
        &self,
        shard: u8,
        now: Timestamp,
        after: Option<DueCursor>,
    ) -> Result<(Vec<Upload>, Option<DueCursor>), StorageError> {
        const LIMIT: usize = 500;
        self.due(DueQuery { table: &self.names.uploads, shard, now, after, limit: LIMIT }).await
    }

    /// Sets when the sweeper looks at an unfinished upload next, and how often it has enqueued it.
    /// Refused if the upload has ended.
    pub async fn postpone(
        &self,
        upload: &Upload,
        due_at: Timestamp,
        enqueue_count: u32,
    ) -> Result<Update, StorageError> {
        const UPDATE: &str = "SET #due_at = :due_at, #enqueue_count = :enqueue_count";
        const UNFINISHED: &str = "#state IN (:open, :pending)";
        let values = Values::new()
            .with(":due_at", &due_at.unix_milliseconds())?
            .with(":enqueue_count", &enqueue_count)?
            .with(":open", &UploadState::Open)?
            .with(":pending", &UploadState::Pending)?;
        self.update_upload(upload, UPDATE, UNFINISHED, values).await
    }

    /// Sets when the sweeper looks again at an upload that has ended. Refused if it has done with it.
    pub async fn sweep_again(&self, upload: &Upload, due_at: Timestamp) -> Result<Update, StorageError> {
        let values = Values::new().with(":due_at", &due_at.unix_milliseconds())?;
        self.update_upload(upload, "SET #due_at = :due_at", "attribute_exists(#due_shard)", values).await
    }

    /// Ends the sweeping of an upload that has ended.
    pub async fn sweep_no_more(&self, upload: &Upload) -> Result<Update, StorageError> {
        const ENDED: &str = "attribute_exists(#upload_id) AND attribute_not_exists(#open_account_id)";
        self.update_upload(upload, "REMOVE #due_shard", ENDED, Values::new()).await
    }

    async fn update_upload(
        &self,
        upload: &Upload,
        update: &str,
        condition: &str,
        values: Values,
    ) -> Result<Update, StorageError> {
        let update = RowUpdate {
            table: &self.names.uploads,
            key: upload_key(upload.upload_id),
            update,
            condition,
            values,
        };
        self.update_if(update).await
    }

    /// Records the SHA-256 of an open upload that declared none at init. Refused if the upload is no longer
    /// open, or has another SHA-256.
    pub async fn declare_sha256(&self, upload: &Upload, sha256: &Sha256) -> Result<Update, StorageError> {
        const UPDATE: &str = "SET #sha256 = :sha256";
        const UNDECLARED: &str = "#state = :open AND #sha256 IN (:none, :sha256)";
        let values = Values::new()
            .with(":sha256", sha256)?
            .with(":none", &None::<Sha256>)?
            .with(":open", &UploadState::Open)?;
        self.update_upload(upload, UPDATE, UNDECLARED, values).await
    }

    /// Takes the lease on the merge of an open upload's parts. Refused if another call has it, or if the
    /// upload is no longer open.
    pub async fn lease_merge(&self, upload: &Upload, lease: Lease<'_>) -> Result<Update, StorageError> {
        let free = format!("#state = :open AND {}", MERGE_LEASE.free());
        let values = lease.values()?.with(":open", &UploadState::Open)?;
        self.update_upload(upload, &MERGE_LEASE.take(), &free, values).await
    }

    /// Gives the lease back. Refused if another call has it by now.
    pub async fn release_merge(&self, upload: &Upload, holder: &str) -> Result<Update, StorageError> {
        let free = format!("attribute_exists(#upload_id) AND {}", MERGE_LEASE.not_held_by_another());
        self.update_upload(upload, &MERGE_LEASE.release(), &free, held_by(holder)?).await
    }

    /// Takes the lease on the verification of an unfinished upload, or prolongs it. Refused if another
    /// message's worker has it, or if the upload has ended.
    pub async fn lease_verification(
        &self,
        upload: &Upload,
        lease: Lease<'_>,
    ) -> Result<Update, StorageError> {
        let free = format!("#state IN (:open, :pending) AND {}", VERIFICATION_LEASE.free());
        let values =
            lease.values()?.with(":open", &UploadState::Open)?.with(":pending", &UploadState::Pending)?;
        self.update_upload(upload, &VERIFICATION_LEASE.take(), &free, values).await
    }

    /// Gives the lease back. Refused if another message's worker has it by now.
    pub async fn release_verification(&self, upload: &Upload, holder: &str) -> Result<Update, StorageError> {
        let free = format!("attribute_exists(#upload_id) AND {}", VERIFICATION_LEASE.not_held_by_another());
        self.update_upload(upload, &VERIFICATION_LEASE.release(), &free, held_by(holder)?).await
    }

    /// Ends an open upload without a version and releases its reservation. Refused if it was not open.
    pub async fn end_upload(
        &self,
        upload: &Upload,
        ending: Ending,
        now: Timestamp,
    ) -> Result<Update, StorageError> {
        let finish = FinishUpload {
            upload_id: upload.upload_id,
            file_id: upload.file_id,
            state: match ending {
                Ending::Aborted => UploadState::Aborted,
                Ending::Expired => UploadState::Expired,
            },
            reason: None,
            from: UploadState::Open,
            late_packs_due_at: late_packs_due_at(upload, now),
            now,
        };
        let transaction = Transaction::new().finish_upload(self, &finish)?.release_reservation(
            self,
            &upload.username,
            QuotaChange::release(upload),
        )?;
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(Update::Done),
            Err(Cancelled::Conditions(failed)) if failed.contains(&Condition::UploadState) => {
                Ok(Update::Refused)
            }
            Err(other) => Err(other.into_error()),
        }
    }

    /// Records that all bytes of an open upload have arrived, and that its version is pending. Returns the
    /// upload as it is then; if it was no longer open, as another call has left it.
    pub async fn mark_pending(&self, upload: &Upload, due_at: Timestamp) -> Result<Upload, StorageError> {
        // The file is most likely as init found it. If not, it is read.
        let mut target = Target::as_at_init(upload);
        for _ in 0..PLANS_MAX {
            let arrival = arrival(upload, &target, due_at);
            match self.try_mark_pending(&arrival, &target).await {
                Ok(()) => return Ok(arrival.upload),
                Err(Cancelled::Conditions(failed)) if failed.contains(&Condition::UploadState) => {
                    let ended = self.upload(upload.upload_id).await?;
                    return ended.ok_or_else(|| {
                        StorageError::new(ErrorKind::Conflict, "mark pending", "the upload is gone")
                    });
                }
                Err(Cancelled::Conditions(_)) => target = self.target(upload).await?,
                Err(Cancelled::Error(error)) => return Err(error),
            }
        }
        Err(StorageError::new(ErrorKind::Conflict, "mark pending", "the file kept changing"))
    }

    async fn try_mark_pending(&self, arrival: &Arrival, target: &Target) -> Result<(), Cancelled> {
        let Arrival { upload, version } = arrival;
        let change = Change::new("SET #state = :pending, #file_id = :file_id, #due_at = :due_at")
            .with(":pending", &upload.state)?
            .with(":file_id", &upload.file_id)?
            .with(":due_at", &upload.due_at.unix_milliseconds())?;
        let open = Condition::UploadState.when("#state = :open").with(":open", &UploadState::Open)?;
        let transaction = Transaction::new()
            .update(&self.names.uploads, upload_key(upload.upload_id), change, open)?
            .put_version(self, version)?
            .ensure_file(self, target)?;
        transaction.commit(&self.client).await
    }
}

/// How an upload ends.
pub(super) struct FinishUpload {
    pub upload_id: UploadId,
    pub file_id: FileId,
    pub state: UploadState,
    pub reason: Option<RejectReason>,
    /// The state that the upload must still be in.
    pub from: UploadState,
    /// When the sweeper looks at it once more, if it does.
    pub late_packs_due_at: Option<Timestamp>,
    pub now: Timestamp,
}

impl Transaction {
    /// Ends an upload and removes it from the indexes of unfinished uploads, except that the sweeper still
    /// finds it if packs may arrive late.
    pub(super) fn finish_upload(self, tables: &Tables, finish: &FinishUpload) -> Result<Self, StorageError> {
        let sweeping = match finish.late_packs_due_at {
            None => Change::new(
                "SET #state = :state, #reason = :reason, #file_id = :file_id, #purge_at = :purge_at \
                 REMOVE #open_account_id, #due_shard",
            ),
            Some(due_at) => Change::new(
                "SET #state = :state, #reason = :reason, #file_id = :file_id, #purge_at = :purge_at, \
                 #due_at = :due_at REMOVE #open_account_id",
            )
            .with(":due_at", &due_at.unix_milliseconds())?,
        };
        let purge_at = finish.now.after(FINISHED_UPLOAD_LIFE);
        self.update(
            &tables.names.uploads,
            upload_key(finish.upload_id),
            sweeping
                .with(":state", &finish.state)?
                .with(":reason", &finish.reason)?
                .with(":file_id", &finish.file_id)?
                .with(":purge_at", &purge_at.unix_seconds())?,
            Condition::UploadState.when("#state = :from").with(":from", &finish.from)?,
        )
    }
}
