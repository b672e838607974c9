//! Runs plan-migrations as a Lambda function.

use plan_migrations::{App, plan};
use sluice_lambda::{Deployment, StartError, schedule};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let deployment = Deployment::from_environment().await?;
    schedule::serve(App::new(&deployment)?, plan).await
}
