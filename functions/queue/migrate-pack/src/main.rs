//! Starts the Lambda function migrate-pack.

use migrate_pack::{App, process};
use sluice_lambda::{Deployment, StartError, batch};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let deployment = Deployment::from_environment().await?;
    batch::serve(App::new(&deployment).await?, process).await
}
