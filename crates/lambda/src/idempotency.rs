//! Recognises the repeat of a call by its idempotency key.

use sluice_contracts::files::VersionView;
use sluice_contracts::problem::Code;
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;
use sluice_domain::idempotency::{AnsweredVersion, CALL_MEMORY, Effect, RememberedCall};
use sluice_storage::Tables;

use crate::call::Call;
use crate::failure::Failure;

/// The idempotency key of a call, and the request that it stands for.
#[derive(Debug, Clone, Copy)]
pub struct IdempotencyKey {
    key_sha256: Sha256,
    request_sha256: Sha256,
    expires_at: u64,
}

impl IdempotencyKey {
    /// The key that the client sent, if it sent one. The same key of another account is another key.
    pub fn of(call: &Call, account_id: AccountId) -> Result<Option<Self>, Failure> {
        let Some(key) = call.idempotency_key()? else { return Ok(None) };
        let condition = call.if_match()?.map(|version| version.to_string()).unwrap_or_default();
        let request = format!("{} {}\n{condition}\n", call.method, call.path);
        Ok(Some(Self {
            key_sha256: Sha256::of(&[account_id.as_bytes().as_slice(), key.as_bytes()].concat()),
            request_sha256: Sha256::of(&[request.as_bytes(), &call.body].concat()),
            expires_at: call.now.after(CALL_MEMORY).unix_seconds(),
        }))
    }

    /// The row that remembers the call. It is written with the effect, in one transaction.
    pub fn remembered(&self, effect: Effect) -> RememberedCall {
        let Self { key_sha256, request_sha256, expires_at } = *self;
        RememberedCall { key_sha256, request_sha256, effect, expires_at }
    }
}

/// What the first call with this key did, if this one is a repeat.
///
/// Read it after everything that the call decides by: whoever has seen the first call's effect then finds the
/// call too.
///
/// # Errors
/// `idempotency_key_reused` if the first call was another request.
pub async fn first_effect(tables: &Tables, key: Option<&IdempotencyKey>) -> Result<Option<Effect>, Failure> {
    let Some(key) = key else { return Ok(None) };
    let Some(first) = tables.remembered_call(&key.key_sha256).await? else { return Ok(None) };
    if first.request_sha256 != key.request_sha256 {
        let detail = "the idempotency key was used for another request; use a new key for a new request";
        return Err(Failure::new(Code::IdempotencyKeyReused, detail));
    }
    Ok(Some(first.effect))
}

/// What the first call did, after this one has met it.
pub async fn met_effect(tables: &Tables, key: Option<&IdempotencyKey>) -> Result<Effect, Failure> {
    let met = first_effect(tables, key).await?;
    met.ok_or_else(|| Failure::new(Code::Conflict, "the first call is no longer remembered; read again"))
}

/// The version as the first call answered it.
pub async fn answered_version(tables: &Tables, answered: AnsweredVersion) -> Result<VersionView, Failure> {
    let version = tables.version(answered.file_id, answered.version_id).await?;
    let version = version.ok_or_else(|| Failure::not_found("version"))?;
    Ok(VersionView::new(version, answered.path))
}
