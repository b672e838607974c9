//! Reads who signed a request, and for which service.

use http::request::Parts;

/// The credential scope of a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub access_key: String,
    pub region: String,
    /// The signing name, such as `s3` or `execute-api`.
    pub service: String,
}

impl Scope {
    /// `None` if the request is not signed.
    pub(crate) fn of(request: &Parts) -> Option<Self> {
        Self::in_header(request).or_else(|| Self::in_query(request))
    }

    fn in_header(request: &Parts) -> Option<Self> {
        let header = request.headers.get("authorization")?.to_str().ok()?;
        let (_, credential) = header.split_once("Credential=")?;
        Self::parse(credential.split(',').next()?, "/")
    }

    fn in_query(request: &Parts) -> Option<Self> {
        let value = |pair: &'_ str| pair.strip_prefix("X-Amz-Credential=").map(str::to_owned);
        let credential = request.uri.query()?.split('&').find_map(value)?;
        Self::parse(&credential, "/").or_else(|| Self::parse(&credential.to_uppercase(), "%2F"))
    }

    fn parse(credential: &str, separator: &str) -> Option<Self> {
        let mut fields = credential.trim().split(separator).map(str::to_owned);
        let (access_key, _date) = (fields.next()?, fields.next()?);
        let (region, service) = (fields.next()?.to_lowercase(), fields.next()?.to_lowercase());
        Some(Self { access_key, region, service })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(uri: &str, authorization: Option<&str>) -> Option<Scope> {
        let request = http::Request::get(uri);
        let request = match authorization {
            Some(text) => request.header("authorization", text),
            None => request,
        };
        Scope::of(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn header_and_query_name_the_service() {
        let expected = Scope {
            access_key: "AKIA1".to_owned(),
            region: "eu-west-1".to_owned(),
            service: "s3".to_owned(),
        };
        let header =
            "AWS4-HMAC-SHA256 Credential=AKIA1/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host";
        assert_eq!(scope("http://h/", Some(header)).as_ref(), Some(&expected));
        for separator in ["/", "%2F", "%2f"] {
            let credential = ["AKIA1", "20260101", "eu-west-1", "s3", "aws4_request"].join(separator);
            let uri = format!("http://h/k?X-Amz-Date=1&X-Amz-Credential={credential}&X-Amz-Expires=60");
            assert_eq!(scope(&uri, None).as_ref(), Some(&expected));
        }
        assert_eq!(scope("http://h/k?versionId=1", None), None);
    }
}
