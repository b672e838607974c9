//! Runs query-files as a Lambda function.

use query_files::{App, handle};
use sluice_lambda::{StartError, http};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let deployment = sluice_lambda::start().await?;
    http::serve(App::new(&deployment)?, handle).await
}
