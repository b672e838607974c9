//! An AWS that is as strict as its documentation, for tests.
//!
//! An HTTP server on loopback in front of an emulator of AWS. It refuses what AWS refuses and the emulator
//! accepts, and does what AWS may do at any time and the emulator never does: throttles, conflicts, lost
//! answers, indexes that lag, messages that come twice. Everything else goes to the emulator and back as it
//! came, streaming, with an unchanged `Host`, so that signatures stay valid.
//!
//! What strikes is decided by [`Dice`](dice::Dice), so that a run with the same seed repeats it. The rules
//! are listed in the README.

mod api;
mod backing;
mod dice;
mod dynamodb;
mod front;
mod json;
mod s3;
mod scope;
mod service;
mod settings;
mod sqs;
mod tally;
mod trust;

pub use settings::{Odds, Settings, SizeLimits};
pub use tally::Rule;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Request;
use front::Front;
use sluice_s3_protocol::{ListenError, Server};

/// A strict AWS that serves until it is dropped.
pub struct StrictAws {
    front: Arc<Front>,
    server: Server,
}

/// Why a strict AWS did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The endpoint of the emulator is invalid.
    #[error("{0:?} is not an endpoint such as http://127.0.0.1:4566")]
    Endpoint(String),
}

impl std::fmt::Debug for StrictAws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StrictAws").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

impl StrictAws {
    /// Starts a front on threads of its own. The emulator may start later.
    pub fn start(settings: Settings) -> Result<Self, Error> {
        let listen = settings.listen;
        let front = Arc::new(Front::new(settings)?);
        let answering = Arc::clone(&front);
        let answer = |request: Request| async move { answering.answer(request).await };
        let server = Server::start(listen, answer)?;
        let working = Arc::clone(&front);
        server.spawn(async move { working.work().await });
        Ok(Self { front, server })
    }

    /// The endpoint for clients and functions, such as `http://127.0.0.1:40000`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Waits until indexes and eventually consistent reads show what was written before.
    pub async fn catch_up(&self) {
        self.front.catch_up().await;
    }

    /// How often each rule refused a request, or changed what became of it.
    pub fn struck(&self) -> BTreeMap<Rule, u64> {
        self.front.common.tally.all()
    }
}
