//! One question to a token server over a connection of its own, in plain HTTP or TLS. Called by `access_token`, beside the
//! run's own connections and never on their threads.

use crate::client::response::{self, Progress};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use scenarios::{Secret, SignedJwt};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long the server may take to accept, and between one part of its answer and the next.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest answer taken: a hundred times a published one.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Posts a form; gives the status and the body.
pub(super) fn post(jwt: &SignedJwt, form: &str) -> Result<(u16, Secret), String> {
    let server = &jwt.server;
    let request = Zeroizing::new(format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: spinebench\r\nAccept: application/json\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        server.path,
        server.authority,
        form.len()
    ));
    let mut plain = connect(jwt)?;
    let cannot = |e: std::io::Error| format!("it cannot be asked: {e}");
    plain.set_read_timeout(Some(PATIENCE)).map_err(cannot)?;
    plain.set_write_timeout(Some(PATIENCE)).map_err(cannot)?;
    if server.tls {
        exchange(&mut StreamOwned::new(connection(jwt)?, plain), request.as_bytes())
    } else {
        exchange(&mut plain, request.as_bytes())
    }
}

/// Connects to the first of the server's addresses that accepts; none of them may be one that must not be asked.
fn connect(jwt: &SignedJwt) -> Result<TcpStream, String> {
    let server = &jwt.server;
    let found = (server.host.as_str(), server.port).to_socket_addrs();
    let mut refused = "it has no address".to_owned();
    let addresses: Vec<_> = found.map_err(|e| format!("it is not found: {e}"))?.collect();
    addresses.iter().try_for_each(|address| server.target.may_ask(*address))?;
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(e) => refused = format!("it cannot be reached: {e}"),
        }
    }
    Err(refused)
}

fn connection(jwt: &SignedJwt) -> Result<ClientConnection, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(jwt.ca_pem.as_deref().unwrap_or_default().as_bytes()) {
        let certificate = certificate.map_err(|e| format!("a certificate of ca cannot be read: {e}"))?;
        roots.add(certificate).map_err(|e| format!("a certificate of ca cannot be used: {e}"))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| format!("TLS cannot be set up: {e}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(jwt.server.host.clone()).map_err(|_| "its name fits no certificate")?;
    ClientConnection::new(Arc::new(config), name).map_err(|e| format!("TLS cannot be set up: {e}"))
}

fn exchange(stream: &mut (impl Read + Write), request: &[u8]) -> Result<(u16, Secret), String> {
    let cannot = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => {
            format!("it did not answer within {} s", PATIENCE.as_secs())
        }
        _ => format!("it cannot be asked: {e}"),
    };
    stream.write_all(request).and_then(|()| stream.flush()).map_err(cannot)?;
    let (mut input, mut part) = (Zeroizing::new(Vec::new()), Zeroizing::new([0_u8; 8 * 1024]));
    loop {
        let n = match stream.read(&mut part[..]) {
            // Many servers close TLS without saying so; the answer's length tells whether it is whole.
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => 0,
            read => read.map_err(cannot)?,
        };
        input.extend_from_slice(&part[..n]);
        match response::parse(&input, false, n == 0)? {
            Progress::Complete(answer) => {
                let body = std::str::from_utf8(&answer.body).map_err(|_| "its answer is no text")?;
                return Ok((answer.status, Secret::new(body.to_owned())));
            }
            Progress::NeedAtLeast(_) if n == 0 => return Err("the answer broke off".into()),
            Progress::NeedAtLeast(_) if input.len() > ANSWER_BYTES_MAX => {
                return Err(format!("its answer is longer than {ANSWER_BYTES_MAX} bytes"));
            }
            Progress::NeedAtLeast(_) => {}
        }
    }
}
