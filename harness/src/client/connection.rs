//! One keep-alive TCP connection, never blocking: opens, writes what is pending, reads until an answer is whole.
//! Called by the engine's loop; knows no interaction, no time and no histogram.

use super::response::{self, Parsed, Progress};
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// Bytes asked of the kernel in one read: most published answers (26 KB release, 52 KB summary) fit in one.
pub const READ_BYTES: usize = 64 * 1024;
/// How long the very first connection may take before the target counts as unreachable.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection's socket and the bytes on their way through it.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    out: Vec<u8>,
    written: usize,
    input: Vec<u8>,
    need: usize,
}

/// What a read came to.
#[derive(Debug)]
pub enum Received<'b> {
    /// Nothing whole yet.
    Partial,
    /// A whole answer.
    Answer(Parsed<'b>),
    /// The peer closed between answers.
    Closed,
}

impl Connection {
    /// Connects and waits for it: at start-up, so that an unreachable target is known before anything is planned.
    ///
    /// # Errors
    /// Whatever the kernel says.
    pub fn open(target: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&target, CONNECT_TIMEOUT)?;
        stream.set_nonblocking(true)?;
        Self::over(stream)
    }

    /// Begins to connect; the socket becomes writable when it is there. In mid-run nothing may wait.
    ///
    /// # Errors
    /// Whatever the kernel says at once; later refusals show at the first write.
    pub fn begin(target: SocketAddr) -> io::Result<Self> {
        let family = if target.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let fd = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
        match rustix::net::connect(&fd, &target) {
            Ok(()) => {}
            Err(e) if e == rustix::io::Errno::INPROGRESS => {}
            Err(e) => return Err(e.into()),
        }
        Self::over(TcpStream::from(fd))
    }

    fn over(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Connection { stream, out: Vec::new(), written: 0, input: Vec::new(), need: 0 })
    }

    /// The socket, for the poller.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// A second handle of the socket, for a poller that wants one of its own; nothing is read or written through it.
    ///
    /// # Errors
    /// Whatever the kernel says: no more file handles.
    pub fn second_handle(&self) -> io::Result<TcpStream> {
        self.stream.try_clone()
    }

    /// The buffer to put the next request into; emptied.
    pub fn request(&mut self) -> &mut Vec<u8> {
        self.out.clear();
        self.written = 0;
        self.need = 0;
        self.input.clear();
        &mut self.out
    }

    /// Writes what the kernel takes of the pending request; true when nothing is left.
    ///
    /// # Errors
    /// Whatever the kernel says; the connection is then of no more use.
    pub fn write_some(&mut self) -> io::Result<bool> {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => self.written += n,
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return Ok(false);
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    /// Reads until an answer is whole, the peer closes, or nothing more is there. `scratch` is shared by all
    /// connections: an answer that arrives in one piece is parsed where it lies.
    ///
    /// # Errors
    /// One sentence when the connection broke or what came is not an answer.
    pub fn read_some<'b>(&'b mut self, scratch: &'b mut [u8], head: bool) -> Result<Received<'b>, String> {
        loop {
            let n = match self.stream.read(scratch) {
                Ok(n) => n,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(Received::Partial),
                Err(e) => return Err(format!("reading: {}", e.kind())),
            };
            if n == 0 && self.input.is_empty() {
                return Ok(Received::Closed);
            }
            let closed = n == 0;
            if self.input.is_empty() {
                // Parsed twice in the rare case that it is whole: the borrow checker cannot see that the first
                // borrow ends on the other branch.
                match response::parse(&scratch[..n], head, closed)? {
                    Progress::Complete(_) => return whole(&scratch[..n], head, closed),
                    Progress::NeedAtLeast(need) => self.need = need,
                }
                self.input.extend_from_slice(&scratch[..n]);
                continue;
            }
            self.input.extend_from_slice(&scratch[..n]);
            if self.input.len() < self.need && !closed {
                continue;
            }
            match response::parse(&self.input, head, closed)? {
                Progress::Complete(_) => return whole(&self.input, head, closed),
                Progress::NeedAtLeast(need) => self.need = need,
            }
        }
    }
}

fn whole(bytes: &[u8], head: bool, closed: bool) -> Result<Received<'_>, String> {
    match response::parse(bytes, head, closed)? {
        Progress::Complete(p) if p.consumed == bytes.len() => Ok(Received::Answer(p)),
        Progress::Complete(p) => Err(format!("{} bytes came after the answer", bytes.len() - p.consumed)),
        Progress::NeedAtLeast(_) => Ok(Received::Partial),
    }
}
