//! Declares every call of the API, once. Dispatch, the checks of ids and parameters, and the OpenAPI document
//! are made from this table; tests compare the deployed routes with it.

pub(crate) mod argument;
mod declare;

use sluice_domain::id::{FileId, SessionId, UploadId};

#[cfg(feature = "schema")]
use crate::accounts::{
    AccountCreated, AccountView, Credentials, Login, PasswordChange, SessionCreated, SessionList,
};
#[cfg(feature = "schema")]
use crate::files::{
    FileChange, FileList, Lookup, LookupAnswer, Materializing, Restore, VersionList, VersionView,
};
#[cfg(feature = "schema")]
use crate::packs::{HooksFound, HooksLookup, Plan};
use crate::parameters::{
    ContentParameters, FilesParameters, PlanParameters, StoreEventsParameters, UploadsParameters,
    VersionsParameters,
};
#[cfg(feature = "schema")]
use crate::problem::Code;
#[cfg(feature = "schema")]
use crate::uploads::{
    Completed, Completion, PartUrls, PartUrlsRequest, UploadAnswer, UploadList, UploadRequest, UploadView,
};

pub use argument::{Query, Refusal, Request};
pub use declare::{Calls, Route};

/// The header `ETag` of an answer with a version.
#[cfg(feature = "schema")]
const VERSION_ETAG: &str = "The version id, quoted.";

