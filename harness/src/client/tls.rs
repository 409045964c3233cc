//! TLS over a socket that never blocks: rustls' state machine and the bytes on either side of it, without buffers of its own
//! while nothing is under way. Called by `connection` for targets that speak TLS; knows no HTTP, no time and no socket's
//! readiness. Never checks less of a certificate than rustls does.

use super::connection::write_from;
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};
use rustls::{AlertDescription, CertificateError, ClientConfig, Error};
use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::Arc;

/// Bytes of a record's plain text at most (RFC 8446, 5.1).
const RECORD_BYTES: usize = 16 * 1024;
/// Bytes that sealing adds to a record: header 5, type 1, tag 16, and TLS 1.2's explicit nonce 8, with room.
const SEAL_BYTES: usize = 40;

/// One TLS connection's state.
pub(super) struct Session {
    machine: UnbufferedClientConnection,
    /// What came of a record that is not whole yet.
    broken_off: Vec<u8>,
    /// Sealed bytes that are to be written.
    wire: Vec<u8>,
    written: usize,
    /// The handshake is done: requests can be sealed.
    pub(super) finished: bool,
    /// The peer said in order that no more will come.
    pub(super) closed: bool,
    /// A write that failed: what the peer said before it went away tells more, so it is read first.
    pub(super) write_error: Option<ErrorKind>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("finished", &self.finished).field("closed", &self.closed).finish()
    }
}

impl Session {
    /// A session whose first message waits to be written.
    ///
    /// # Errors
    /// One sentence when the configuration cannot begin one.
    pub(super) fn begin(config: Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, String> {
        let machine = UnbufferedClientConnection::new(config, name).map_err(|e| sentence(&e))?;
        let mut session = Session {
            machine,
            broken_off: Vec::new(),
            wire: Vec::new(),
            written: 0,
            finished: false,
            closed: false,
            write_error: None,
        };
        session.advance(&mut [], &mut Vec::new(), &[])?;
        Ok(session)
    }

    /// Bytes of a record that is not whole, to stand before what is read next.
    pub(super) fn broken_off(&self) -> &[u8] {
        &self.broken_off
    }

    /// Takes in what was read (with [`Session::broken_off`] before it) and appends the plain text to `plain`.
    ///
    /// # Errors
    /// One sentence; an alert for the peer then waits to be written.
    pub(super) fn take_in(&mut self, incoming: &mut [u8], plain: &mut Vec<u8>) -> Result<(), String> {
        let taken = self.advance(incoming, plain, &[])?;
        let rest = incoming.get(taken..).unwrap_or_default();
        if rest.is_empty() {
            self.broken_off = Vec::new();
        } else {
            self.broken_off.clear();
            self.broken_off.extend_from_slice(rest);
        }
        Ok(())
    }

    /// Seals a request once the handshake is done; it then waits to be written.
    ///
    /// # Errors
    /// One sentence when the session is of no more use.
    pub(super) fn seal(&mut self, request: &[u8], plain: &mut Vec<u8>) -> Result<(), String> {
        let mut broken_off = std::mem::take(&mut self.broken_off);
        let taken = self.advance(&mut broken_off, plain, request)?;
        broken_off.drain(..taken.min(broken_off.len()));
        self.broken_off = broken_off;
        Ok(())
    }

    /// Runs the state machine until it wants more bytes; returns how many of `incoming` it is done with.
    fn advance(&mut self, incoming: &mut [u8], plain: &mut Vec<u8>, seal: &[u8]) -> Result<usize, String> {
        let mut taken = 0;
        loop {
            let rest = incoming.get_mut(taken..).unwrap_or_default();
            let UnbufferedStatus { mut discard, state, .. } = self.machine.process_tls_records(rest);
            let wants_more = match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(|e| sentence(&e))?;
                        discard += record.discard;
                        plain.extend_from_slice(record.payload);
                    }
                    false
                }
                Ok(ConnectionState::EncodeTlsData(mut message)) => {
                    append(&mut self.wire, 0, |room| match message.encode(room) {
                        Ok(n) => Ok(n),
                        Err(EncodeError::InsufficientSize(e)) => Err(Some(e.required_size)),
                        Err(EncodeError::AlreadyEncoded) => Err(None),
                    })?;
                    false
                }
                Ok(ConnectionState::TransmitTlsData(message)) => {
                    message.done(); // what was encoded lies in `wire` and is written from there once
                    false
                }
                Ok(ConnectionState::PeerClosed) => {
                    self.closed = true;
                    false
                }
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    self.finished = true;
                    if !seal.is_empty() {
                        let expected = seal.len() + (seal.len() / RECORD_BYTES + 1) * SEAL_BYTES;
                        append(&mut self.wire, expected, |room| match traffic.encrypt(seal, room) {
                            Ok(n) => Ok(n),
                            Err(EncryptError::InsufficientSize(e)) => Err(Some(e.required_size)),
                            Err(EncryptError::EncryptExhausted) => Err(None),
                        })?;
                    }
                    true
                }
                Ok(ConnectionState::BlockedHandshake | ConnectionState::Closed) => true,
                Ok(_) => true, // early data: a client receives none
                Err(e) => {
                    let said = sentence(&e);
                    self.last_words();
                    return Err(said);
                }
            };
            taken += discard;
            if wants_more {
                return Ok(taken);
            }
        }
    }

    /// Encodes the alert with which rustls answers what it refused.
    fn last_words(&mut self) {
        if let Ok(ConnectionState::EncodeTlsData(mut message)) =
            self.machine.process_tls_records(&mut []).state
        {
            let _ = append(&mut self.wire, 0, |room| match message.encode(room) {
                Ok(n) => Ok(n),
                Err(EncodeError::InsufficientSize(e)) => Err(Some(e.required_size)),
                Err(EncodeError::AlreadyEncoded) => Err(None),
            });
        }
    }

    /// Writes what the kernel takes; true when nothing is left. `keep` bytes of the buffer stay allocated.
    ///
    /// # Errors
    /// Whatever the kernel says.
    pub(super) fn write_out(&mut self, stream: &mut TcpStream, keep: usize) -> io::Result<bool> {
        if !write_from(stream, &self.wire, &mut self.written)? {
            return Ok(false);
        }
        self.written = 0;
        super::connection::emptied(&mut self.wire, keep);
        Ok(true)
    }

    /// True when the handshake is done and its last message on its way.
    pub(super) fn ready(&self) -> bool {
        self.finished && self.wire.is_empty()
    }
}

