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

/// Where calls may come from. By default from anywhere, and none is known to come through a distribution.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entrance {
    /// SHA-256 of the secret that only the distribution knows; none without one.
    secret_sha256: Option<Sha256>,
    refuses_direct_calls: bool,
}

impl Entrance {
    /// The entrance that the settings name.
    pub fn of(deployment: &Deployment) -> Result<Self, ConfigError> {
        let secret = deployment.origin_secret()?;
        Ok(Self {
            secret_sha256: secret.map(|secret| Sha256::of(secret.as_bytes())),
            refuses_direct_calls: deployment.refuses_direct_calls()?,
        })
    }

    /// The address of whoever calls. Proxies append what they see to the header, so that a client can only
    /// invent what is before it.
    pub fn viewer(self, call: &Call) -> Option<IpAddr> {
        call.forwarded_for(usize::from(self.is_through_distribution(call)))
    }

    fn check(self, call: &Call) -> Result<(), Failure> {
        if self.refuses_direct_calls && !self.is_through_distribution(call) {
            return Err(Failure::new(
                Code::WrongEntrance,
                "call the address of the page, not the API itself",
            ));
        }
        Ok(())
    }

    /// Compares hashes, so that the time tells nothing of the secret.
    fn is_through_distribution(self, call: &Call) -> bool {
        let given = call.header(ORIGIN_SECRET).ok().flatten();
        given.is_some_and(|given| self.secret_sha256 == Some(Sha256::of(given.as_bytes())))
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
        let viewer = entrance.viewer(&call);
        let handled = move |call| async move {
            admitted?;
            handle(app, call).await
        };
        let answer = async move { answer(call, viewer, handled).await };
        trace::scope(trace_id, answer.instrument(span))
    }))
    .await
}

async fn answer<Answer>(
    call: Call,
    viewer: Option<IpAddr>,
    handle: impl FnOnce(Call) -> Answer,
) -> Result<Response<Body>, Error>
where
    Answer: Future<Output = Result<Reply, Failure>>,
{
    let request_id = call.request_id.clone();
    let method = call.method.clone();
    let path = call.path.clone();
    let address = viewer.map(tracing::field::display);
    let mut code = None;
    let reply = handle(call).await.unwrap_or_else(|failure| {
        code = Some(failure.code.as_str());
        // The detail may contain file names, which belong in a debug log only.
        tracing::debug!(detail = failure.detail, "refused");
        Reply::problem(&failure, &request_id)
    });
    tracing::info!(%method, path, status = reply.status().as_u16(), code, address, "answered");
    let response = reply.into_response().map_err(Error::from)?;
    Ok(response.map(|body| {
        if body.is_empty() { Body::Empty } else { Body::Text(String::from_utf8_lossy(&body).into_owned()) }
    }))
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
    use http::{HeaderName, HeaderValue, Method};
    use sluice_domain::time::Timestamp;

    const SECRET: &str = "the secret";

    fn entrance(refuses_direct_calls: bool) -> Entrance {
        Entrance { secret_sha256: Some(Sha256::of(SECRET.as_bytes())), refuses_direct_calls }
    }

    fn call(headers: &[(&'static str, &'static str)]) -> Call {
        let headers = headers.iter();
        let headers =
            headers.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        Call {
            method: Method::GET,
            path: "/".to_owned(),
            query: Vec::new(),
            headers: headers.into_iter().collect(),
            body: Vec::new(),
            request_id: String::new(),
            now: Timestamp::from_unix_milliseconds(0),
        }
    }

    #[test]
    fn a_client_cannot_invent_its_address() {
        let viewer = |chain: &'static str, secret: &'static str| {
            let call = call(&[("x-forwarded-for", chain), (ORIGIN_SECRET, secret)]);
            entrance(false).viewer(&call).map(|address| address.to_string())
        };
        let through = |chain| viewer(chain, SECRET);
        assert_eq!(through("203.0.113.7, 130.176.0.1").as_deref(), Some("203.0.113.7"));
        assert_eq!(through("invented,203.0.113.7,130.176.0.1").as_deref(), Some("203.0.113.7"));
        assert_eq!(through("2001:db8::1, 130.176.0.1").as_deref(), Some("2001:db8::1"));
        let direct = |chain| viewer(chain, "another");
        assert_eq!(direct("203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(direct("192.0.2.1, 203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(direct("203.0.113.7, not an address"), None);
        let call = call(&[("x-forwarded-for", "192.0.2.1, 203.0.113.7"), (ORIGIN_SECRET, SECRET)]);
        let viewer = Entrance::default().viewer(&call).expect("an address");
        assert_eq!(viewer.to_string(), "203.0.113.7", "there is no distribution");
    }

    #[test]
    fn direct_calls_are_refused_only_if_the_settings_say_so() {
        assert_eq!(entrance(true).check(&call(&[(ORIGIN_SECRET, SECRET)])), Ok(()));
        for direct in [call(&[(ORIGIN_SECRET, "another")]), call(&[])] {
            let refused = entrance(true).check(&direct).expect_err("a direct call");
            assert_eq!(refused.code, Code::WrongEntrance);
            assert_eq!(entrance(false).check(&direct), Ok(()));
        }
    }
}
