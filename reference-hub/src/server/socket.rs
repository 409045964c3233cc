//! The listening sockets: one for each I/O thread on one port, so that the kernel spreads connections.
//!
//! Called at start-up. Takes the port before the long work of filling the store begins, and opens it (`listen`) only
//! when the hub is ready, so that a client sees "connection refused" and never a hub that does not answer.

use crate::limits::ACCEPT_BACKLOG;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

/// Bound, not yet listening sockets that share one address.
#[derive(Debug)]
pub struct Bound {
    sockets: Vec<OwnedFd>,
    address: SocketAddr,
}

/// Binds `count` sockets to one address; port 0 means any free port, the same for all.
///
/// # Errors
/// The system's error; `AddrInUse` also when another program shares its port as we do.
pub fn bind(address: SocketAddr, count: usize) -> io::Result<Bound> {
    if address.port() != 0 {
        // Sockets that share a port would let a second hub slip in beside the first: a plain one does not.
        drop(TcpListener::bind(address)?);
    }
    let mut sockets = Vec::with_capacity(count.max(1));
    let mut bound_to = address;
    for _ in 0..count.max(1) {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = net::socket_with(family, SocketType::STREAM, flags, None)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        sockopt::set_socket_reuseport(&socket, true)?;
        net::bind(&socket, &bound_to)?;
        if bound_to.port() == 0 {
            let name = net::getsockname(&socket)?;
            bound_to =
                SocketAddr::try_from(name).map_err(|_| io::Error::other("the socket has no address"))?;
        }
        sockets.push(socket);
    }
    Ok(Bound { sockets, address: bound_to })
}

impl Bound {
    /// The address with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens the port.
    ///
    /// # Errors
    /// The system's error.
    pub fn listen(self) -> io::Result<Vec<TcpListener>> {
        for socket in &self.sockets {
            net::listen(socket, ACCEPT_BACKLOG)?;
        }
        Ok(self.sockets.into_iter().map(TcpListener::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_refused_even_by_a_hub_that_shares_its_port() {
        let first = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let address = first.address();
        assert_ne!(address.port(), 0);
        let _open = first.listen().unwrap();
        assert_eq!(bind(address, 1).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
