//! Functions that a schedule starts.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use sluice_domain::time::Timestamp;
use std::sync::Arc;

use crate::{StartError, clock};

/// Runs at every tick until Lambda ends the process. An error makes Lambda try the tick again.
pub async fn serve<App, Run, E>(app: App, run: fn(Arc<App>, Timestamp) -> Run) -> Result<(), StartError>
where
    App: Send + Sync + 'static,
    Run: Future<Output = Result<(), E>> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let app = Arc::new(app);
    lambda_runtime::run(service_fn(move |_: LambdaEvent<Value>| {
        let run = run(app.clone(), clock::now());
        async move { run.await.map_err(Error::from) }
    }))
    .await
}
