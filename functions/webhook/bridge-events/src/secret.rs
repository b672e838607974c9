//! Checks the secret that a store sends.

use http::header::AUTHORIZATION;
use sluice_contracts::problem::Code;
use sluice_domain::hash::Sha256;
use sluice_lambda::{Call, Failure};
use subtle::ConstantTimeEq as _;

/// The query parameter with the secret, for stores that can only be configured with a URL.
const PARAMETER: &str = "token";

/// The SHA-256 of the secret, which does not suffice to call the webhook.
#[derive(Debug, Clone, Copy)]
pub struct WebhookSecret(Sha256);

impl WebhookSecret {
    pub fn new(sha256: Sha256) -> Self {
        Self(sha256)
    }

    /// Checks that a call contains the secret.
    ///
    /// # Errors
    /// `unauthenticated`, the same for no secret and a wrong one.
    pub fn check(self, call: &Call) -> Result<(), Failure> {
        let sent = sent_secret(call).map(|secret| Sha256::of(secret.as_bytes()));
        match sent {
            Some(sha256) if sha256.as_bytes().ct_eq(self.0.as_bytes()).into() => Ok(()),
            _ => Err(Failure::new(
                Code::Unauthenticated,
                "send the webhook's secret, as `Authorization: Bearer <secret>` or as `?token=<secret>`",
            )),
        }
    }
}

/// The secret in `Authorization`, or else in the parameter. Some versions of MinIO send it without the scheme
/// `Bearer`.
fn sent_secret(call: &Call) -> Option<&str> {
    let secret = match call.headers.get(AUTHORIZATION) {
        Some(value) => without_scheme(value.to_str().ok()?),
        None => parameter(call)?,
    };
    (!secret.is_empty()).then_some(secret)
}

fn without_scheme(value: &str) -> &str {
    match value.trim().split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => secret.trim(),
        _ => value.trim(),
    }
}

fn parameter(call: &Call) -> Option<&str> {
    let mut values = call.query.iter().filter(|(name, _)| name == PARAMETER);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, Method};
    use sluice_contracts::route::BridgeEvents;
    use sluice_domain::time::Timestamp;

    const SECRET: &str = "a27d0f5e5bd1c1ac";

    fn call(authorization: Option<&[u8]>, query: &[(&str, &str)]) -> Call {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, HeaderValue::from_bytes(value).expect("a header"));
        }
        Call {
            method: Method::POST,
            path: "/webhooks/store-events".to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            headers,
            body: Vec::new(),
            request_id: "test".to_owned(),
            now: Timestamp::from_unix_milliseconds(1),
        }
    }

    fn checked(call: &Call) -> Result<(), Code> {
        WebhookSecret::new(Sha256::of(SECRET.as_bytes())).check(call).map_err(|failure| {
            assert!(!failure.detail.contains(SECRET), "{failure}");
            failure.code
        })
    }

    #[test]
    fn the_secret_is_taken_from_the_header_or_the_query() {
        for header in ["Bearer a27d0f5e5bd1c1ac", "bearer  a27d0f5e5bd1c1ac ", "a27d0f5e5bd1c1ac"] {
            assert_eq!(checked(&call(Some(header.as_bytes()), &[])), Ok(()), "{header}");
        }
        assert_eq!(checked(&call(None, &[("token", SECRET)])), Ok(()));
    }

    #[test]
    fn any_other_secret_is_refused() {
        let headers: [&[u8]; 8] = [
            b"",
            b"Bearer",
            b"Bearer ",
            b"Bearer a27d0f5e5bd1c1a",
            b"Bearer A27D0F5E5BD1C1AC",
            b"Bearer Bearer a27d0f5e5bd1c1ac",
            b"Basic a27d0f5e5bd1c1ac",
            b"a27d0f5e5bd1c1ac\xff",
        ];
        for header in headers {
            assert_eq!(checked(&call(Some(header), &[])), Err(Code::Unauthenticated), "{header:?}");
        }
        let queries: [&[(&str, &str)]; 5] = [
            &[],
            &[("token", "")],
            &[("token", "a27d0f5e5bd1c1ac ")],
            &[("Token", SECRET)],
            &[("token", SECRET), ("token", SECRET)],
        ];
        for query in queries {
            assert_eq!(checked(&call(None, query)), Err(Code::Unauthenticated), "{query:?}");
        }
        let contradicting = call(Some(b"Bearer another"), &[("token", SECRET)]);
        assert_eq!(checked(&contradicting), Err(Code::Unauthenticated));
    }

    #[test]
    fn the_hash_of_the_secret_is_not_the_secret() {
        let hash = Sha256::of(SECRET.as_bytes()).to_string();
        assert_eq!(checked(&call(None, &[("token", &hash)])), Err(Code::Unauthenticated));
    }

    #[test]
    fn debug_output_has_no_secret() {
        let headers = [Some(format!("Bearer {SECRET}")), None];
        for header in headers {
            let call = call(header.as_deref().map(str::as_bytes), &[("token", SECRET)]);
            let route = call.route::<BridgeEvents>().expect("a route");
            let shown = format!("{call:?} {route:?}");
            assert!(!shown.contains(SECRET), "{shown}");
        }
    }

    #[test]
    fn an_empty_secret_opens_nothing() {
        let empty = WebhookSecret::new(Sha256::of(b""));
        for call in [call(None, &[]), call(None, &[("token", "")]), call(Some(b"Bearer "), &[])] {
            assert!(empty.check(&call).is_err(), "{call:?}");
        }
    }
}
