//! One keep-alive connection, plain or TLS, never blocking: opens, writes what is pending, reads until an answer is whole.
//! Called by the engine's loop; knows no interaction, no time and no histogram.

use super::response::{self, Parsed, Progress};
use super::tls::Session;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use scenarios::Wire;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

/// Bytes asked of the kernel in one read: most published answers (26 KB release, 52 KB summary) fit in one. No less than a
/// TLS record.
pub const READ_BYTES: usize = 64 * 1024;
/// How long the very first connection may take before the target counts as unreachable.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Bytes that a resting connection's buffers may keep unless its connector says otherwise: the largest requests and
/// answers of the published mix but record fragments, so that nothing is allocated for each.
pub const KEEP_BYTES: usize = 256 * 1024;

/// A connection's socket and the bytes on their way through it.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// `None` is plain HTTP.
    tls: Option<Box<Session>>,
    out: Wire,
    written: usize,
    input: Vec<u8>,
    need: usize,
    keep: usize,
}

/// How far a write came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Nothing is left.
    All,
    /// The kernel takes no more until the socket is writable again.
    Full,
    /// There is more, and the kernel would take it.
    More,
}

/// Pieces handed to the kernel in one write: a text of 600 KB is some ten.
const PIECES: usize = 16;

/// What a read came to.
#[derive(Debug)]
pub enum Received<T> {
    /// Nothing whole yet.
    Partial,
    /// A whole answer, and what was made of it.
    Answer(T),
    /// The peer closed between answers.
    Closed,
}

