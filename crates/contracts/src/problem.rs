//! Defines errors as clients see them: problem details (RFC 9457) with a stable code.

use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The body of every error answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// A URI of the kind of problem: `urn:sluice:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The meaning of the code, the same for every occurrence.
    pub title: String,
    /// The HTTP status, as in the answer's status line.
    pub status: u16,
    /// What was wrong in this case and what to do about it.
    pub detail: String,
    /// The stable code, for programs.
    pub code: Code,
    /// The field of the body that was wrong, if it is one: a form shows the problem beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Identifies the request in the logs.
    pub request_id: String,
}

impl Problem {
    /// Describes one occurrence of `code`.
    pub fn new(code: Code, detail: impl Into<String>, request_id: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:sluice:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code,
            field: None,
            request_id: request_id.into(),
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal, $title:literal;)+) => {
        /// What went wrong. Codes are never renamed or reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
            /// A code that is newer than this client.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl Code {
            /// Every code that a server answers.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code as the API writes it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ Self::Unknown => "unknown" }
            }

            /// The HTTP status of answers with this code.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ Self::Unknown => 500 }
            }

            /// The meaning of the code, as the problem's title.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ Self::Unknown => "Unknown problem" }
            }
        }
    };
}

codes! {
    /// The body is not valid JSON.
    MalformedJson = "malformed_json", 400, "The body is not valid JSON";
    /// A field, parameter or header is missing, unknown or of the wrong type or value.
    InvalidRequest = "invalid_request", 400, "The request is not valid";
    /// The list of parts does not fit the upload's plan.
    InvalidParts = "invalid_parts", 400, "The parts do not fit the upload";
    /// The manifest does not fit the upload's packs and size.
    InvalidManifest = "invalid_manifest", 400, "The manifest does not fit the upload";
    /// No session token, or one that has ended.
    Unauthenticated = "unauthenticated", 401, "No valid session";
    /// Unknown user or wrong password; the answer never tells which.
    WrongCredentials = "wrong_credentials", 401, "Unknown user or wrong password";
    /// The present password in a request to change it is wrong; the session goes on.
    WrongPassword = "wrong_password", 403, "The present password is wrong";
    /// Nobody can register: only the operator makes accounts.
    RegistrationClosed = "registration_closed", 403, "Registration is closed";
    /// Registration is by invitation, and there was none, or one that is unknown, used or expired.
    InvitationInvalid = "invitation_invalid", 403, "A valid invitation is needed";
    /// The operator has suspended the account; only who knows its password is told.
    AccountSuspended = "account_suspended", 403, "The account is suspended";
    /// The call did not come through the deployment's own domain name.
    WrongEntrance = "wrong_entrance", 403, "The API is reached through another address";
    /// The account has no room left.
    QuotaExceeded = "quota_exceeded", 403, "The quota does not allow it";
    /// The account has no such upload, file or version.
    NotFound = "not_found", 404, "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    /// The user name has an account already.
    UsernameTaken = "username_taken", 409, "The user name is taken";
    /// The upload is no longer open: aborted, expired, rejected, or all its bytes have arrived.
    UploadEnded = "upload_ended", 409, "The upload has ended";
    /// Bytes or parts have not arrived.
    PartsMissing = "parts_missing", 409, "Parts are missing";
    /// A part in the store differs from the one that the client lists.
    PartMismatch = "part_mismatch", 409, "A part differs from what was sent";
    /// The path has another file.
    PathInUse = "path_in_use", 409, "The path has another file";
    /// The version is pending, was rejected or is a tombstone.
    VersionNotAvailable = "version_not_available", 409, "The version is not available";
    /// Another call changed the same thing at the same time.
    Conflict = "conflict", 409, "The file changed meanwhile";
    /// `If-Match` names a version that is not current.
    PreconditionFailed = "precondition_failed", 412, "The file has another version";
    /// The request body is over 1 MiB.
    BodyTooLarge = "body_too_large", 413, "The body is too large";
    /// The idempotency key came with another request before.
    IdempotencyKeyReused = "idempotency_key_reused", 422, "The idempotency key belongs to another request";
    /// Too many wrong passwords from this address; the pause grows.
    TooManyAttempts = "too_many_attempts", 429, "Too many wrong passwords";
    /// Too much at once; repeat after a pause.
    TooManyRequests = "too_many_requests", 429, "Too many requests";
    /// Sluice failed; the logs have the reason.
    Internal = "internal", 500, "Internal error";
    /// The blob is being materialized, and the call asked for this status meanwhile; repeat after a pause.
    ContentMaterializing = "content_materializing", 503, "The content is being materialized";
    /// A service that Sluice depends on did not answer; repeat after a pause.
    Unavailable = "unavailable", 503, "Temporarily unavailable";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_back_and_a_new_code_is_unknown() {
        let problem = Problem::new(Code::PathInUse, "b.txt exists", "1-2-3");
        let json = serde_json::to_value(&problem).expect("serializable");
        assert_eq!(json["type"], "urn:sluice:problem:path_in_use");
        assert_eq!(json["status"], 409);
        let newer = json.to_string().replace("path_in_use", "from_the_future");
        let read: Problem = serde_json::from_str(&newer).expect("readable");
        assert_eq!(read.code, Code::Unknown);
    }
}
