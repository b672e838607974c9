//! Calls HTTP functions for the account of a world.

use http::{HeaderMap, HeaderValue, Method, header};
use sluice_deployment::clock;
use sluice_in_memory::sample;
use sluice_lambda::Call;
use std::sync::atomic::{AtomicU32, Ordering};

use super::World;

/// A session of the world's account.
pub struct Caller {
    headers: HeaderMap,
    calls: AtomicU32,
}

impl Caller {
    pub async fn log_in(world: &World) -> Self {
        let token = sample::log_in(&world.tables, &world.account).await;
        let bearer = HeaderValue::try_from(format!("Bearer {token}")).expect("a value");
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
