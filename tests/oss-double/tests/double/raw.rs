//! Handmade requests, signed by the SDK's signer, which shares no code with the double.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use sha2::{Digest as _, Sha256};
use std::time::{Duration, SystemTime};

use crate::support::{BUCKET, Setup};

/// A request that is not signed yet.
#[derive(Clone)]
pub struct Raw {
    pub method: &'static str,
    pub bucket: String,
    /// The encoded path and query.
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    pub access_key: &'static str,
    pub secret_key: &'static str,
    pub region: &'static str,
    /// The value of `x-amz-content-sha256`, if it is not the body's.
    pub payload: Option<&'static str>,
}

/// The double's answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Raw {
    pub fn new(method: &'static str, path: &str) -> Self {
        Self {
            method,
            bucket: BUCKET.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            access_key: "oss-test",
            secret_key: "oss-test-secret",
            region: "oss-test-1",
            payload: None,
        }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Signs the request in its headers and sends it.
    pub async fn send(self, setup: &Setup) -> Reply {
        send(setup, self.sign(setup, None)).await
    }

    /// Signs the request in its query, for so many seconds.
    pub fn presign(self, setup: &Setup, seconds: u64) -> http::Request<Full<Bytes>> {
        self.sign(setup, Some(Duration::from_secs(seconds)))
    }

    /// Signs the request in its headers and each of its chunks. The last chunk must be empty.
    pub fn sign_in_chunks(self, setup: &Setup, chunks: &[&[u8]]) -> http::Request<Full<Bytes>> {
        let secret_key = self.secret_key;
        let region = self.region;
        let mut request = self.sign(setup, None);
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        let time = header("x-amz-date");
        let authorization = header("authorization");
        let day = &time[..8];
        let nothing = hex::encode(Sha256::digest(""));
        let secret = format!("AWS4{secret_key}").into_bytes();
        let key = [day, region, "s3", "aws4_request"].iter().fold(secret, |key, text| hmac(&key, text));
        let mut signature = authorization.split_once("Signature=").unwrap().1.to_owned();
        let mut framed = Vec::new();
        for chunk in chunks {
            let hash = hex::encode(Sha256::digest(chunk));
            let scope = format!("{day}/{region}/s3/aws4_request");
            let text = format!("AWS4-HMAC-SHA256-PAYLOAD\n{time}\n{scope}\n{signature}\n{nothing}\n{hash}");
            signature = hex::encode(hmac(&key, &text));
            framed.extend(format!("{:x};chunk-signature={signature}\r\n", chunk.len()).bytes());
            framed.extend(chunk.iter().chain(b"\r\n"));
        }
        *request.body_mut() = Full::from(framed);
        request
    }

    pub fn sign(self, setup: &Setup, expires_in: Option<Duration>) -> http::Request<Full<Bytes>> {
        let host = setup.double.endpoint().replace("http://", &format!("{}.", self.bucket));
        let uri = format!("http://{host}{}", self.path);
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = match (self.payload, expires_in) {
            (Some(payload), _) => SignableBody::Precomputed(payload.to_owned()),
            (None, Some(_)) => SignableBody::UnsignedPayload,
            (None, None) => SignableBody::Bytes(&self.body),
        };
        let signable = SignableRequest::new(self.method, &uri, headers.clone().into_iter(), body).unwrap();
        let identity = Credentials::new(self.access_key, self.secret_key, None, None, "test").into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name("s3")
            .time(now())
            .settings(settings(expires_in))
            .build()
            .unwrap();
        let signature = sign(signable, &parameters.into()).unwrap().into_parts().0;
        let mut request = http::Request::builder().method(self.method).uri(uri).header("host", host);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Full::from(self.body)).unwrap();
        signature.apply_to_request_http1x(&mut request);
        request
    }
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status and S3 code of an error.
    pub fn refusal(&self) -> (u16, String) {
        let body = String::from_utf8_lossy(&self.body);
        let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        (self.status, code.map_or("", |(code, _)| code).to_owned())
    }
}

/// Sends a request to the double, whatever its host name.
pub async fn send(setup: &Setup, request: http::Request<Full<Bytes>>) -> Reply {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    parts.uri = format!("http://{}{path}", setup.double.address()).parse().unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let reply = client.request(http::Request::from_parts(parts, body)).await.unwrap();
    let status = reply.status().as_u16();
    let headers = reply.headers().clone();
    Reply { status, headers, body: reply.into_body().collect().await.unwrap().to_bytes() }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

fn settings(expires_in: Option<Duration>) -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    if expires_in.is_some() {
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = expires_in;
    }
    settings
}

#[expect(clippy::disallowed_methods, reason = "a signature needs the current time")]
fn now() -> SystemTime {
    SystemTime::now()
}
