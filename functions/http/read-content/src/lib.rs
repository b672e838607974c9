//! Answers how to read a version: with a redirect to its bytes, or with a plan of its chunks.

mod app;
mod content;
pub mod cursor;
pub mod disposition;
mod plan;
mod requested;

use http::Method;
use sluice_lambda::{Call, Failure, Reply};
use std::sync::Arc;

pub use app::App;

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    match (&call.method, &*call.segments()) {
        (&Method::GET | &Method::HEAD, ["files", id, "content"]) => content::redirect(&app, &call, id).await,
        (&Method::GET, ["files", id, "plan"]) => plan::plan(&app, &call, id).await,
        _ => Err(call.no_route()),
    }
}
