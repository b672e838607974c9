//! Runs one function behind a Runtime API of our own.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::fate::{Fates, Rules};
use crate::limits::{VARIABLES_MAX_BYTES, variables_bytes};
use crate::proxy::{self, Proxy};
use crate::sandbox::{Sandbox, end_with};

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the variables of a function have at most {VARIABLES_MAX_BYTES} bytes, not {0}")]
    VariablesTooLarge(usize),
    #[error("the function cannot be run: {0}")]
    Io(#[from] io::Error),
    #[error("the Runtime API cannot be asked: {0}")]
    Client(#[from] reqwest::Error),
}

/// Runs a function until it or the emulator ends. `counts` is the file of [`Fates`].
#[expect(clippy::disallowed_methods, reason = "the size of the environment is what is checked")]
pub async fn run(
    executable: &Path,
    runtime_api: String,
    rules: Rules,
    counts: PathBuf,
) -> Result<(), RunError> {
    let variables_bytes = variables_bytes(std::env::vars());
    if variables_bytes > VARIABLES_MAX_BYTES {
        return Err(RunError::VariablesTooLarge(variables_bytes));
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut terminated = signal(SignalKind::terminate())?;
    let (sandbox, mut child) = Sandbox::start(executable, &listener.local_addr()?.to_string())?;
    let proxy = Proxy::new(runtime_api, sandbox, Fates::new(rules, counts))?;
    tokio::select! {
        served = proxy::serve(listener, proxy) => Ok(served?),
        status = child.wait() => end_with(status?),
        _ = terminated.recv() => sandbox.kill(),
    }
}
