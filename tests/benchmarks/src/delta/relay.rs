//! A relay between a command and its server that counts the bytes in both directions.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use super::request::Request;
use crate::Failure;

const BLOCK_BYTES: usize = 64 << 10;

/// Where connections are forwarded to.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// One server, whatever a request names.
    Server(SocketAddr),
    /// The server that a request names, as an HTTP proxy does.
    AsRequested,
}

/// The bytes in both directions by the server's host and port.
pub type Traffic = BTreeMap<String, u64>;

/// A relay on a loopback port of its own.
pub struct Relay {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    traffic: Arc<Mutex<Traffic>>,
}

impl Relay {
    pub async fn start(target: Target) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let traffic = Arc::<Mutex<Traffic>>::default();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, target, Arc::clone(&traffic), stopped));
        Ok(Self { address, stop, task, traffic })
    }

    /// The address of the relay.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until all connections have ended, and returns the counts.
    pub async fn finish(self) -> Result<Traffic, Failure> {
        drop(self.stop);
        self.task.await?;
        Ok(std::mem::take(&mut *self.traffic.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Adds to the traffic with one server.
#[derive(Clone)]
struct Meter {
    traffic: Arc<Mutex<Traffic>>,
    server: String,
}

impl Meter {
    fn add(&self, size_bytes: usize) {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        *traffic.entry(self.server.clone()).or_default() += size_bytes as u64;
    }
}

async fn serve(
    listener: TcpListener,
    target: Target,
    traffic: Arc<Mutex<Traffic>>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Ok((client, _)) = listener.accept() => {
                connections.spawn(pass(client, target, Arc::clone(&traffic)));
            }
        }
    }
    // The command itself reports a broken connection. Its bytes count.
    connections.join_all().await;
}

async fn pass(client: TcpStream, target: Target, traffic: Arc<Mutex<Traffic>>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let mut from_client = BufReader::with_capacity(BLOCK_BYTES, from_client);
    let (server, first) = match target {
        Target::Server(address) => (address.to_string(), None),
        Target::AsRequested => match Request::read(&mut from_client).await? {
            Some(request) => (request.server.clone(), Some(request)),
            None => return Ok(()),
        },
    };
    let stream = TcpStream::connect(&server).await?;
    stream.set_nodelay(true)?;
    let (mut from_server, to_server) = stream.into_split();
    let meter = Meter { traffic, server };
    let answers = pass_bytes(&mut from_server, to_client, &meter);
    match first {
        // After the client hangs up, the server would keep its half open for a minute.
        Some(first) => tokio::select! {
            ended = pass_requests(first, &mut from_client, to_server, &meter) => ended,
            ended = answers => ended,
        },
        None => tokio::try_join!(pass_bytes(&mut from_client, to_server, &meter), answers).map(drop),
    }
}

/// Forwards one direction, and counts its bytes.
async fn pass_bytes(
    from: &mut (impl AsyncRead + Unpin),
    mut to: OwnedWriteHalf,
    meter: &Meter,
) -> io::Result<()> {
    copy(from, &mut to, meter).await?;
    to.shutdown().await
}

/// Forwards requests in the form that the server would get without a proxy, because that is what counts.
async fn pass_requests(
    mut request: Request,
    from: &mut BufReader<OwnedReadHalf>,
    mut to: OwnedWriteHalf,
    meter: &Meter,
) -> io::Result<()> {
    loop {
        meter.add(request.head.len());
        to.write_all(request.head.as_bytes()).await?;
        copy(&mut from.take(request.body_bytes), &mut to, meter).await?;
        match Request::read(from).await? {
            Some(next) if next.server == meter.server => request = next,
            Some(_) => return Err(io::Error::other("one connection, two servers")),
            None => return Ok(()),
        }
    }
}

async fn copy(from: &mut (impl AsyncRead + Unpin), to: &mut OwnedWriteHalf, meter: &Meter) -> io::Result<()> {
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let length = from.read(&mut block).await?;
        if length == 0 {
            return Ok(());
        }
        meter.add(length);
        to.write_all(&block[..length]).await?;
    }
}
