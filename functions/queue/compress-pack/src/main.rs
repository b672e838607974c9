//! Wiring.

use compress_pack::{App, work_off};
use sluice_lambda::{Deployment, StartError, batch};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let deployment = Deployment::from_environment().await?;
    batch::serve(App::new(&deployment)?, work_off).await
}