/// Empties a buffer, and gives it back when it is larger than `keep` bytes.
pub(super) fn emptied(buffer: &mut Vec<u8>, keep: usize) {
    if buffer.capacity() > keep {
        *buffer = Vec::new();
    } else {
        buffer.clear();
    }
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
        Self::begin_from(target, None)
    }

    /// The same from a source address of this machine; the kernel chooses the port.
    ///
    /// # Errors
    /// As [`Connection::begin`]; also when the address is not this machine's or has no port left.
    pub fn begin_from(target: SocketAddr, source: Option<IpAddr>) -> io::Result<Self> {
        let family = if target.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let fd = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
        if let Some(source) = source {
            rustix::net::bind(&fd, &SocketAddr::new(source, 0))?;
        }
        match rustix::net::connect(&fd, &target) {
            Ok(()) => {}
            Err(e) if e == rustix::io::Errno::INPROGRESS => {}
            Err(e) => return Err(e.into()),
        }
        Self::over(TcpStream::from(fd))
    }

    fn over(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let (out, input) = (Wire::default(), Vec::new());
        Ok(Connection { stream, tls: None, out, written: 0, input, need: 0, keep: KEEP_BYTES })
    }

    /// Makes TLS of a connection that has carried nothing yet; the handshake goes on in `write_some` and `read_some`.
    ///
    /// # Errors
    /// One sentence when the configuration cannot begin a session.
    pub(super) fn with_tls(
        mut self,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<Self, String> {
        self.tls = Some(Box::new(Session::begin(config, name)?));
        Ok(self)
    }

    /// Bytes that its buffers may keep while it rests.
    pub(super) fn keeping(self, keep: usize) -> Self {
        Connection { keep, ..self }
    }

    /// True when a request would go out at once: for TLS once the handshake is done. A plain connection is taken to be
    /// there; that it is not shows when it is written to.
    pub fn ready(&self) -> bool {
        self.tls.as_ref().is_none_or(|session| session.ready())
    }

    /// Gives back what its buffers hold beyond what a resting connection may keep. Called when it carries no request.
    pub fn rest(&mut self) {
        if self.out.bytes.capacity() > self.keep {
            self.out = Wire::default();
            self.written = 0;
        }
        if self.input.capacity() > self.keep {
            self.input = Vec::new();
        }
    }

    /// Whether connecting has failed; asked when the socket first becomes ready.
    ///
    /// # Errors
    /// Why it failed.
    pub fn connected(&self) -> io::Result<()> {
        self.stream.take_error()?.map_or(Ok(()), Err)
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
        &mut self.wire().bytes
    }

    /// The same for a request with long texts beside its bytes.
    pub fn wire(&mut self) -> &mut Wire {
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
        if self.tls.is_some() {
            return self.write_sealed();
        }
        Ok(self.write_part(usize::MAX)? == Written::All)
    }

    /// Writes what the kernel takes of the pending request, but no more than about `most` bytes, so that whoever has other
    /// requests to send can see to them in between.
    ///
    /// # Errors
    /// Whatever the kernel says but that it takes no more now.
    pub fn write_part(&mut self, most: usize) -> io::Result<Written> {
        if self.tls.is_some() {
            return Ok(if self.write_sealed()? { Written::All } else { Written::Full });
        }
        if self.out.fills.is_empty() && self.out.bytes.len() <= most {
            let all = write_from(&mut self.stream, &self.out.bytes, &mut self.written)?;
            return Ok(if all { Written::All } else { Written::Full });
        }
        let until = self.written.saturating_add(most).min(self.out.len());
        while self.written < until {
            let mut left = until - self.written;
            let mut pieces = [IoSlice::new(&[]); PIECES];
            let mut count = 0;
            for (place, piece) in pieces.iter_mut().zip(self.out.pieces(self.written)) {
                let piece = &piece[..piece.len().min(left)];
                *place = IoSlice::new(piece);
                left -= piece.len();
                count += 1;
                if left == 0 {
                    break;
                }
            }
            match self.stream.write_vectored(&pieces[..count]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => self.written += n,
                Err(e) if not_now(&e) => return Ok(Written::Full),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(if until == self.out.len() { Written::All } else { Written::More })
    }

    /// Reads until an answer is whole and shows it to `then`, or until the peer closes or nothing more is there. `scratch` is
    /// shared by all connections: an answer that arrives in one piece is parsed where it lies, and once.
    ///
    /// # Errors
    /// One sentence when the connection broke or what came is not an answer.
    pub fn read_some<T>(
        &mut self,
        scratch: &mut [u8],
        head: bool,
        mut then: impl FnMut(&Parsed<'_>) -> T,
    ) -> Result<Received<T>, String> {
        if self.tls.is_some() {
            return self.read_sealed(scratch, head, then);
        }
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
                match response::parse(&scratch[..n], head, closed)? {
                    Progress::Complete(p) => return whole(p, n, &mut then),
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
                Progress::Complete(p) => return whole(p, self.input.len(), &mut then),
                Progress::NeedAtLeast(need) => self.need = need,
            }
        }
    }

    /// Seals what is pending once the handshake is done, and writes what the kernel takes.
    fn write_sealed(&mut self) -> io::Result<bool> {
        let Some(session) = self.tls.as_deref_mut() else { return Ok(true) };
        if session.finished && !self.out.is_empty() {
            for piece in self.out.pieces(0) {
                session.seal(piece, &mut self.input).map_err(io::Error::other)?;
            }
            emptied(&mut self.out.bytes, self.keep);
            self.out.fills.clear();
        }
        match session.write_out(&mut self.stream, self.keep) {
            Ok(all) => Ok(all && self.out.is_empty()),
            Err(e) => {
                session.write_error = Some(e.kind());
                Ok(false)
            }
        }
    }

    fn read_sealed<T>(
        &mut self,
        scratch: &mut [u8],
        head: bool,
        mut then: impl FnMut(&Parsed<'_>) -> T,
    ) -> Result<Received<T>, String> {
        loop {
            let Some(session) = self.tls.as_deref_mut() else { return Ok(Received::Closed) };
            let before = session.broken_off().len();
            let Some(room) = scratch.get_mut(before..).filter(|room| !room.is_empty()) else {
                return Err("TLS: a record that is longer than any may be".to_owned());
            };
            let n = match self.stream.read(room) {
                Ok(n) => n,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    return match session.write_error {
                        Some(kind) => Err(format!("writing: {kind}")),
                        None => Ok(Received::Partial),
                    };
                }
                Err(e) => return Err(format!("reading: {}", session.write_error.unwrap_or(e.kind()))),
            };
            if n > 0 {
                scratch[..before].copy_from_slice(session.broken_off());
                let taken = session.take_in(&mut scratch[..before + n], &mut self.input);
                if let Err(sentence) = taken {
                    let _ = session.write_out(&mut self.stream, self.keep); // the alert; the sentence tells more than its failure
                    return Err(sentence);
                }
            } else if !session.finished {
                return Err("TLS: the target closed the connection in the handshake".to_owned());
            }
            let closed = session.closed;
            // The handshake's next message, or the request that waited for its end.
            self.write_sealed().map_err(|e| e.to_string())?;
            if self.input.is_empty() {
                if closed || n == 0 {
                    return Ok(Received::Closed);
                }
                continue;
            }
            if self.input.len() >= self.need || closed {
                match response::parse(&self.input, head, closed)? {
                    Progress::Complete(p) => return whole(p, self.input.len(), &mut then),
                    Progress::NeedAtLeast(need) => self.need = need,
                }
            }
            if closed {
                return Err("the connection closed inside the answer".to_owned());
            }
            if n == 0 {
                return Err("TLS: the connection broke off inside the answer (no close_notify)".to_owned());
            }
        }
    }
}

/// True when the kernel takes no more, or nothing before the connection is there.
fn not_now(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected)
}

/// Writes what the kernel takes of `bytes` from `written` on; true when nothing is left.
pub(super) fn write_from(stream: &mut TcpStream, bytes: &[u8], written: &mut usize) -> io::Result<bool> {
    while *written < bytes.len() {
        match stream.write(&bytes[*written..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => *written += n,
            Err(e) if not_now(&e) => return Ok(false),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(true)
}

fn whole<T>(
    answer: Parsed<'_>,
    bytes: usize,
    then: &mut impl FnMut(&Parsed<'_>) -> T,
) -> Result<Received<T>, String> {
    if answer.consumed < bytes {
        return Err(format!("{} bytes came after the answer", bytes - answer.consumed));
    }
    Ok(Received::Answer(then(&answer)))
}
