//! Runs bridge-events as a Lambda function.

use bridge_events::{App, handle};
use sluice_lambda::http::Entrance;
use sluice_lambda::{StartError, http};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let deployment = sluice_lambda::start().await?;
    // Stores call the API itself, and prove themselves by the webhook's secret.
    http::serve(Entrance::default(), App::new(&deployment)?, handle).await
}
