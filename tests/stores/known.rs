//! What functions take for known of each kind of store is what the stores do.

use sluice_storage::stores::Capability;

use crate::findings::{Store, findings};

const URLS: &str = "Presigned URLs";
const REFUSALS: &str = "Presigned URLs used otherwise than signed: status of the refusal";

/// What the readers and uploaders do with URLs.
const USES: [&str; 7] = [
    "PUT",
    "PUT of a part",
    "GET",
    "GET of a range",
    "HEAD",
    "GET: `response-content-disposition`",
    "GET: `response-content-type`",
];
/// What nobody may do with them.
const MISUSES: [&str; 10] = [
    "shorter body",
    "longer body",
    "longer part",
    "another path",
    "another method",
    "a signed header changed",
    "a signed header left out",
    "a parameter changed",
    "PUT after the end",
    "GET after the end",
];

impl Store {
    fn is(&self, section: &'static str, name: &'static str, word: &str) -> bool {
        self.words[&(section, name)] == word
    }

    fn refuses(&self, section: &'static str, name: &'static str) -> bool {
        let word = &self.words[&(section, name)];
        word.len() == 3 && word.starts_with('4')
    }

    /// Whether it was found to have a capability.
    fn has(&self, capability: Capability) -> bool {
        match capability {
            Capability::PresignedUrls => {
                USES.iter().all(|name| self.is(URLS, name, "yes"))
                    && MISUSES.iter().all(|name| self.refuses(REFUSALS, name))
            }
            Capability::ConditionalRead => {
                self.is("Objects", "GET `If-Match`, right ETag", "yes")
                    && self.is("Objects", "GET `If-Match`, wrong ETag", "conflict")
                    && self.is("Objects", "object replaced between reads: noticed", "yes")
            }
            // Of CopyObject: what is large enough for UploadPartCopy came in parts, and is replaced by no URL.
            Capability::ConditionalCopy => {
                ["CopyObject, wrong `copy-source-if-match`", "CopyObject, source replaced: noticed"]
                    .iter()
                    .all(|name| self.is("Copies on the store's side", name, "conflict"))
            }
            Capability::PartCopy => self.is("Copies on the store's side", "UploadPartCopy of ranges", "yes"),
            Capability::VerifiedChecksums => {
                ["signed `x-amz-checksum-sha256`, wrong body", "the same of a part"]
                    .iter()
                    .all(|name| !self.is("Checksums", name, "stored"))
                    && self.refuses(REFUSALS, "signed SHA-256, wrong body")
            }
            Capability::ConditionalPut => {
                self.is("Conditional writes", "PUT `If-None-Match: *`, new object", "yes")
                    && self.is(
                        "Conditional writes",
                        "PUT `If-None-Match: *`, existing object",
                        "PreconditionFailed",
                    )
            }
            Capability::ForbidOverwrite => {
                self.is("Conditional writes", "`x-oss-forbid-overwrite`, existing object", "conflict")
            }
            Capability::Crc64 => ["`x-oss-hash-crc64ecma` of a PUT", "`x-oss-hash-crc64ecma` of parts"]
                .iter()
                .all(|name| self.is("Checksums", name, "right")),
            Capability::Md5Etag => !self.is("Checksums", "ETag of a PUT is the MD5", "no"),
            Capability::Notifications => self.is("Settings of a bucket", "notifications configured", "yes"),
            Capability::Cors => self.is("Settings of a bucket", "CORS: one origin, no other", "yes"),
        }
    }
}

#[test]
fn what_is_known_of_a_kind_is_what_it_does() {
    let mut wrong = Vec::new();
    for store in findings() {
        for capability in Capability::ALL {
            let (known, found) = (capability.is_known_of(store.kind), store.has(capability));
            if known != found {
                wrong.push(format!("{}: {capability} is {found}, not {known}", store.label));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
