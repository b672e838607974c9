//! Ports of 127.0.0.1 that nothing listens on.

use std::net::{Ipv4Addr, TcpListener};

use crate::Error;

/// Returns the `wanted` port, or any free one, followed by other free ones. Somebody else may take one before it is
/// used: then the daemon does not start, and says so.
pub(super) fn choose<const COUNT: usize>(wanted: Option<u16>) -> Result<[u16; COUNT], Error> {
    // All are held until all are known, so that none comes twice.
    let mut held = Vec::with_capacity(COUNT);
    let mut ports = [0; COUNT];
    for (index, chosen) in ports.iter_mut().enumerate() {
        let port = if index == 0 { wanted.unwrap_or(0) } else { 0 };
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = bound.map_err(|_| Error::PortBusy { port, option: "--store-port" })?;
        *chosen = listener.local_addr().map_err(Error::io("finding a free port"))?.port();
        held.push(listener);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wanted_port_comes_first_and_is_refused_when_taken() {
        let [free] = choose(None).unwrap();
        let [first, second] = choose(Some(free)).unwrap();
        assert_eq!(first, free);
        assert_ne!(second, free);

        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, free)).unwrap();
        assert!(matches!(choose::<1>(Some(free)), Err(Error::PortBusy { port, .. }) if port == free));
    }
}
