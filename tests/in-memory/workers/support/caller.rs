//! Calls HTTP functions for the account of a world.

use http::{HeaderMap, HeaderValue, Method, header};
use sluice_deployment::clock;
use sluice_domain::account::Session;
use sluice_domain::hash::Sha256;
use sluice_lambda::Call;
use std::sync::atomic::{AtomicU32, Ordering};

use super::World;

const TOKEN: &str = "t0ken";

/// A session of the world's account.
pub struct Caller {
    headers: HeaderMap,
    calls: AtomicU32,
}

impl Caller {
    pub async fn log_in(world: &World) -> Self {
        let session = Session {
            token_sha256: Sha256::of(TOKEN.as_bytes()),
            account_id: world.account_id,
            username: world.account.username.clone(),
            expires_at: u64::MAX,
        };
        world.tables.create_session(&session).await.expect("a session");
        let bearer = HeaderValue::try_from(format!("Bearer {TOKEN}")).expect("a value");
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]);
        Self { headers, calls: AtomicU32::new(0) }
    }

    /// The same session with a preference (RFC 7240).
    pub fn preferring(mut self, preference: &'static str) -> Self {
        self.headers.insert("prefer", HeaderValue::from_static(preference));
        self
    }

    /// A GET of a path with these parameters.
    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Call {
        Call {
            method: Method::GET,
            path: path.to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            headers: self.headers.clone(),
            body: Vec::new(),
            request_id: format!("request-{}", self.calls.fetch_add(1, Ordering::Relaxed)),
            now: clock::now(),
        }
    }
}
