//! Tells the operations that OSS's S3-compatible API has.

use sluice_s3_protocol::{Failure, Operation, subresource};

use crate::failure::not_implemented;
use crate::request::Request;

/// Returns the operation of a request. Fails with 501 for operations that OSS does not list as compatible,
/// such as notifications, tagging, CORS, policies, versioning and lists of uploads, and for `PostObject`,
/// which OSS has but the double does not support.
pub(crate) fn operation(request: &Request) -> Result<Operation, Failure> {
    let head = request.head();
    // A part number without an upload asks for a part of a finished object, which OSS does not have.
    let is_of_part = request.query.has("partNumber") && !request.query.has("uploadId");
    Operation::of(head).filter(|_| !is_of_part).ok_or_else(|| {
        let what = subresource(head).map_or_else(|| request.method.to_string(), |name| format!("?{name}"));
        not_implemented(&what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(method: &str, uri: &str) -> Option<String> {
        let request = http::Request::builder().method(method).uri(uri).header("host", "bucket.s3.oss");
        let parts = request.body(()).unwrap().into_parts().0;
        operation(&Request::parse(parts, "s3.oss").unwrap()).err().map(|failure| failure.code)
    }

    #[test]
    fn incompatible_operations_are_not_implemented() {
        let not_implemented = Some("NotImplemented".to_owned());
        for name in ["notification", "tagging", "cors", "policy", "versioning", "versions", "uploads"] {
            for method in ["GET", "PUT", "DELETE"] {
                assert_eq!(refusal(method, &format!("/?{name}")), not_implemented);
                assert_eq!(refusal(method, &format!("/key?{name}")), not_implemented);
            }
        }
        assert_eq!(refusal("GET", "/key?partNumber=1"), not_implemented);
        assert_eq!(refusal("GET", "/key"), None);
    }
}
