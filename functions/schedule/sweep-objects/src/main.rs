//! Runs sweep-objects as a Lambda function.

use sluice_lambda::{Deployment, StartError, schedule};
use sweep_objects::{App, sweep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let deployment = Deployment::from_environment().await?;
    schedule::serve(App::new(&deployment)?, sweep).await
}
