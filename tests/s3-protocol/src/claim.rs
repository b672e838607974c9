//! Reads the signature that a request claims.

use crate::{Failure, Head};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The maximum lifetime of a presigned URL, in seconds: a week.
const LONGEST_EXPIRY: i64 = 604_800;

/// A signature of version 4, in the header or in the query.
pub struct Claim {
    pub access_key: String,
    /// The scope without the access key: `20130524/us-east-1/s3/aws4_request`.
    pub scope: String,
    pub signed_headers: Vec<String>,
    pub signature: String,
    /// `20130524T000000Z`.
    pub signing_time: String,
    /// The lifetime in seconds, for presigned requests only.
    pub expires: Option<i64>,
    /// The value of `x-amz-content-sha256`, or `UNSIGNED-PAYLOAD` for a presigned request without it.
    pub payload: String,
}

impl Claim {
    /// The signature of a request; `None` if it has none. Fails with 400 if it is malformed.
    pub fn of(request: Head<'_>) -> Result<Option<Self>, Failure> {
        if request.query.has("X-Amz-Algorithm") {
            let claim = Self::from_query(request);
            return claim.map(Some).ok_or_else(|| malformed("AuthorizationQueryParametersError"));
        }
        request.header("authorization").map(|header| Self::from_header(request, header)).transpose()
    }

    fn from_header(request: Head<'_>, header: &str) -> Result<Self, Failure> {
        let missing = || Failure::bad("InvalidArgument", "x-amz-content-sha256 is missing");
        let claim = || {
            let fields = header.strip_prefix(ALGORITHM)?.trim_start();
            let field = |name: &str| fields.split(',').find_map(|field| field.trim().strip_prefix(name));
            let (access_key, scope) = field("Credential=")?.split_once('/')?;
            Some(Self {
                access_key: access_key.to_owned(),
                scope: scope.to_owned(),
                signed_headers: field("SignedHeaders=")?.split(';').map(str::to_owned).collect(),
                signature: field("Signature=")?.to_owned(),
                signing_time: request.header("x-amz-date")?.to_owned(),
                expires: None,
                payload: String::new(),
            })
        };
        let claim = claim().ok_or_else(|| malformed("AuthorizationHeaderMalformed"))?;
        let payload = request.header("x-amz-content-sha256").ok_or_else(missing)?.to_owned();
        Ok(Self { payload, ..claim })
    }

    fn from_query(request: Head<'_>) -> Option<Self> {
        let parameter = |name: &str| request.query.get(name);
        let (access_key, scope) = parameter("X-Amz-Credential")?.split_once('/')?;
        let expires = parameter("X-Amz-Expires")?.parse().ok()?;
        if parameter("X-Amz-Algorithm")? != ALGORITHM || !(1..=LONGEST_EXPIRY).contains(&expires) {
            return None;
        }
        Some(Self {
            access_key: access_key.to_owned(),
            scope: scope.to_owned(),
            signed_headers: parameter("X-Amz-SignedHeaders")?.split(';').map(str::to_owned).collect(),
            signature: parameter("X-Amz-Signature")?.to_owned(),
            signing_time: parameter("X-Amz-Date")?.to_owned(),
            expires: Some(expires),
            payload: request.header("x-amz-content-sha256").unwrap_or("UNSIGNED-PAYLOAD").to_owned(),
        })
    }

    /// The host and all headers whose names have one of these prefixes must be signed.
    pub fn check_signed_headers(&self, request: Head<'_>, prefixes: &[&str]) -> Result<(), Failure> {
        let matters = |name: &str| name == "host" || prefixes.iter().any(|prefix| name.starts_with(prefix));
        let is_signed = |name: &str| self.signed_headers.iter().any(|signed| signed == name);
        match request.headers.keys().find(|name| matters(name.as_str()) && !is_signed(name.as_str())) {
            Some(name) => {
                let message =
                    format!("There were headers present in the request which were not signed: {name}");
                Err(Failure::forbidden("AccessDenied", message))
            }
            None => Ok(()),
        }
    }
}

fn malformed(code: &str) -> Failure {
    Failure::bad(code, "the request must be signed with Signature Version 4, for at most a week")
}
