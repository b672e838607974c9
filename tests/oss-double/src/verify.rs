//! Verifies a request's signature and time.

use http::HeaderMap;
use sluice_s3_protocol::uri::encode_path;
use sluice_s3_protocol::{Claim, Failure};
use time::{Duration, OffsetDateTime};

use crate::clock::parse_signing_time;
use crate::request::Request;
use crate::settings::Account;
use crate::sigv4::{Canonical, SigningKey, canonical_value};

/// How far a client's clock may differ from the double's.
const GREATEST_SKEW: Duration = Duration::minutes(15);

/// The verified signature of a request.
pub(crate) struct Verified {
    pub key: SigningKey,
    /// `20130524T000000Z`.
    pub signing_time: String,
    pub signature: String,
    /// The value of `x-amz-content-sha256`, or `UNSIGNED-PAYLOAD` for a presigned request without it.
    pub payload: String,
}

/// Verifies the signature in the header or in the query. Fails with 403 `AccessDenied` if there is none, if
/// it has expired, or if a relevant header is not signed; with 403 `InvalidAccessKeyId`,
/// `SignatureDoesNotMatch` or `RequestTimeTooSkewed`; and with 400 if it is malformed.
pub(crate) fn verify(request: &Request, account: &Account, now: OffsetDateTime) -> Result<Verified, Failure> {
    let anonymous = || Failure::forbidden("AccessDenied", "the request is not signed");
    let claim = Claim::of(request.head())?.ok_or_else(anonymous)?;
    if claim.access_key != account.access_key {
        return Err(Failure::forbidden("InvalidAccessKeyId", "the access key is unknown"));
    }
    check_time(&claim, now)?;
    claim.check_signed_headers(request.head(), &["x-amz-", "x-oss-"])?;
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

fn check_time(claim: &Claim, now: OffsetDateTime) -> Result<(), Failure> {
    let unreadable =
        || Failure::forbidden("AccessDenied", "X-Amz-Date is not a time such as 20130524T000000Z");
    let signed_at = parse_signing_time(&claim.signing_time).ok_or_else(unreadable)?;
    let is_too_old = claim.expires.is_none() && now - signed_at > GREATEST_SKEW;
    if is_too_old || signed_at - now > GREATEST_SKEW {
        let message = "the request's time differs from the store's by more than 15 minutes";
        return Err(Failure::forbidden("RequestTimeTooSkewed", message));
    }
    match claim.expires {
        Some(seconds) if now > signed_at + Duration::seconds(seconds) => {
            Err(Failure::forbidden("AccessDenied", "Request has expired"))
        }
        _ => Ok(()),
    }
}

fn signed_header(name: &str, headers: &HeaderMap) -> (String, String) {
    let values: Vec<_> =
        headers.get_all(name).iter().map(|value| canonical_value(value.as_bytes())).collect();
    (name.to_owned(), values.join(","))
}
