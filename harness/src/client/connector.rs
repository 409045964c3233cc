//! Where and how to connect. Called by the engine before the run and when a connection must be opened in mid-run.

use super::connection::Connection;
use std::io;
use std::net::SocketAddr;

/// The way to the target.
#[derive(Debug, Clone)]
pub struct Connector {
    target: SocketAddr,
}

impl Connector {
    /// Plain HTTP to an address.
    pub fn new(target: SocketAddr) -> Self {
        Connector { target }
    }

    /// The address.
    pub fn target(&self) -> SocketAddr {
        self.target
    }

    /// Index of the end point that a line speaks for, when each line has an identity of its own.
    pub fn end_point_of(&self, _line: usize) -> Option<u32> {
        None
    }

    /// Connects and waits for it.
    ///
    /// # Errors
    /// Whatever the kernel says.
    pub fn open(&self, _line: usize) -> io::Result<Connection> {
        Connection::open(self.target)
    }

    /// Begins to connect; the socket becomes writable when it is there.
    ///
    /// # Errors
    /// Whatever the kernel says at once; later refusals show at the first write.
    pub fn begin(&self, _line: usize) -> io::Result<Connection> {
        Connection::begin(self.target)
    }
}
