//! Makes an HTTP client without credentials, for presigned URLs.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Resolves names under `localhost` to this machine (RFC 6761, section 6.3), which not every system resolver
/// does.
#[derive(Debug, Clone, Copy)]
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let name = name.as_str();
            let found: Addrs = if name == "localhost" || name.ends_with(".localhost") {
                Box::new([SocketAddr::from((Ipv4Addr::LOCALHOST, 0))].into_iter())
            } else {
                Box::new(tokio::net::lookup_host((name, 0)).await?.collect::<Vec<_>>().into_iter())
            };
            Ok(found)
        })
    }
}

/// The client follows no redirects: a presigned URL is for one host.
pub fn http_client() -> Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .dns_resolver(Arc::new(Resolver))
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build();
    client.map_err(|error| Error::Unreachable(error.to_string()))
}
