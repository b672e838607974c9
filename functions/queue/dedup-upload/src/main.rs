//! Starts the Lambda function dedup-upload.

use dedup_upload::{App, process};
use sluice_lambda::{Deployment, StartError, batch};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let deployment = Deployment::from_environment().await?;
    batch::serve(App::new(&deployment)?, process).await
}
