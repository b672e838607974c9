//! Checks that the capabilities in the code match what the stores do.

use sluice_storage::stores::Capability;

use crate::findings::{StoreFindings, findings};

const URLS: &str = "Presigned URLs";
const REFUSALS: &str = "Presigned URLs used otherwise than signed: status of the refusal";

/// The uses of URLs that readers and uploaders need.
const USES: [&str; 7] = [
    "PUT",
    "PUT of a part",
    "GET",
    "GET of a range",
    "HEAD",
    "GET: `response-content-disposition`",
    "GET: `response-content-type`",
];
/// The misuses of URLs that a store must refuse.
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

impl StoreFindings {
    fn is(&self, section: &'static str, name: &'static str, word: &str) -> bool {
        self.observations[&(section, name)] == word
    }

    fn refuses(&self, section: &'static str, name: &'static str) -> bool {
        let word = &self.observations[&(section, name)];
        word.len() == 3 && word.starts_with('4')
    }

    /// Whether the observations show a capability.
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
            // CopyObject only: an object that is large enough for UploadPartCopy was uploaded in parts, so no
            // URL can replace it.
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
fn every_kind_of_store_has_exactly_its_declared_capabilities() {
    let mut wrong = Vec::new();
    for store in findings() {
        for capability in Capability::ALL {
            let declared = capability.is_known_of(store.kind);
            let observed = store.has(capability);
            if declared != observed {
                wrong.push(format!("{}: {capability} is {observed}, not {declared}", store.label));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
