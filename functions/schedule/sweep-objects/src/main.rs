//! Runs sweep-objects as a Lambda function.

use sluice_lambda::{StartError, schedule};
use sweep_objects::{App, sweep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let deployment = sluice_lambda::start().await?;
    schedule::serve(App::new(&deployment)?, sweep).await
}
