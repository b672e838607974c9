//! Answers how to read a version: with a redirect to its bytes, or with a plan of its chunks.

mod app;
mod content;
pub mod disposition;
mod plan;
mod requested;

use sluice_contracts::route::{Query, ReadContent};
use sluice_lambda::{Call, Failure, Reply};
use std::sync::Arc;

pub use app::App;

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    match call.route()? {
        ReadContent::GetContent(id, Query(parameters)) | ReadContent::HeadContent(id, Query(parameters)) => {
            content::redirect(&app, &call, id, parameters).await
        }
        ReadContent::GetPlan(id, Query(parameters)) => plan::plan(&app, &call, id, parameters).await,
    }
}
