//! Runs a handler as a Lambda function behind the HTTP API.

use lambda_http::request::RequestContext;
use lambda_http::{Body, Error, Request, RequestExt, Response, service_fn};
use sluice_contracts::problem::Code;
use sluice_deployment::{ConfigError, Deployment, clock};
use sluice_domain::hash::Sha256;
use sluice_storage::trace;
use std::net::IpAddr;
use std::sync::Arc;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::StartError;
use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// The header with which the deployment's distribution proves itself.
const ORIGIN_SECRET: &str = "x-sluice-origin-secret";

/// Where calls may come from.
#[derive(Debug, Clone, Copy)]
pub enum Entrance {
    Any,
    /// Only through the distribution, which knows the secret with this SHA-256.
    WithSecret(Sha256),
}

impl Entrance {
    /// The entrance that the settings name.
    pub fn of(deployment: &Deployment) -> Result<Self, ConfigError> {
        let secret = deployment.origin_secret()?;
        Ok(secret.map_or(Self::Any, |secret| Self::WithSecret(Sha256::of(secret.as_bytes()))))
    }

    /// Compares hashes, so that the time tells nothing of the secret.
    fn check(self, call: &Call) -> Result<(), Failure> {
        let Self::WithSecret(secret) = self else { return Ok(()) };
        match call.header(ORIGIN_SECRET)? {
            Some(given) if Sha256::of(given.as_bytes()) == secret => Ok(()),
            _ => Err(Failure::new(Code::WrongEntrance, "call the address of the page, not the API itself")),
        }
    }
}

/// Answers calls with `handle` until Lambda ends the process.
pub async fn serve<App, Answer>(
    entrance: Entrance,
    app: App,
    handle: fn(Arc<App>, Call) -> Answer,
) -> Result<(), StartError>
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
        let admitted = entrance.check(&call);
        let handled = move |call| async move {
            admitted?;
            handle(app, call).await
        };
        let answer = async move { answer(call, handled).await };
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
    let forwarded_for = addresses(&call);
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

fn addresses(call: &Call) -> Option<String> {
    let addresses: Vec<String> = call.forwarded_for().iter().map(IpAddr::to_string).collect();
    (!addresses.is_empty()).then(|| addresses.join(", "))
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
    use super::*;
    use http::{HeaderMap, HeaderName, HeaderValue, Method};
    use sluice_domain::time::Timestamp;

    fn call(name: &'static str, value: &'static str) -> Call {
        let name = HeaderName::from_static(name);
        Call {
            method: Method::GET,
            path: "/".to_owned(),
            query: Vec::new(),
            headers: HeaderMap::from_iter([(name, HeaderValue::from_static(value))]),
            body: Vec::new(),
            request_id: String::new(),
            now: Timestamp::from_unix_milliseconds(0),
        }
    }

    #[test]
    fn only_addresses_that_proxies_of_ours_saw_are_logged() {
        let logged = |chain: &'static str| addresses(&call("x-forwarded-for", chain));
        assert_eq!(logged("203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(logged("invented,203.0.113.7, 130.176.0.1").as_deref(), Some("203.0.113.7, 130.176.0.1"));
        assert_eq!(logged("203.0.113.7, not an address").as_deref(), Some("203.0.113.7"));
        assert_eq!(logged("2001:db8::1, 130.176.0.1").as_deref(), Some("2001:db8::1, 130.176.0.1"));
        assert_eq!(logged("invented"), None);
        assert_eq!(addresses(&call("accept", "*/*")), None);
    }

    #[test]
    fn an_entrance_with_a_secret_is_the_only_one() {
        let entrance = Entrance::WithSecret(Sha256::of(b"the secret"));
        assert_eq!(entrance.check(&call("x-sluice-origin-secret", "the secret")), Ok(()));
        for other in [call("x-sluice-origin-secret", "another"), call("accept", "*/*")] {
            let refused = entrance.check(&other).expect_err("a direct call");
            assert_eq!(refused.code, Code::WrongEntrance);
            assert_eq!(Entrance::Any.check(&other), Ok(()));
        }
    }
}
