//! Starts the Lambda function materialize-blob.

use materialize_blob::{App, process};
use sluice_lambda::{StartError, batch};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let deployment = sluice_lambda::start().await?;
    batch::serve(App::new(&deployment)?, process).await
}
