//! Runs a handler as a Lambda function behind the HTTP API.

use http::HeaderMap;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Error, Request, RequestExt, Response, service_fn};
use sluice_deployment::clock;
use sluice_storage::trace;
use std::net::IpAddr;
use std::sync::Arc;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::StartError;
use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// Answers calls with `handle` until Lambda ends the process.
pub async fn serve<App, Answer>(app: App, handle: fn(Arc<App>, Call) -> Answer) -> Result<(), StartError>
where
    App: Send + Sync + 'static,
    Answer: Future<Output = Result<Reply, Failure>> + Send + 'static,
{
    let app = Arc::new(app);
    lambda_http::run(service_fn(move |request: Request| {
        let trace_id = request.lambda_context_ref().and_then(|context| context.xray_trace_id.clone());
        let call = read(request);
        let app = app.clone();
        let span = tracing::info_span!("call", request_id = call.request_id, trace_id, account = Empty);
        let answer = async move { answer(call, |call| handle(app, call)).await };
        trace::scope(trace_id, answer.instrument(span))
    }))
    .await
}

async fn answer<Answer>(call: Call, handle: impl FnOnce(Call) -> Answer) -> Result<Response<Body>, Error>
where
    Answer: Future<Output = Result<Reply, Failure>>,
{
    let request_id = call.request_id.clone();
    let method = call.method.clone();
    let path = call.path.clone();
    let forwarded_for = forwarded_for(&call.headers);
    let mut code = None;
    let reply = handle(call).await.unwrap_or_else(|failure| {
        code = Some(failure.code.as_str());
        // The detail may contain file names, which belong in a debug log only.
        tracing::debug!(detail = failure.detail, "refused");
        Reply::problem(&failure, &request_id)
    });
    tracing::info!(%method, path, status = reply.status().as_u16(), code, forwarded_for, "answered");
    let response = reply.into_response().map_err(Error::from)?;
    Ok(response.map(|body| {
        if body.is_empty() { Body::Empty } else { Body::Text(String::from_utf8_lossy(&body).into_owned()) }
    }))
}

/// The last two addresses that the call came through: the viewer's and `CloudFront`'s, or at last the address
/// that called the API itself. A client can invent the earlier ones. What is no address is left out: where no
/// proxy writes the header, a client could fill the log with it.
fn forwarded_for(headers: &HeaderMap) -> Option<String> {
    let chain = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let chain: Vec<&str> = chain.flat_map(|value| value.split(',')).map(str::trim).collect();
    let last = chain[chain.len().saturating_sub(2)..].iter().filter_map(|entry| entry.parse().ok());
    let last: Vec<String> = last.map(|address: IpAddr| address.to_string()).collect();
    (!last.is_empty()).then(|| last.join(", "))
}

fn read(request: Request) -> Call {
    let request_id = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone().unwrap_or_default(),
        _ => String::new(),
    };
    let query = request.query_string_parameters();
    let query = query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (parts, body) = request.into_parts();
    Call {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query,
        headers: parts.headers,
        body: body.to_vec(),
        request_id,
        now: clock::now(),
    }
}

#[cfg(test)]
mod tests {
    use super::forwarded_for;
    use http::{HeaderMap, HeaderName, HeaderValue};

    #[test]
    fn only_addresses_that_proxies_of_ours_saw_are_logged() {
        let logged = |chain: &'static str| {
            let name = HeaderName::from_static("x-forwarded-for");
            forwarded_for(&HeaderMap::from_iter([(name, HeaderValue::from_static(chain))]))
        };
        assert_eq!(logged("203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(logged("invented,203.0.113.7, 130.176.0.1").as_deref(), Some("203.0.113.7, 130.176.0.1"));
        assert_eq!(logged("203.0.113.7, not an address").as_deref(), Some("203.0.113.7"));
        assert_eq!(logged("2001:db8::1, 130.176.0.1").as_deref(), Some("2001:db8::1, 130.176.0.1"));
        assert_eq!(logged("invented"), None);
        assert_eq!(forwarded_for(&HeaderMap::new()), None);
    }
}
