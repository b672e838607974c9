//! Verifies a request's signature and time.

use http::HeaderMap;
use time::{Duration, OffsetDateTime};

use crate::clock::parse_signing_time;
use crate::failure::Failure;
use crate::request::Request;
use crate::settings::Account;
use crate::sigv4::{Canonical, SigningKey, canonical_value};
use crate::uri::encode_path;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far a client's clock may differ from the double's.
const GREATEST_SKEW: Duration = Duration::minutes(15);
/// The maximum lifetime of a presigned URL, in seconds: a week.
const LONGEST_EXPIRY: i64 = 604_800;

/// The verified signature of a request.
pub(crate) struct Verified {
    pub key: SigningKey,
    /// `20130524T000000Z`.
    pub signing_time: String,
    pub signature: String,
    /// The value of `x-amz-content-sha256`, or `UNSIGNED-PAYLOAD` for a presigned request without it.
    pub payload: String,
}

/// The signature that a request claims.
struct Claim {
    access_key: String,
    /// The scope without the access key: `20130524/us-east-1/s3/aws4_request`.
    scope: String,
    signed_headers: Vec<String>,
    signature: String,
    signing_time: String,
    /// The lifetime in seconds, for presigned requests only.
    expires: Option<i64>,
    payload: String,
}

/// Verifies the signature in the header or in the query. Fails with 403 `AccessDenied` if there is none, if
/// it has expired, or if a relevant header is not signed; with 403 `InvalidAccessKeyId`,
/// `SignatureDoesNotMatch` or `RequestTimeTooSkewed`; and with 400 if it is malformed.
pub(crate) fn verify(request: &Request, account: &Account, now: OffsetDateTime) -> Result<Verified, Failure> {
    let claim = if request.query.has("X-Amz-Algorithm") {
        Claim::from_query(request).ok_or_else(|| malformed("AuthorizationQueryParametersError"))?
    } else {
        Claim::from_header(request)?
    };
    if claim.access_key != account.access_key {
        return Err(Failure::forbidden("InvalidAccessKeyId", "the access key is unknown"));
    }
    claim.check_time(now)?;
    claim.check_signed_headers(&request.headers)?;
    let day = claim.signing_time.get(..8).unwrap_or("");
    let key = SigningKey::new(&account.secret_key, day, &account.region);
    let (path, query) =
        (encode_path(&format!("/{}", request.key())), request.query.without("X-Amz-Signature"));
    let headers: Vec<_> =
        claim.signed_headers.iter().map(|name| signed_header(name, &request.headers)).collect();
    let canonical = Canonical {
        method: request.method.as_str(),
        path: &path,
        query: &query.to_canonical(),
        headers: &headers,
        payload: &claim.payload,
    };
    if claim.scope != key.scope || key.sign(&claim.signing_time, &canonical) != claim.signature {
        let message = "the signature does not match the request, the secret key and the region";
        return Err(Failure::forbidden("SignatureDoesNotMatch", message));
    }
    Ok(Verified { key, signing_time: claim.signing_time, signature: claim.signature, payload: claim.payload })
}

impl Claim {
    fn from_header(request: &Request) -> Result<Self, Failure> {
        let anonymous = || Failure::forbidden("AccessDenied", "the request is not signed");
        let header = request.header("authorization").ok_or_else(anonymous)?;
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
        let missing = || Failure::invalid_argument("x-amz-content-sha256 is missing");
        let payload = request.header("x-amz-content-sha256").ok_or_else(missing)?.to_owned();
        Ok(Self { payload, ..claim })
    }

    fn from_query(request: &Request) -> Option<Self> {
        let (access_key, scope) = request.query.get("X-Amz-Credential")?.split_once('/')?;
        let expires = request.query.get("X-Amz-Expires")?.parse().ok()?;
        if request.query.get("X-Amz-Algorithm")? != ALGORITHM || !(1..=LONGEST_EXPIRY).contains(&expires) {
            return None;
        }
        Some(Self {
            access_key: access_key.to_owned(),
            scope: scope.to_owned(),
            signed_headers: request.query.get("X-Amz-SignedHeaders")?.split(';').map(str::to_owned).collect(),
            signature: request.query.get("X-Amz-Signature")?.to_owned(),
            signing_time: request.query.get("X-Amz-Date")?.to_owned(),
            expires: Some(expires),
            payload: request.header("x-amz-content-sha256").unwrap_or("UNSIGNED-PAYLOAD").to_owned(),
        })
    }

    fn check_time(&self, now: OffsetDateTime) -> Result<(), Failure> {
        let unreadable =
            || Failure::forbidden("AccessDenied", "X-Amz-Date is not a time such as 20130524T000000Z");
        let signed_at = parse_signing_time(&self.signing_time).ok_or_else(unreadable)?;
        let is_too_old = self.expires.is_none() && now - signed_at > GREATEST_SKEW;
        if is_too_old || signed_at - now > GREATEST_SKEW {
            let message = "the request's time differs from the store's by more than 15 minutes";
            return Err(Failure::forbidden("RequestTimeTooSkewed", message));
        }
        match self.expires {
            Some(seconds) if now > signed_at + Duration::seconds(seconds) => {
                Err(Failure::forbidden("AccessDenied", "Request has expired"))
            }
            _ => Ok(()),
        }
    }

    /// The host and all headers that S3 or OSS acts on must be signed.
    fn check_signed_headers(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let matters = |name: &str| name == "host" || name.starts_with("x-amz-") || name.starts_with("x-oss-");
        let is_signed = |name: &str| self.signed_headers.iter().any(|signed| signed == name);
        match headers.keys().find(|name| matters(name.as_str()) && !is_signed(name.as_str())) {
            Some(name) => {
                let message = format!("a header is not signed: {name}");
                Err(Failure::forbidden("AccessDenied", message))
            }
            None => Ok(()),
        }
    }
}

fn signed_header(name: &str, headers: &HeaderMap) -> (String, String) {
    let values: Vec<_> =
        headers.get_all(name).iter().map(|value| canonical_value(value.as_bytes())).collect();
    (name.to_owned(), values.join(","))
}

fn malformed(code: &str) -> Failure {
    Failure::bad(code, "the request must be signed with Signature Version 4, for at most a week")
}
