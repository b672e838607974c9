//! Tests presigned URLs, sent without credentials.

use bytes::Bytes;
use reqwest::Method;
use sluice_domain::hash::Sha256;
use sluice_domain::time::Timestamp;
use sluice_storage::StorageError;
use sluice_storage::presign::{PresignedUrl, PutOf, SignedBody, Validity};
use std::time::Duration;

use super::finding::TrialOutcome;
use super::trial::{Answer, Trial};

/// How long ago the expired URL expired, and how long it was valid.
const HALF_AN_HOUR: Duration = Duration::from_mins(30);

/// Whether presigned URLs work only as they were signed, and only until they expire.
pub(super) async fn presigned_urls(trial: &Trial) -> TrialOutcome {
    match try_urls(trial).await {
        Ok(found) => found,
        failed => TrialOutcome::of_success(failed),
    }
}

async fn try_urls(trial: &Trial) -> Result<TrialOutcome, StorageError> {
    let validity = Trial::validity();
    let body = trial.body.clone();
    let read = trial.bucket.presign_read(&trial.object(), validity).await?;
    let sent = trial.send(Method::GET, &read, None, Bytes::new()).await?;
    let put = presign_put(trial, "sent", &trial.sha256()).await?;
    let put_answer = trial.send(Method::PUT, &put, None, body).await?;
    let found = read_as_signed(&sent, &trial.body).and(succeeded(&put_answer, "a good URL for PUT"));
    let another = read.url.replacen("/object?", "/another?", 1);
    let elsewhere = trial.send(Method::GET, &read, Some(&another), Bytes::new()).await?;
    let found = found.and(refused(&elsewhere, "a URL for one object reads another"));
    let mut changed = presign_put(trial, "changed", &trial.sha256()).await?;
    let other = trial.other_body();
    changed.headers.insert("x-amz-checksum-sha256".to_owned(), Sha256::of(&other).to_base64());
    let changed = trial.send(Method::PUT, &changed, None, other).await?;
    let found = found.and(refused(&changed, "a signed header can be changed"));
    let early = hour_before(validity.from);
    let past = Validity { from: early, until: early.after(HALF_AN_HOUR) };
    let expired = trial.bucket.presign_read(&trial.object(), past).await?;
    let expired = trial.send(Method::GET, &expired, None, Bytes::new()).await?;
    let found = found.and(refused(&expired, "a URL works after it expired"));
    let deleted = trial.send(Method::DELETE, &read, None, Bytes::new()).await?;
    Ok(found.and(refused(&deleted, "a URL for reading deletes")))
}

fn hour_before(now: Timestamp) -> Timestamp {
    let hour = 2 * HALF_AN_HOUR.as_millis() as u64;
    Timestamp::from_unix_milliseconds(now.unix_milliseconds().saturating_sub(hour))
}

/// Whether the store refuses a body that does not have the signed SHA-256.
pub(super) async fn verified_checksums(trial: &Trial) -> TrialOutcome {
    let attempt = async {
        let put = presign_put(trial, "other", &trial.sha256()).await?;
        let right = trial.send(Method::PUT, &put, None, trial.body.clone()).await?;
        Ok((right.status, trial.send(Method::PUT, &put, None, trial.other_body()).await?))
    };
    match attempt.await {
        Ok((200..300, other)) => {
            refused(&other, "a body with another SHA-256 than the signed one is accepted")
        }
        // The store refuses even the right body, so the trial shows nothing.
        Ok((status, _)) => TrialOutcome::Unknown(format!("the right body gets status {status}")),
        Err(error) => TrialOutcome::of_success::<()>(Err(error)),
    }
}

async fn presign_put(trial: &Trial, name: &str, sha256: &Sha256) -> Result<PresignedUrl, StorageError> {
    let key = trial.key(name);
    let body = SignedBody { size_bytes: trial.body.len() as u64, sha256: Some(sha256) };
    trial.bucket.presign_put(&key, body, PutOf::AnyObject, Trial::validity()).await
}

fn read_as_signed(answer: &Answer, body: &Bytes) -> TrialOutcome {
    if answer.status == 200 && answer.body != body {
        return TrialOutcome::No("a good URL for GET reads other bytes".to_owned());
    }
    succeeded(answer, "a good URL for GET")
}

fn succeeded(answer: &Answer, what: &str) -> TrialOutcome {
    match answer.status {
        200..300 => TrialOutcome::Yes,
        500.. => TrialOutcome::Unknown(format!("{what} gets status {}", answer.status)),
        status => TrialOutcome::No(format!("{what} gets status {status}")),
    }
}

fn refused(answer: &Answer, what: &str) -> TrialOutcome {
    match answer.status {
        400..500 => TrialOutcome::Yes,
        500.. => TrialOutcome::Unknown(format!("testing whether {what}: status {}", answer.status)),
        status => TrialOutcome::No(format!("{what} (status {status})")),
    }
}
