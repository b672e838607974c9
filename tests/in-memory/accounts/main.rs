//! Runs accounts and the operator's commands about accounts on services in memory.

mod guessing;
mod operator;
mod passwords;
mod registration;
mod sessions;
mod support;
