//! Runs complete-upload as a Lambda function.

use complete_upload::{App, handle};
use sluice_lambda::http::Entrance;
use sluice_lambda::{StartError, http};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let deployment = sluice_lambda::start().await?;
    http::serve(Entrance::of(&deployment)?, App::new(&deployment)?, handle).await
}
