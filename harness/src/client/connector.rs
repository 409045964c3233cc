//! Where connections go and as whom: the target's address, TLS with what is trusted and shown, source addresses of this
//! machine, an identity for each line. Called at the start of a run (`open`, and `open_all` in `opening`) and by the engine
//! in mid-run (`begin`). Knows no request.
//!
//! TLS sessions are never resumed: each handshake is a whole one, as those of 28,000 end points that come for the first time
//! are, so handshakes per second are what a hub must bear on a morning after it was away.

use super::connection::{CONNECT_TIMEOUT, Connection, KEEP_BYTES, READ_BYTES, Received};
use super::identity::{Identities, Shown, VERSIONS, certificates, certified};
use crate::clock::Clock;
use population::Population;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};
use scenarios::{KeySource, Scenario, Target, Tls};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Source addresses at most: those of 127.0.0.0/24 that are not its first and last.
pub const SOURCES_MAX: u32 = 254;
/// Bytes that the buffers of all resting connections together may keep.
const KEEP_BYTES_ALL: usize = 64 * 1024 * 1024;
/// How long the first connection waits for a refusal: under TLS 1.3 a server judges the client's certificate only after the
/// client has finished.
const REFUSAL_TIME: Duration = Duration::from_millis(100);
/// Where systems keep the CAs that they trust, unless `SSL_CERT_FILE` names another place.
const SYSTEM_CAS: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// What connections show of themselves.
#[derive(Debug)]
pub enum Shows {
    /// Nothing: the server alone shows a certificate.
    Nothing,
    /// All the same.
    One(Arc<CertifiedKey>),
    /// Each line that of its end point.
    Each(Identities),
}

#[derive(Debug)]
struct Client {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    shows: Shows,
}

/// Opens connections to one target. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connector {
    target: SocketAddr,
    tls: Option<Arc<Client>>,
    sources: u32,
    keep: usize,
    pub(super) hub_pid: Option<u32>,
}

impl Connector {
    /// Plain connections to `target`, from whatever address the kernel chooses.
    pub fn new(target: SocketAddr) -> Self {
        Connector { target, tls: None, sources: 1, keep: KEEP_BYTES, hub_pid: None }
    }

    /// As a scenario says, to the address at which its target was found. `hub_ca` is the folder of the development CA of an
    /// embedded hub.
    ///
    /// # Errors
    /// What is wrong with the source addresses or which certificate or key, and why.
    pub fn of(scenario: &Scenario, target: SocketAddr, hub_ca: Option<&Path>) -> Result<Self, String> {
        let connections = scenario.load.connections;
        let connector = Self::new(target).with_sources(scenario.load.sources)?.for_connections(connections);
        if scenario.tls == Tls::Off {
            return Ok(connector);
        }
        let issue = |folder: &Path| {
            let people = Population::new(scenario.seed, scenario.population).map_err(|f| f.join("; "))?;
            Identities::issue(folder, &people, connections).map(Shows::Each)
        };
        let certificates = &scenario.certificates;
        let shows = match (&certificates.shown, hub_ca) {
            _ if scenario.tls == Tls::Server => Shows::Nothing,
            (scenarios::Shown::Each { folder }, _) => issue(folder)?,
            (scenarios::Shown::One { certificate, key }, _) => {
                let (pem, named) = key_of(key)?;
                Shows::One(certified(certificate, &pem, &named)?)
            }
            (scenarios::Shown::Nothing, Some(folder)) => issue(folder)?,
            (scenarios::Shown::Nothing, None) => Shows::Nothing,
        };
        let ca = match (&certificates.ca, hub_ca) {
            (Some(file), _) => Some(file.clone()),
            (None, Some(folder)) => Some(folder.join(super::identity::CA_CERTIFICATE)),
            (None, None) => None,
        };
        match &scenario.target {
            Target::Url { host, .. } => connector.with_tls(host, ca.as_deref(), shows),
            Target::Embedded { .. } => connector.with_tls(&target.ip().to_string(), ca.as_deref(), shows),
        }
    }

