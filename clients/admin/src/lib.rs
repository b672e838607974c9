//! The `sluice-admin` command, for the operator of a deployment.
//!
//! [`doctor`] tests what a store can do. [`migrate`] moves the packs of blobs to another store and back.
//! [`import`] copies a bucket of other objects into a store. [`receipts`] lists and checks the receipts of
//! both. [`verify`] reads and checks packs. [`redrive`] sends messages that a worker gave up back to its
//! queue. [`accounts`] invites people and manages their accounts.
//!
//! All commands use the settings of the functions ([`settings`]), and reach stores and tables through
//! `sluice-storage`.

pub mod account;
pub mod accounts;
pub mod arguments;
pub mod doctor;
pub mod error;
pub mod import;
pub mod localhost;
pub mod migrate;
pub mod output;
pub mod receipts;
pub mod redrive;
pub mod retries;
pub mod settings;
pub mod verify;

use crate::arguments::Command;
use crate::error::Result;
use crate::output::Output;
use crate::settings::DeploymentAccess;

pub async fn run(command: Command, access: &DeploymentAccess, output: &Output) -> Result<()> {
    match command {
        Command::Doctor(arguments) => Box::pin(doctor::run(&arguments, access, output)).await,
        Command::Migrate(arguments) => Box::pin(migrate::run(&arguments, access, output)).await,
        Command::Receipts(arguments) => Box::pin(receipts::run(&arguments, access, output)).await,
        Command::Account(arguments) => Box::pin(accounts::run(&arguments.command, access, output)).await,
        Command::Redrive(arguments) => Box::pin(redrive::run(&arguments, access, output)).await,
        Command::Verify(arguments) => Box::pin(verify::run(&arguments, access, output)).await,
        Command::Import(arguments) => Box::pin(import::run(&arguments, access, output)).await,
    }
}
