//! Errors as clients see them: problem details (RFC 9457) with a stable code.

use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The body of every answer that is not a success.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// A URI that names the kind of problem: `urn:sluice:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the code means, the same for every occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong this time and what to do about it.
    pub detail: String,
    /// The stable code that programs decide by.
    pub code: Code,
    /// Names the request in the logs.
    pub request_id: String,
}

impl Problem {
    /// The problem with this code.
    pub fn new(code: Code, detail: impl Into<String>, request_id: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:sluice:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code,
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
            /// A code this client is too old to know.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl Code {
            /// Every code a server gives.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ Self::Unknown => "unknown" }
            }

            /// The HTTP status it comes with.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ Self::Unknown => 500 }
            }

            /// What it means.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ Self::Unknown => "Unknown problem" }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
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
    /// The account has no room left.
    QuotaExceeded = "quota_exceeded", 403, "The quota does not allow it";
    /// The account has no such upload, file or version.
    NotFound = "not_found", 404, "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    /// The user name has an account already.
    UsernameTaken = "username_taken", 409, "The user name is taken";
    /// The upload has been aborted, has expired or was rejected.
    UploadEnded = "upload_ended", 409, "The upload has ended";
    /// Bytes or parts have not arrived.
    PartsMissing = "parts_missing", 409, "Parts are missing";
    /// A part the store holds is not the one the client means.
    PartMismatch = "part_mismatch", 409, "A part differs from what was sent";
    /// Another file lies at the path.
    PathInUse = "path_in_use", 409, "A file lies at that path";
    /// The version is pending, was rejected or is a tombstone.
    VersionNotAvailable = "version_not_available", 409, "The version is not available";
    /// Somebody else changed the same thing at the same time.
    Conflict = "conflict", 409, "The file changed meanwhile";
    /// `If-Match` names a version that is not current.
    PreconditionFailed = "precondition_failed", 412, "The file has another version";
    /// The request body is over 1 MiB.
    BodyTooLarge = "body_too_large", 413, "The body is too large";
    /// The idempotency key came with another request before.
    IdempotencyKeyReused = "idempotency_key_reused", 422, "The idempotency key belongs to another request";
    /// Too much at once; repeat after a pause.
    TooManyRequests = "too_many_requests", 429, "Too many requests";
    /// A fault of ours.
    Internal = "internal", 500, "Internal error";
    /// The bytes are being put together, and the call asked for this answer meanwhile; repeat after a pause.
    ContentMaterializing = "content_materializing", 503, "The content is being rebuilt";
    /// A service Sluice builds on did not answer; repeat after a pause.
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