    /// Spreads connections over 127.0.0.1, 127.0.0.2, ...: one address has about 28,000 ports for one target. The kernel
    /// reserves the port when the address is bound, so an address serves no more than that in all.
    ///
    /// # Errors
    /// The target is not a loopback address, or the number is out of range.
    pub fn with_sources(self, sources: u32) -> Result<Self, String> {
        if !(1..=SOURCES_MAX).contains(&sources) {
            return Err(format!("source addresses: got {sources}, allowed: 1 to {SOURCES_MAX}"));
        }
        if sources > 1 && !(self.target.is_ipv4() && self.target.ip().is_loopback()) {
            let target = self.target;
            return Err(format!("{sources} source addresses reach only a target on 127.0.0.1, got {target}"));
        }
        Ok(Connector { sources, ..self })
    }

    /// Shares the memory that resting connections may keep among so many: what 256 keep without a thought would be gigabytes
    /// for 28,000.
    pub fn for_connections(self, count: u32) -> Self {
        let keep = (KEEP_BYTES_ALL / count.max(1) as usize).min(KEEP_BYTES);
        Connector { keep, ..self }
    }

    /// Tells the opening of many connections whose memory to watch besides this process's.
    pub fn watching(self, hub_pid: Option<u32>) -> Self {
        Connector { hub_pid, ..self }
    }

    /// Speaks TLS with the target, which must show a certificate of `ca` (a PEM file; `None`: the system's CAs) for `host`.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn with_tls(self, host: &str, ca: Option<&Path>, shows: Shows) -> Result<Self, String> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| format!("{host}: no certificate can be for such a name"))?;
        let file = ca.map_or_else(system_cas, |file| Ok(file.to_owned()))?;
        let mut roots = RootCertStore::empty();
        let (_, unusable) = roots.add_parsable_certificates(certificates(&file)?);
        if roots.is_empty() {
            return Err(format!("{}: none of its {unusable} certificates is of a CA", file.display()));
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(VERSIONS)
            .map_err(|e| format!("TLS: {e}"))?
            .with_root_certificates(roots);
        let mut config = match &shows {
            Shows::One(key) => builder.with_client_cert_resolver(Shown::always(Arc::clone(key))),
            Shows::Nothing | Shows::Each(_) => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::disabled();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let tls = Some(Arc::new(Client { config: Arc::new(config), name, shows }));
        Ok(Connector { tls, ..self })
    }

    /// Where connections go.
    pub fn target(&self) -> SocketAddr {
        self.target
    }

    /// Source addresses that connections are spread over.
    pub fn sources(&self) -> u32 {
        self.sources
    }

    /// What records call it: `plain`, `tls` or `mutual-tls`.
    pub fn transport(&self) -> &'static str {
        match self.tls.as_ref().map(|client| &client.shows) {
            None => "plain",
            Some(Shows::Nothing) => "tls",
            Some(Shows::One(_) | Shows::Each(_)) => "mutual-tls",
        }
    }

    /// The identities, when each line has its own.
    pub fn identities(&self) -> Option<&Identities> {
        match self.tls.as_ref().map(|client| &client.shows) {
            Some(Shows::Each(identities)) => Some(identities),
            _ => None,
        }
    }

    /// The end point that a line speaks for, when each has an identity of its own: requests over it must come in the name of
    /// its organisation.
    pub fn end_point_of(&self, line: usize) -> Option<u32> {
        self.identities().map(|identities| identities.end_point_of(line))
    }

