//! Finds out which service of AWS a request is for.

use http::request::Parts;

use crate::scope::Scope;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    DynamoDb,
    Sqs,
    S3,
    /// A call of an HTTP API, which its client does not sign.
    Api,
    /// All that has no rules here, such as `CloudFormation` and STS.
    Other,
}

impl Service {
    pub(crate) fn of(request: &Parts) -> Self {
        let target = request.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        match target.and_then(|target| target.split('.').next()) {
            Some(target) if target.starts_with("DynamoDB_") => return Self::DynamoDb,
            Some("AmazonSQS") => return Self::Sqs,
            _ => {}
        }
        match Scope::of(request) {
            Some(scope) if scope.service == "s3" => Self::S3,
            None if is_api(request) => Self::Api,
            _ => Self::Other,
        }
    }
}

/// Whether the host is that of an HTTP API: `{id}.execute-api.…`.
fn is_api(request: &Parts) -> bool {
    let host = request.headers.get("host").and_then(|host| host.to_str().ok());
    host.is_some_and(|host| host.contains(".execute-api."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_scope_and_host_tell_the_service() {
        let signed = |service| format!("AWS4-HMAC-SHA256 Credential=A/1/us-east-1/{service}/aws4_request");
        let of = |name: &str, value: &str| {
            Service::of(&http::Request::post("/").header(name, value).body(()).unwrap().into_parts().0)
        };
        assert_eq!(of("x-amz-target", "DynamoDB_20120810.GetItem"), Service::DynamoDb);
        assert_eq!(of("x-amz-target", "AmazonSQS.SendMessage"), Service::Sqs);
        assert_eq!(of("authorization", &signed("s3")), Service::S3);
        assert_eq!(of("authorization", &signed("cloudformation")), Service::Other);
        assert_eq!(of("host", "a1.execute-api.localhost:4566"), Service::Api);
        assert_eq!(of("host", "127.0.0.1:4566"), Service::Other);
    }
}
