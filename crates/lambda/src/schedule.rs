//! Runs a task as a Lambda function at every tick of a schedule.

use futures::FutureExt;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::Value;
use sluice_deployment::clock;
use sluice_domain::time::Timestamp;
use sluice_storage::trace;
use std::sync::Arc;
use tracing::Instrument as _;

use crate::StartError;

/// Runs `run` at every tick until Lambda ends the process. If it fails, Lambda repeats the tick.
pub async fn serve<App, Run, E>(app: App, run: fn(Arc<App>, Timestamp) -> Run) -> Result<(), StartError>
where
    App: Send + Sync + 'static,
    Run: Future<Output = Result<(), E>> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let app = Arc::new(app);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        // Boxed: the compiler cannot handle a whole run as one future.
        let run = run(app.clone(), clock::now()).boxed();
        let Context { request_id, xray_trace_id: trace_id, .. } = event.context;
        let span = tracing::info_span!("tick", request_id, trace_id);
        trace::scope(trace_id, async move { run.await.map_err(Error::from) }.instrument(span))
    }))
    .await
}
