//! Determines the operation of a request.

use http::Method;
use std::fmt;

use crate::Head;

/// The parameters that select a subresource instead of the object or bucket itself.
const SUBRESOURCES: [&str; 31] = [
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "tagging",
    "torrent",
    "uploads",
    "versioning",
    "versions",
    "website",
];

/// An operation of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    PutObject,
    CopyObject,
    GetObject,
    HeadObject,
    DeleteObject,
    DeleteObjects,
    CreateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
    ListObjects,
    HeadBucket,
    CreateBucket,
    DeleteBucket,
    /// ACL, lifecycle, logging and location, which are forwarded unchanged.
    Settings,
}

impl Operation {
    /// Returns the operation of a request; `None` if it is none of these.
    pub fn of(request: Head<'_>) -> Option<Self> {
        if request.key.is_some() { of_object(request) } else { of_bucket(request) }
    }

    /// Whether it changes objects or uploads.
    pub fn is_write(self) -> bool {
        use Operation as O;
        let of_object = matches!(self, O::PutObject | O::CopyObject | O::DeleteObject | O::DeleteObjects);
        let of_part = matches!(self, O::UploadPart | O::UploadPartCopy);
        let of_upload =
            matches!(self, O::CreateMultipartUpload | O::CompleteMultipartUpload | O::AbortMultipartUpload);
        of_object || of_part || of_upload
    }

    /// Whether it reads objects, their heads or lists.
    pub fn is_read(self) -> bool {
        use Operation as O;
        matches!(self, O::GetObject | O::HeadObject | O::ListParts | O::ListObjects | O::HeadBucket)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

/// The subresource that a request names.
pub fn subresource(request: Head<'_>) -> Option<&'static str> {
    SUBRESOURCES.into_iter().find(|name| request.query.has(name))
}

fn of_object(request: Head<'_>) -> Option<Operation> {
    let is_copy = request.headers.contains_key("x-amz-copy-source");
    let in_upload = request.query.has("uploadId");
    let has_part = request.query.has("partNumber");
    match (request.method, subresource(request), in_upload) {
        (&Method::GET | &Method::PUT, Some("acl"), false) => Some(Operation::Settings),
        (&Method::POST, Some("uploads"), false) => Some(Operation::CreateMultipartUpload),
        (&Method::PUT, None, true) if has_part && is_copy => Some(Operation::UploadPartCopy),
        (&Method::PUT, None, true) if has_part => Some(Operation::UploadPart),
        (&Method::POST, None, true) => Some(Operation::CompleteMultipartUpload),
        (&Method::DELETE, None, true) => Some(Operation::AbortMultipartUpload),
        (&Method::GET, None, true) => Some(Operation::ListParts),
        (&Method::PUT, None, false) if is_copy => Some(Operation::CopyObject),
        (&Method::PUT, None, false) => Some(Operation::PutObject),
        (&Method::GET, None, false) => Some(Operation::GetObject),
        (&Method::HEAD, None, false) => Some(Operation::HeadObject),
        (&Method::DELETE, None, false) => Some(Operation::DeleteObject),
        _ => None,
    }
}

fn of_bucket(request: Head<'_>) -> Option<Operation> {
    match (request.method, subresource(request)) {
        (&Method::GET | &Method::PUT, Some("acl" | "lifecycle" | "logging"))
        | (&Method::GET, Some("location")) => Some(Operation::Settings),
        (&Method::POST, Some("delete")) => Some(Operation::DeleteObjects),
        (&Method::GET, None) => Some(Operation::ListObjects),
        (&Method::HEAD, None) => Some(Operation::HeadBucket),
        (&Method::PUT, None) => Some(Operation::CreateBucket),
        (&Method::DELETE, None) => Some(Operation::DeleteBucket),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uri::Query;
    use http::HeaderMap;

    fn operation(method: &Method, key: Option<&str>, query: &str) -> Option<Operation> {
        let query = Query::parse(query).unwrap();
        Operation::of(Head { method, key, query: &query, headers: &HeaderMap::new() })
    }

    #[test]
    fn operations_are_distinguished() {
        let cases = [
            (Method::PUT, Some("key"), "", Operation::PutObject),
            (Method::PUT, Some("key"), "partNumber=1&uploadId=2", Operation::UploadPart),
            (Method::POST, Some("key"), "uploads", Operation::CreateMultipartUpload),
            (Method::POST, Some("key"), "uploadId=2", Operation::CompleteMultipartUpload),
            (Method::DELETE, Some("key"), "uploadId=2", Operation::AbortMultipartUpload),
            (Method::GET, Some("key"), "uploadId=2", Operation::ListParts),
            (Method::GET, None, "list-type=2&prefix=a", Operation::ListObjects),
            (Method::POST, None, "delete", Operation::DeleteObjects),
            (Method::GET, None, "location", Operation::Settings),
        ];
        for (method, key, query, expected) in cases {
            assert_eq!(operation(&method, key, query), Some(expected), "{method} {key:?} {query}");
        }
    }
}
