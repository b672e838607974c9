//! The `sluice-admin` command: what the operator of a deployment does.
//!
//! [`doctor`] finds out what a store can do, [`migrate`] moves the packs of blobs to another store and back, [`import`]
//! brings a whole foreign bucket into a store, [`receipts`] shows and checks the proofs of both, [`verify`] reads packs
//! where they lie, and [`redrive`] has workers try again what they gave up. All of it works with what the functions are told ([`settings`]), and reaches stores and tables through
//! `sluice-storage` only.

pub mod account;
pub mod arguments;
pub mod backoff;
pub mod doctor;
pub mod error;
pub mod import;
pub mod localhost;
pub mod migrate;
pub mod output;
pub mod receipts;
pub mod redrive;
pub mod settings;
pub mod verify;

use crate::arguments::Command;
use crate::error::Result;
use crate::output::Output;
use crate::settings::DeploymentAccess;

/// Does what the command line says.
pub async fn run(command: Command, access: &DeploymentAccess, output: &Output) -> Result<()> {
    match command {
        Command::Doctor(arguments) => Box::pin(doctor::run(&arguments, access, output)).await,
        Command::Migrate(arguments) => Box::pin(migrate::run(&arguments, access, output)).await,
        Command::Receipts(arguments) => Box::pin(receipts::run(&arguments, access, output)).await,
        Command::Redrive(arguments) => Box::pin(redrive::run(&arguments, access, output)).await,
        Command::Verify(arguments) => Box::pin(verify::run(&arguments, access, output)).await,
        Command::Import(arguments) => Box::pin(import::run(&arguments, access, output)).await,
    }
}
