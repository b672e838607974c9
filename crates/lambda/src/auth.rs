//! Finds the session of a call, by the token in `Authorization` or in the cookie of a same-origin page.

use http::header::{self, AUTHORIZATION};
use sluice_contracts::problem::Code;
use sluice_domain::session::{Session, SessionKey};
use sluice_storage::Tables;
use std::time::Duration;

use crate::call::Call;
use crate::failure::Failure;

/// With this prefix, browsers accept the cookie only from the origin itself, with `Secure` and for all paths.
const COOKIE: &str = "__Host-sluice-session";

/// The token of a call.
///
/// # Errors
/// `unauthenticated` if the call has none.
pub fn token(call: &Call) -> Result<&str, Failure> {
    let token =
        if call.headers.contains_key(AUTHORIZATION) { bearer_token(call) } else { cookie_token(call) };
    token.ok_or_else(unauthenticated)
}

/// The value of `Set-Cookie` that stores a token in a browser, where neither scripts nor other sites can read
/// it.
pub fn cookie(token: &str, life: Duration) -> String {
    format!("{COOKIE}={token}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Strict", life.as_secs())
}

/// The value of `Set-Cookie` that removes the token from a browser.
pub fn no_cookie() -> String {
    cookie("", Duration::ZERO)
}

fn bearer_token(call: &Call) -> Option<&str> {
    let (scheme, token) = call.header(AUTHORIZATION.as_str()).ok()??.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Whether the browser says that a page of the API's own origin makes the call. Only then are cookies
/// trusted, because browsers send them for pages of other sites too.
pub fn is_same_origin(call: &Call) -> bool {
    call.header("sec-fetch-site").ok().flatten() == Some("same-origin")
}

fn cookie_token(call: &Call) -> Option<&str> {
    if !is_same_origin(call) {
        return None;
    }
    let cookies = call.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, token)| (name == COOKIE && !token.is_empty()).then_some(token))
}

/// Loads the session of a call.
///
/// # Errors
/// `unauthenticated` if there is none or it has ended.
pub async fn session(tables: &Tables, call: &Call) -> Result<Session, Failure> {
    let key = SessionKey::of_token(token(call)?).ok_or_else(unauthenticated)?;
    let session = tables.session(&key, call.now).await?.ok_or_else(unauthenticated)?;
    tracing::Span::current().record("account", tracing::field::display(session.account_id));
    Ok(session)
}

fn unauthenticated() -> Failure {
    Failure::new(
        Code::Unauthenticated,
        "log in: send `Authorization: Bearer <token>` with the token of POST /sessions",
    )
}
