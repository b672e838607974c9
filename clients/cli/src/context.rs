//! What every command needs: the output, the session, a client and the cache.

use crate::api::Api;
use crate::cache::Cache;
use crate::error::Result;
use crate::home::Home;
use crate::output::Output;
use crate::session::{Session, SessionFile};

pub struct Context {
    pub output: Output,
    pub home: Home,
    pub session_file: SessionFile,
}

impl Context {
    /// A client that is logged in.
    pub fn connect(&self) -> Result<(Api, Session)> {
        let (url, session) = self.session_file.session()?;
        Ok((Api::new(url, Some(&session.token))?, session))
    }

    /// The cache of the account. With `no_cache`, one that remembers nothing.
    pub fn cache(&self, api: &Api, session: &Session, no_cache: bool) -> Cache {
        if no_cache {
            return Cache::off(&self.output);
        }
        Cache::open(&self.home.cache_file(), api.url(), session.account_id, &self.output)
    }
}
