//! Sessions at the edge.

use sluice_contracts::problem::Code;
use sluice_domain::account::Session;
use sluice_domain::hash::Sha256;
use sluice_storage::Tables;

use crate::call::Call;
use crate::failure::Failure;

/// The hash of the token that a call carries.
///
/// # Errors
/// `unauthenticated` if there is none.
pub fn token_sha256(call: &Call) -> Result<Sha256, Failure> {
    let value = call.header("authorization").ok().flatten().unwrap_or_default();
    let (scheme, token) = value.split_once(' ').unwrap_or_default();
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(unauthenticated());
    }
    Ok(Sha256::of(token.as_bytes()))
}

/// The session of a call.
///
/// # Errors
/// `unauthenticated` if there is none, or if it has ended.
pub async fn session(tables: &Tables, call: &Call) -> Result<Session, Failure> {
    tables.session(&token_sha256(call)?, call.now).await?.ok_or_else(unauthenticated)
}

fn unauthenticated() -> Failure {
    Failure::new(
        Code::Unauthenticated,
        "send `Authorization: Bearer <token>` with the token of POST /sessions",
    )
}
