//! Starts the Lambda function migrate-pack.

use migrate_pack::{App, process};
use sluice_lambda::{StartError, batch};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let deployment = sluice_lambda::start().await?;
    batch::serve(App::new(&deployment).await?, process).await
}
