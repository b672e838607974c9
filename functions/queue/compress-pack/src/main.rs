//! Starts the Lambda function compress-pack.

use compress_pack::{App, process};
use sluice_lambda::{StartError, batch};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let deployment = sluice_lambda::start().await?;
    batch::serve(App::new(&deployment)?, process).await
}