/// Appends what `write` puts into the room it is given; it says how much it needs when that is too little.
fn append(
    wire: &mut Vec<u8>,
    expected: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Option<usize>>,
) -> Result<(), String> {
    let from = wire.len();
    let mut room = expected;
    for _ in 0..2 {
        wire.resize(from + room, 0);
        match write(&mut wire[from..]) {
            Ok(n) => {
                wire.truncate(from + n);
                return Ok(());
            }
            Err(Some(needed)) => room = needed,
            Err(None) => break,
        }
    }
    wire.truncate(from);
    Err("TLS: the session's keys are used up".to_owned())
}

/// What went wrong, for people.
pub(super) fn sentence(error: &Error) -> String {
    match error {
        Error::AlertReceived(alert) => format!("TLS: the target refused: {}", of_alert(*alert)),
        Error::InvalidCertificate(why) => {
            format!("TLS: the target's certificate is refused: {}", of_certificate(why))
        }
        Error::NoCertificatesPresented => "TLS: the target showed no certificate".to_owned(),
        Error::InvalidMessage(_) => {
            "TLS: what came is not TLS; does the target speak plain HTTP on this port?".to_owned()
        }
        Error::PeerIncompatible(why) => {
            format!("TLS: the target speaks no version or cipher of ours: {why:?}")
        }
        other => format!("TLS: {other}"),
    }
}

fn of_alert(alert: AlertDescription) -> String {
    let meaning = match alert {
        AlertDescription::CertificateRequired => "it wants a client certificate and got none",
        AlertDescription::UnknownCA => "it does not know the CA of our client certificate",
        AlertDescription::CertificateExpired => "our client certificate has expired",
        AlertDescription::CertificateRevoked => "our client certificate is revoked",
        AlertDescription::BadCertificate | AlertDescription::CertificateUnknown => {
            "it does not take our client certificate"
        }
        AlertDescription::UnsupportedCertificate => "it does not take client certificates of this kind",
        AlertDescription::AccessDenied => "our client certificate may not come in",
        AlertDescription::DecryptError => "the signature of our client certificate does not hold",
        AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion => {
            "it found no version or cipher in common"
        }
        AlertDescription::UnrecognisedName => "it does not serve this host name",
        _ => return format!("alert {alert:?}"),
    };
    format!("{meaning} (alert {alert:?})")
}

fn of_certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => "it is not from a CA that we trust".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; is a clock wrong?".to_owned()
        }
        CertificateError::NotValidForName => "it is for another host".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            format!("it is for another host, got {}, expected {}", presented.join(", "), expected.to_str())
        }
        CertificateError::BadSignature => "its signature does not hold".to_owned(),
        CertificateError::Revoked => "it is revoked".to_owned(),
        other => other.to_string(),
    }
}
