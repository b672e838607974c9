//! Determines the operation of a request.

use http::Method;
use std::fmt;

use crate::failure::Failure;
use crate::request::Request;

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

/// An operation of OSS's S3-compatible API.
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
    /// Returns the operation of a request. Fails with 501 for operations that OSS does not list as
    /// compatible, such as notifications, tagging, CORS, policies, versioning and lists of uploads, and for
    /// `PostObject`, which OSS has but the double does not support.
    pub(crate) fn of(request: &Request) -> Result<Self, Failure> {
        let found = if request.key.is_some() { of_object(request) } else { of_bucket(request) };
        found.ok_or_else(|| {
            let what =
                subresource(request).map_or_else(|| request.method.to_string(), |name| format!("?{name}"));
            Failure::not_implemented(&what)
        })
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

    /// Whether its answer has `x-oss-hash-crc64ecma`.
    pub(crate) fn answers_crc(self) -> bool {
        use Operation as O;
        matches!(
            self,
            O::PutObject | O::GetObject | O::HeadObject | O::UploadPart | O::CompleteMultipartUpload
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

fn subresource(request: &Request) -> Option<&'static str> {
    SUBRESOURCES.into_iter().find(|name| request.query.has(name))
}

fn of_object(request: &Request) -> Option<Operation> {
    let is_copy = request.headers.contains_key("x-amz-copy-source");
    let in_upload = request.query.has("uploadId");
    let has_part = request.query.has("partNumber");
    let found = match (&request.method, subresource(request), in_upload) {
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
    };
    // A part number without an upload asks for a part of a finished object, which OSS does not have.
    found.filter(|_| in_upload || !has_part)
}

fn of_bucket(request: &Request) -> Option<Operation> {
    match (&request.method, subresource(request)) {
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

    fn operation(method: &str, uri: &str) -> Result<Operation, String> {
        let request = http::Request::builder().method(method).uri(uri).header("host", "bucket.s3.oss");
        let parts = request.body(()).unwrap().into_parts().0;
        Operation::of(&Request::parse(parts, "s3.oss").unwrap()).map_err(|failure| failure.code)
    }

    #[test]
    fn operations_are_distinguished() {
        let cases = [
            ("PUT", "/key", Operation::PutObject),
            ("PUT", "/key?partNumber=1&uploadId=2", Operation::UploadPart),
            ("POST", "/key?uploads", Operation::CreateMultipartUpload),
            ("POST", "/key?uploadId=2", Operation::CompleteMultipartUpload),
            ("DELETE", "/key?uploadId=2", Operation::AbortMultipartUpload),
            ("GET", "/key?uploadId=2", Operation::ListParts),
            ("GET", "/?list-type=2&prefix=a", Operation::ListObjects),
            ("POST", "/?delete", Operation::DeleteObjects),
            ("GET", "/?location", Operation::Settings),
        ];
        for (method, uri, expected) in cases {
            assert_eq!(operation(method, uri), Ok(expected), "{method} {uri}");
        }
    }

    #[test]
    fn incompatible_operations_are_not_implemented() {
        for name in ["notification", "tagging", "cors", "policy", "versioning", "versions", "uploads"] {
            for method in ["GET", "PUT", "DELETE"] {
                assert_eq!(operation(method, &format!("/?{name}")), Err("NotImplemented".to_owned()));
                assert_eq!(operation(method, &format!("/key?{name}")), Err("NotImplemented".to_owned()));
            }
        }
    }
}
