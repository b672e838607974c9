//! Runs plan-migrations as a Lambda function.

use plan_migrations::{App, plan};
use sluice_lambda::{StartError, schedule};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let deployment = sluice_lambda::start().await?;
    schedule::serve(App::new(&deployment)?, plan).await
}