declare::calls! {
    Accounts = "accounts" {
        /// Register an account
        ///
        /// The deployment decides whether anybody can register, or only with an invitation, or nobody.
        RegisterAccount = POST "/accounts" public
            .request::<Credentials>()
            .answer::<AccountCreated>(201, "The account.")
            .problems(&[Code::UsernameTaken, Code::Conflict])
            .problems(&[Code::RegistrationClosed, Code::InvitationInvalid]);

        /// The account: quota, used and reserved bytes
        GetAccount = GET "/accounts/me" session
            .answer::<AccountView>(200, "The account.")
            .problems(&[Code::NotFound]);

        /// Change the password
        ///
        /// Ends all other sessions. A wrong present password counts as an attempt to log in.
        ChangePassword = POST "/accounts/me/password" session
            .request::<PasswordChange>()
            .empty_answer(204, "The new password counts; all other sessions have ended.")
            .problems(&[Code::WrongPassword, Code::TooManyAttempts, Code::Conflict]);

        /// Log in
        ///
        /// An unknown user and a wrong password have the same answer. With `cookie`, the token is set as a
        /// cookie, which is only valid for pages of the API's own origin.
        LogIn = POST "/sessions" public
            .request::<Login>()
            .answer::<SessionCreated>(201, "The session.")
            .header("Set-Cookie", "The session's cookie, if `cookie` is true.")
            .problems(&[Code::WrongCredentials, Code::AccountSuspended])
            .problems(&[Code::TooManyAttempts, Code::Conflict]);

        /// List the account's sessions, the latest first
        ListSessions = GET "/sessions" session
            .answer::<SessionList>(200, "The sessions that have not ended.");

        /// End all other sessions of the account
        EndOtherSessions = DELETE "/sessions" session
            .empty_answer(204, "Only the session of this call goes on.");

        /// Log out, at once
        LogOut = DELETE "/sessions/current" session
            .empty_answer(204, "The token no longer works.")
            .header("Set-Cookie", "Removes the session's cookie.");

        /// End a session of the account
        EndSession(SessionId) = DELETE "/sessions/{session_id}" session
            .empty_answer(204, "The session has ended.");
    }

    InitUpload = "init-upload" {
        /// Begin an upload, or make a version at once of a blob that the account holds
        ///
        /// Reserves quota and fixes the version's id, and with it the order among the file's versions. With
        /// If-Match, the named version must be current now, or the answer is 412. It must still be current
        /// when the bytes are verified, or the new version is rejected with the reason
        /// `precondition_failed`. A retry with the same idempotency key after the upload was aborted,
        /// rejected or has expired answers `upload_ended`.
        BeginUpload = POST "/uploads" session
            .if_match()
            .idempotency_key()
            .request::<UploadRequest>()
            .outcome::<UploadAnswer>("instant", 200, "The account held the blob: the version is available.")
            .outcome::<UploadAnswer>("upload", 201, "Send the bytes as the plan says.")
            .problems(&[Code::QuotaExceeded, Code::UploadEnded, Code::NotFound]);

        /// List open and pending uploads, or the uploads named by ids
        ///
        /// Lists open and pending uploads; with `ids`, the named uploads.
        ListUploads(Query<UploadsParameters>) = GET "/uploads" session
            .answer::<UploadList>(200, "One page.");

        /// One upload and the parts received
        GetUpload(UploadId) = GET "/uploads/{upload_id}" session
            .answer::<UploadView>(200, "The upload.");

        /// Abort an upload and release its quota
        AbortUpload(UploadId) = DELETE "/uploads/{upload_id}" session
            .empty_answer(204, "The parts are deleted and the reservation is released.")
            .problems(&[Code::UploadEnded, Code::Conflict]);

        /// Fresh presigned URLs for parts
        SignParts(UploadId) = POST "/uploads/{upload_id}/parts" session
            .request::<PartUrlsRequest>()
            .answer::<PartUrls>(200, "New URLs.")
            .problems(&[Code::InvalidParts, Code::UploadEnded]);
    }

    CompleteUpload = "complete-upload" {
        /// Merge the parts; the version is pending until verified
        ///
        /// May be repeated: the answer is the same except for the version's state.
        CompleteUpload(UploadId) = POST "/uploads/{upload_id}/complete" session
            .request::<Completion>()
            .answer::<Completed>(202, "All bytes have arrived.")
            .problems(&[Code::InvalidParts, Code::InvalidManifest, Code::UploadEnded])
            .problems(&[Code::PartsMissing, Code::PartMismatch, Code::Conflict]);
    }

    LookupHash = "lookup-hash" {
        /// Make a version at once of a blob that the account holds, by its hash
        ///
        /// Searches only the account's own blobs.
        LookUpContent = POST "/lookups" session
            .if_match()
            .request::<Lookup>()
            .answer::<LookupAnswer>(200, "A new version, or the advice to upload.");

        /// Find the account's packs that contain hooks
        ///
        /// A hook is a chunk with an id that is 0 modulo 64, or the smallest id of a run without such a
        /// chunk. The packs in the answer likely contain the neighbouring chunks too. Searches only the
        /// account's own packs.
        LookUpHooks = POST "/lookups/hooks" session
            .request::<HooksLookup>()
            .answer::<HooksFound>(200, "The packs, those with the most hooks first.");
    }

    QueryFiles = "query-files" {
        /// List files by prefix, or find them by path or hash
        ///
        /// Lists by `prefix` and `delimiter`, or finds by `path`, by `sha256` or by `sha1`: one of the four.
        /// `path` takes no `limit` and no `cursor`.
        ListFiles(Query<FilesParameters>) = GET "/files" session
            .answer::<FileList>(200, "One page.");

        /// A file's current version
        GetFile(FileId) = GET "/files/{file_id}" session
            .answer::<VersionView>(200, "The current version.")
            .header("ETag", VERSION_ETAG);

        /// Rename a file, or edit its media type and metadata
        ChangeFile(FileId) = PATCH "/files/{file_id}" session
            .if_match()
            .request::<FileChange>()
            .answer::<VersionView>(200, "The current version, after the change.")
            .header("ETag", VERSION_ETAG)
            .problems(&[Code::PathInUse, Code::VersionNotAvailable]);

        /// Delete a file, leaving a tombstone and its versions
        DeleteFile(FileId) = DELETE "/files/{file_id}" session
            .if_match()
            .answer::<VersionView>(200, "The tombstone.")
            .header("ETag", VERSION_ETAG);

        /// A file's versions, the latest first
        ListVersions(FileId, Query<VersionsParameters>) = GET "/files/{file_id}/versions" session
            .answer::<VersionList>(200, "One page, the latest first.");

        /// Make an earlier version current again
        RestoreVersion(FileId) = POST "/files/{file_id}/restore" session
            .if_match()
            .request::<Restore>()
            .answer::<VersionView>(201, "The new version, with the bytes of the earlier one.")
            .header("ETag", VERSION_ETAG)
            .problems(&[Code::PathInUse, Code::VersionNotAvailable]);
    }

    ReadContent = "read-content" {
        /// A redirect to the bytes
        ///
        /// Do not send the session's token to the redirect's target: the URL itself grants access.
        GetContent(FileId, Query<ContentParameters>) = GET "/files/{file_id}/content" session
            .redirect_to_bytes()
            .answer::<Materializing>(202, "The blob is being materialized: ask again later.")
            .header("Retry-After", "Seconds to wait.");

        /// A redirect to the headers of the bytes
        ///
        /// Do not send the session's token to the redirect's target: the URL itself grants access.
        HeadContent(FileId, Query<ContentParameters>) = HEAD "/files/{file_id}/content" session
            .redirect_to_bytes()
            .empty_answer(202, "The blob is being materialized: ask again later.")
            .header("Retry-After", "Seconds to wait.");

        /// The chunks of a version and where to read them
        ///
        /// What a client needs to assemble the bytes itself and verify every chunk.
        GetPlan(FileId, Query<PlanParameters>) = GET "/files/{file_id}/plan" session
            .answer::<Plan>(200, "One page.")
            .problems(&[Code::VersionNotAvailable]);
    }

    BridgeEvents = "bridge-events" {
        /// Take a bucket notification from Ceph or MinIO
        ///
        /// Requires the webhook's secret instead of a session: in `Authorization: Bearer`, or as `token` in
        /// the query. A deployment without a secret answers `not_found`. Notifications of anything else than
        /// a new object of an upload are answered with 204 and dropped. Repeated notifications are harmless.
        TakeBucketNotification(Query<StoreEventsParameters>) = POST "/webhooks/store-events" public
            .bucket_notification()
            .empty_answer(204, "The notification is enqueued, or was dropped.")
            .problems(&[Code::Unauthenticated, Code::NotFound, Code::BodyTooLarge]);
    }
}
