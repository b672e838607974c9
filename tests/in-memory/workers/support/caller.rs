//! Calls HTTP functions for the account of a world.

use http::{HeaderMap, HeaderValue, Method, header};
use sluice_deployment::clock;
use sluice_domain::account::Session;
use sluice_domain::hash::Sha256;
use sluice_lambda::Call;

use super::World;

const TOKEN: &str = "t0ken";

/// A session of the world's account.
pub struct Caller {
    headers: HeaderMap,
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
        Self { headers: HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]) }
    }

    /// A GET of a path with these parameters.
    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Call {
        Call {
            method: Method::GET,
            path: path.to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            headers: self.headers.clone(),
            body: Vec::new(),
            request_id: "request".to_owned(),
            now: clock::now(),
        }
    }
}
