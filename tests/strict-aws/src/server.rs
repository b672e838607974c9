//! Listens on a socket and serves requests on threads.

use axum::extract::Request;
use axum::handler::HandlerWithoutStateExt;
use axum::serve::ListenerExt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::front::Front;

const THREADS: usize = 4;

/// Listens and serves until the runtime is shut down.
pub(crate) fn start(address: SocketAddr, front: Arc<Front>) -> io::Result<(Runtime, SocketAddr)> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime =
        Builder::new_multi_thread().worker_threads(THREADS).thread_name("strict-aws").enable_all().build()?;
    let answer = |request: Request| async move { front.answer(request).await };
    let _inside = runtime.enter();
    let listener = TcpListener::from_std(listener)?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    runtime.spawn(axum::serve(listener, answer.into_make_service()).into_future());
    Ok((runtime, address))
}
