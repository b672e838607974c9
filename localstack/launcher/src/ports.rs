//! Finds free ports of 127.0.0.1 for servers that start later.

use std::net::{Ipv4Addr, TcpListener};

use crate::Error;

/// Below the ephemeral ports (from 32768 on Linux, from 49152 by RFC 6335): an outgoing connection could take
/// one of those before the server does.
const CANDIDATES: std::ops::Range<u16> = 10_240..32_768;
const ATTEMPTS: usize = 1000;

/// Returns any free port.
pub fn free() -> Result<u16, Error> {
    Ok(listen_anywhere()?.1)
}

/// Returns the `wanted` port, or any free one, followed by other free ports. `option` is the command-line
/// option of the first.
pub(crate) fn choose<const COUNT: usize>(
    wanted: Option<u16>,
    option: &'static str,
) -> Result<[u16; COUNT], Error> {
    // Each is held until all are chosen, so that none is chosen twice.
    let mut held = Vec::with_capacity(COUNT);
    let mut ports = [0; COUNT];
    for (index, chosen) in ports.iter_mut().enumerate() {
        let (listener, port) = match wanted.filter(|_| index == 0) {
            Some(port) => (listen(port).ok_or(Error::PortBusy { port, option })?, port),
            None => listen_anywhere()?,
        };
        *chosen = port;
        held.push(listener);
    }
    Ok(ports)
}

fn listen(port: u16) -> Option<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
}

fn listen_anywhere() -> Result<(TcpListener, u16), Error> {
    for _ in 0..ATTEMPTS {
        let mut random = [0; 2];
        getrandom::fill(&mut random).map_err(Error::call("choosing a port"))?;
        let port = CANDIDATES.start + u16::from_le_bytes(random) % (CANDIDATES.end - CANDIDATES.start);
        if let Some(listener) = listen(port) {
            return Ok((listener, port));
        }
    }
    let none = std::io::Error::other(format!("no port of {CANDIDATES:?} seems to be free"));
    Err(Error::io("finding a free port")(none))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wanted_port_comes_first_and_is_an_error_when_taken() {
        let wanted = free().unwrap();
        let [first, second] = choose(Some(wanted), "--port").unwrap();
        assert_eq!(first, wanted);
        assert_ne!(second, wanted);

        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).unwrap();
        assert!(
            matches!(choose::<1>(Some(wanted), "--port"), Err(Error::PortBusy { port, .. }) if port == wanted)
        );
    }
}
