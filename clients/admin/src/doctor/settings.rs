//! Finds capabilities that show without a trial: checksums, `ETag`s, notifications and CORS.

use reqwest::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use sluice_storage::{ErrorKind, normalise_etag};

use super::finding::TrialOutcome;
use super::trial::Trial;

/// The origin that the preflight request names.
const SOME_ORIGIN: &str = "https://sluice-doctor.invalid";

/// Whether answers carry the right `x-oss-hash-crc64ecma`.
pub(super) fn crc64(trial: &Trial) -> TrialOutcome {
    match trial.head.as_ref().and_then(|head| head.crc64) {
        None => TrialOutcome::No("answers carry no x-oss-hash-crc64ecma".to_owned()),
        Some(crc64) if crc64 == trial.crc64() => TrialOutcome::Yes,
        Some(_) => TrialOutcome::No("x-oss-hash-crc64ecma is not the CRC-64/XZ of the body".to_owned()),
    }
}

/// Whether the `ETag` of a PUT is the MD5 of the body.
pub(super) fn md5_etag(trial: &Trial) -> TrialOutcome {
    if normalise_etag(trial.etag()) == trial.md5() {
        return TrialOutcome::Yes;
    }
    TrialOutcome::No(format!("the ETag {} is not the MD5 of the body", trial.etag()))
}

/// Whether the bucket notifies of new objects.
pub(super) async fn notifications(trial: &Trial) -> TrialOutcome {
    match trial.bucket.notifies().await {
        Ok(true) => TrialOutcome::Yes,
        Ok(false) => TrialOutcome::Unknown("no notification is configured for this bucket".to_owned()),
        Err(error) if error.kind == ErrorKind::Fault => TrialOutcome::No(error.message),
        Err(error) => TrialOutcome::Unknown(error.message),
    }
}

/// Whether CORS rules can be read. The rules are not changed.
pub(super) async fn cors(trial: &Trial) -> TrialOutcome {
    match trial.bucket.cors_rules().await {
        Ok(_) => TrialOutcome::Yes,
        Err(error) if error.kind == ErrorKind::NotFound => {
            let answers = if preflight(trial).await { "answers" } else { "does not answer" };
            TrialOutcome::Unknown(format!("the bucket has no rules, and {answers} a browser's preflight"))
        }
        Err(error) if error.kind == ErrorKind::Fault => TrialOutcome::No(error.message),
        Err(error) => TrialOutcome::Unknown(error.message),
    }
}

/// Whether the bucket answers a preflight request from any origin.
async fn preflight(trial: &Trial) -> bool {
    let Ok(read) = trial.bucket.presign_read(&trial.object(), Trial::validity()).await else { return false };
    let request = trial.http.request(reqwest::Method::OPTIONS, &read.url);
    let request = request.header(ORIGIN, SOME_ORIGIN).header(ACCESS_CONTROL_REQUEST_METHOD, "GET");
    request.send().await.is_ok_and(|answer| answer.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN))
}
