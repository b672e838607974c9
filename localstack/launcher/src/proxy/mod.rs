//! Serves the API and the page at a plain address.
//!
//! The emulator recognises an API by its host name, `{api_id}.execute-api.localhost`, which not every
//! resolver knows. The proxy forwards requests under that name and with the header that the emulator's gate
//! asks for, streams bodies both ways and changes nothing else. The header vouches for a request, so only
//! paths of the API are forwarded.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::handler::Handler as _;
use axum::http::header::{self, HeaderName};
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use tower::Service as _;

use crate::{Error, Keys, page};

/// Headers of a single connection (RFC 9110, section 7.6.1), which a proxy does not forward. `Connection`
/// names others.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The header that the emulator's gate wants of requests that nobody signed. The gate removes it.
const GATE_HEADER: HeaderName = HeaderName::from_static("x-sluice-proxy");

/// The server at the API's address. It ends when this is dropped.
pub(crate) struct Proxy {
    port: u16,
    upstream: Arc<OnceLock<Upstream>>,
    _server: AbortOnDropHandle<io::Result<()>>,
}

impl Proxy {
    /// Serves the `port`, or any free one. Until [`Proxy::open`] every answer is 503: some stores call the
    /// webhook when they are configured, and drop it if nothing answers.
    pub(crate) async fn start(host: Ipv4Addr, port: Option<u16>) -> Result<Self, Error> {
        let wanted = port.unwrap_or(0);
        let bound = TcpListener::bind((host, wanted)).await;
        let listener = bound.map_err(|_| Error::PortBusy { port: wanted, option: "--api-port" })?;
        let port = listener.local_addr().map_err(Error::io("listening for the API"))?.port();
        let upstream = Arc::new(OnceLock::new());
        let server = axum::serve(listener, respond.with_state(upstream.clone()));
        let server = AbortOnDropHandle::new(tokio::spawn(server.into_future()));
        Ok(Self { port, upstream, _server: server })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Begins to serve.
    pub(crate) fn open(&self, upstream: Upstream) {
        self.upstream.get_or_init(|| upstream);
    }
}

/// What is served: the API of an emulator on this machine, and perhaps the page.
pub(crate) struct Upstream {
    client: Client<HttpConnector, Body>,
    authority: Authority,
    host: HeaderValue,
    access_key: HeaderValue,
    page: Option<Router>,
}

impl Upstream {
    pub(crate) fn new(emulator_port: u16, api_id: &str, keys: &Keys, page: Option<Router>) -> Self {
        let authority = format!("{}:{emulator_port}", Ipv4Addr::LOCALHOST);
        let host = format!("{api_id}.execute-api.localhost:{emulator_port}");
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            authority: authority.parse().expect("an address and a port are an authority"),
            host: HeaderValue::try_from(host).expect("an API's id is alphanumeric"),
            access_key: HeaderValue::try_from(&keys.access_key).expect("an access key is text"),
            page,
        }
    }

    async fn forward(&self, mut request: Request) -> Response {
        let path = request.uri().path_and_query().cloned();
        let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
        let target = Uri::builder().scheme("http").authority(self.authority.clone()).path_and_query(path);
        *request.uri_mut() = target.build().expect("its three parts are valid");
        remove_hop_by_hop(request.headers_mut());
        request.headers_mut().insert(header::HOST, self.host.clone());
        request.headers_mut().insert(GATE_HEADER, self.access_key.clone());
        match self.client.request(request).await {
            Ok(mut response) => {
                remove_hop_by_hop(response.headers_mut());
                response.into_response()
            }
            Err(error) => unreachable_emulator(&error.to_string()),
        }
    }
}

async fn respond(State(upstream): State<Arc<OnceLock<Upstream>>>, request: Request) -> Response {
    if !is_named_locally(&request) {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    let Some(upstream) = upstream.get() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    if !page::serves(request.uri().path()) {
        return upstream.forward(request).await;
    }
    match &upstream.page {
        Some(page) => {
            let Ok(response) = page.clone().call(request).await;
            response
        }
        // As the gateway answers.
        None => (StatusCode::NOT_FOUND, r#"{"message":"Not Found"}"#).into_response(),
    }
}

/// Whether the host is an address or a name that always means this machine. A page could have its own name
/// resolve to this machine, but cannot be at an address of it.
fn is_named_locally(request: &Request) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else {
        return false;
    };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok()
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named = headers.get_all(header::CONNECTION).iter().filter_map(|names| names.to_str().ok());
    let named = named.flat_map(|names| names.split(',')).filter_map(|name| name.trim().parse().ok());
    for name in named.chain(HOP_BY_HOP).collect::<Vec<HeaderName>>() {
        headers.remove(name);
    }
}

fn unreachable_emulator(reason: &str) -> Response {
    let problem = serde_json::json!({
        "type": "about:blank",
        "title": "Bad Gateway",
        "status": 502,
        "detail": reason,
        "code": "emulator_unreachable",
    });
    let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
    (StatusCode::BAD_GATEWAY, content_type, problem.to_string()).into_response()
}

#[cfg(test)]
mod tests;
