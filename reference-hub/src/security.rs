//! What an operator decides about security when the hub starts: TLS, and how much one client may do.
//!
//! Read once by start-up. The limits that are not the operator's stand in `limits`.

use crate::error::HubError;
use crate::limits::Limits;
use crate::tls;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::path::PathBuf;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;

/// The operator's decisions; the default is plain HTTP without a rate limit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Security {
    /// Serve TLS with these files; `None` serves plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Requests a second that one client may make; 0 means no limit.
    pub rate_per_s: u32,
    /// Connections that one address may have open; `None` leaves [`crate::limits::CONNECTIONS_PER_ADDRESS_MAX`].
    pub connections_per_address: Option<usize>,
    /// How long a connection may rest between requests, and a header may take; `None` leaves
    /// [`crate::limits::HEADER_READ_TIME`].
    pub idle_time: Option<Duration>,
}

/// Where certificates and keys lie, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, and those between it and its CA.
    pub cert: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
    /// The CAs whose client certificates are taken: mutual TLS. `None` asks no client for a certificate.
    pub client_ca: Option<PathBuf>,
}

impl Security {
    /// Puts the operator's numbers into the limits, and lets the process open as many files as the system allows.
    pub(crate) fn apply(&self, limits: &mut Limits) {
        if self.rate_per_s > 0 {
            limits.rate_per_s = self.rate_per_s;
        }
        if let Some(most) = self.connections_per_address {
            limits.connections_per_address_max = most;
        }
        if let Some(time) = self.idle_time {
            limits.header_read_time = time;
        }
        let files = getrlimit(Resource::Nofile);
        if files.current != files.maximum {
            // Without it the hub serves fewer connections and accepts pause; nothing is lost.
            let _ = setrlimit(Resource::Nofile, Rlimit { current: files.maximum, maximum: files.maximum });
        }
    }

    /// What makes TLS of a socket.
    pub(crate) fn acceptor(&self) -> Result<Option<TlsAcceptor>, HubError> {
        self.tls.as_ref().map(tls::acceptor).transpose()
    }
}
