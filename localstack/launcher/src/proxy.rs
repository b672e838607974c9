//! Serves the API and the page at a plain address.
//!
//! The emulator recognises an API by its host name, `{api_id}.execute-api.localhost`, which not every
//! resolver knows. The proxy forwards requests under that name, streams bodies both ways and changes nothing
//! else.

use std::net::{Ipv4Addr, SocketAddr};

use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http::uri::{self, PathAndQuery};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

use crate::page::PageFiles;
use crate::response::{BoxedResponse, boxed};

/// Headers of a single connection (RFC 9110, section 7.6.1), which a proxy does not forward.
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

#[derive(Clone)]
struct Upstream {
    client: Client<HttpConnector, Incoming>,
    authority: uri::Authority,
    host: HeaderValue,
    page: Option<PageFiles>,
}

/// Serves `listener` until the task is dropped or aborted.
pub(crate) async fn serve(
    listener: TcpListener,
    emulator_port: u16,
    api_id: String,
    page: Option<PageFiles>,
) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, emulator_port));
    let host = format!("{api_id}.execute-api.localhost:{emulator_port}");
    let upstream = Upstream {
        client: Client::builder(TokioExecutor::new()).build_http(),
        authority: uri::Authority::try_from(address.to_string()).expect("a socket address is an authority"),
        host: HeaderValue::try_from(host).expect("an API's id is alphanumeric"),
        page,
    };
    loop {
        // A failed accept (too many open files) affects that connection only.
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_connection(stream, upstream.clone()));
        }
    }
}

async fn serve_connection(stream: TcpStream, upstream: Upstream) {
    let service = service_fn(|request| {
        let upstream = upstream.clone();
        async move { Ok::<_, std::convert::Infallible>(respond(request, upstream).await) }
    });
    // It fails when the client hangs up, which is nothing to report.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(request: Request<Incoming>, upstream: Upstream) -> BoxedResponse {
    match &upstream.page {
        Some(page) if PageFiles::serves(request.uri().path()) => page.serve(request).await,
        _ => forward(request, upstream).await,
    }
}

async fn forward(mut request: Request<Incoming>, upstream: Upstream) -> BoxedResponse {
    let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    let target = Uri::builder().scheme("http").authority(upstream.authority).path_and_query(path).build();
    *request.uri_mut() = target.expect("its three parts are valid");
    remove_hop_by_hop(request.headers_mut());
    request.headers_mut().insert(header::HOST, upstream.host);
    match upstream.client.request(request).await {
        Ok(mut response) => {
            remove_hop_by_hop(response.headers_mut());
            response.map(boxed)
        }
        Err(error) => unreachable_upstream(&error.to_string()),
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

fn unreachable_upstream(reason: &str) -> BoxedResponse {
    let problem = serde_json::json!({
        "type": "about:blank",
        "title": "Bad Gateway",
        "status": 502,
        "detail": reason,
        "code": "emulator_unreachable",
    });
    let mut response = Response::new(boxed(Full::from(problem.to_string())));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    let content_type = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
