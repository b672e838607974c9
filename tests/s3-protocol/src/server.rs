//! Serves requests on threads of its own.

use axum::handler::Handler;
use axum::serve::ListenerExt as _;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// Hashing a large body occupies a thread for a while.
const THREADS: usize = 4;

/// A server that ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    /// `None` after the drop.
    runtime: Option<Runtime>,
}

/// The port is in use, or the system has no sockets or threads left.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct ListenError {
    address: SocketAddr,
    source: io::Error,
}

impl Server {
    /// Listens on this address, and lets `answer` answer each request. Port 0 means any free port.
    pub fn start<T: 'static>(address: SocketAddr, answer: impl Handler<T, ()>) -> Result<Self, ListenError> {
        serve(address, answer).map_err(|source| ListenError { address, source })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does this on the server's threads too, until the drop.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(work);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn serve<T: 'static>(address: SocketAddr, answer: impl Handler<T, ()>) -> io::Result<Server> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    let inside = runtime.enter();
    let listener = TcpListener::from_std(listener)?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let service = answer.with_state(()).into_make_service();
    runtime.spawn(axum::serve(listener, service).into_future());
    drop(inside);
    Ok(Server { address, runtime: Some(runtime) })
}