    /// Connects and waits until requests can be sent, TLS included; at start-up, so that an unreachable target or a refused
    /// certificate is known before anything is planned.
    ///
    /// # Errors
    /// Whatever the kernel says, or one sentence about TLS.
    pub fn open(&self, line: usize) -> io::Result<Connection> {
        let clock = Clock::start();
        let mut connection = self.begin(line)?;
        wait(&connection, PollFlags::OUT, left(&clock, CONNECT_TIMEOUT)?)?;
        connection.connected()?;
        if self.tls.is_none() {
            return Ok(connection);
        }
        let mut scratch = vec![0; READ_BYTES];
        connection.write_some()?;
        while !connection.ready() {
            wait(&connection, PollFlags::IN, left(&clock, CONNECT_TIMEOUT)?)?;
            silent(&mut connection, &mut scratch)?;
        }
        if line == 0 && self.transport() == "mutual-tls" {
            match wait(&connection, PollFlags::IN, REFUSAL_TIME) {
                Ok(()) => silent(&mut connection, &mut scratch)?,
                Err(e) if e.kind() == ErrorKind::TimedOut => {}
                Err(e) => return Err(e),
            }
        }
        Ok(connection)
    }

    /// Begins to connect; connecting and TLS go on in the connection's `write_some` and `read_some`, whenever its socket is
    /// ready. In mid-run nothing may wait.
    ///
    /// # Errors
    /// Whatever the kernel says at once; later refusals show at the first write or read.
    pub fn begin(&self, line: usize) -> io::Result<Connection> {
        let place = line as u32 % self.sources;
        // The first address is what the kernel takes unasked.
        let source = (place > 0).then(|| IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1 + place as u8)));
        let connection = Connection::begin_from(self.target, source)?.keeping(self.keep);
        let Some(client) = &self.tls else { return Ok(connection) };
        let config = match &client.shows {
            Shows::Nothing | Shows::One(_) => Arc::clone(&client.config),
            Shows::Each(identities) => {
                let mut config = ClientConfig::clone(&client.config);
                config.client_auth_cert_resolver = identities.shown_by(line).map_err(io::Error::other)?;
                Arc::new(config)
            }
        };
        connection.with_tls(config, client.name.clone()).map_err(io::Error::other)
    }
}

fn key_of(source: &KeySource) -> Result<(Vec<u8>, String), String> {
    match source {
        KeySource::File(path) => {
            let named = path.display().to_string();
            Ok((std::fs::read(path).map_err(|e| format!("{named}: cannot be read: {e}"))?, named))
        }
        KeySource::Env(name) => match std::env::var(name) {
            Ok(text) => Ok((text.into_bytes(), format!("environment variable {name}"))),
            Err(_) => Err(format!("environment variable {name}: not set; the client's key is read from it")),
        },
    }
}

fn system_cas() -> Result<PathBuf, String> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let known = SYSTEM_CAS.iter().map(PathBuf::from);
    named.into_iter().chain(known).find(|file| file.is_file()).ok_or_else(|| {
        format!("no CAs to trust: none of {} is there; name a file with [target] ca", SYSTEM_CAS.join(", "))
    })
}

/// What is left of a time.
pub(super) fn left(clock: &Clock, of: Duration) -> io::Result<Duration> {
    of.checked_sub(Duration::from_nanos(clock.now_ns())).ok_or_else(|| ErrorKind::TimedOut.into())
}

/// Waits until the socket is ready.
pub(super) fn wait(connection: &Connection, what: PollFlags, most: Duration) -> io::Result<()> {
    let tv_sec = i64::try_from(most.as_secs()).unwrap_or(i64::MAX);
    let most = Timespec { tv_sec, tv_nsec: i64::from(most.subsec_nanos()) };
    match poll(&mut [PollFd::from_borrowed_fd(connection.fd(), what)], Some(&most)) {
        Ok(0) => Err(ErrorKind::TimedOut.into()),
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

/// Goes on with the handshake; nothing else may come before a request.
pub(super) fn silent(connection: &mut Connection, scratch: &mut [u8]) -> io::Result<()> {
    match connection.read_some(scratch, false, |_| ()) {
        Ok(Received::Partial) => Ok(()),
        Ok(Received::Closed) => Err(io::Error::other("the target closed the connection before any request")),
        Ok(Received::Answer(())) => Err(io::Error::other("the target answered before any request")),
        Err(sentence) => Err(io::Error::other(sentence)),
    }
}
