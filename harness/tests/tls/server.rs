//! A small HTTP/1.1 server for the client's tests: plain or rustls, a thread for each connection, and a CA to go with it. Does
//! what the path says, so that a test can ask for any way an answer can come.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A CA whose certificate and key lie in a folder, as the harness expects them.
pub struct Ca {
    pub folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
}

impl Ca {
    pub fn new(name: &str) -> Ca {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("ca.cert.pem"), made.pem()).unwrap();
        std::fs::write(folder.path().join("ca.key.pem"), key.serialize_pem()).unwrap();
        Ca { der: made.der().clone(), issuer: Issuer::new(params, key), folder }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.cert.pem")
    }

    /// A certificate of this CA with its key, in PEM, as files; `year` is its last.
    pub fn issue(&self, name: &str, purpose: ExtendedKeyUsagePurpose, year: i32) -> (PathBuf, PathBuf) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        let at = |ending: &str| self.folder.path().join(format!("{name}-{year}.{ending}.pem"));
        std::fs::write(at("cert"), params.signed_by(&key, &self.issuer).unwrap().pem()).unwrap();
        std::fs::write(at("key"), key.serialize_pem()).unwrap();
        (at("cert"), at("key"))
    }

    /// The server's side: a certificate for 127.0.0.1, and client certificates of `clients` if that is given.
    pub fn server(
        &self,
        clients: Option<&Ca>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Arc<ServerConfig> {
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                roots.add(ca.der.clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Arc::new(builder.with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }
}

/// A running server; its threads end with the connections.
pub struct Server {
    pub address: SocketAddr,
    /// Addresses that connections came from.
    pub sources: Arc<Mutex<HashSet<IpAddr>>>,
}

/// Starts a server: plain without `tls`.
pub fn start(tls: Option<Arc<ServerConfig>>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let sources: Arc<Mutex<HashSet<IpAddr>>> = Arc::default();
    let seen = Arc::clone(&sources);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let (tls, seen) = (tls.clone(), Arc::clone(&seen));
            std::thread::Builder::new()
                .stack_size(256 * 1024)
                .spawn(move || {
                    seen.lock().unwrap().insert(stream.peer_addr().unwrap().ip());
                    stream.set_nodelay(true).unwrap();
                    match tls {
                        None => serve(stream, Vec::new, |_| {}),
                        Some(config) => serve_tls(stream, config),
                    }
                })
                .unwrap();
        }
    });
    Server { address, sources }
}

fn serve_tls(mut stream: TcpStream, config: Arc<ServerConfig>) {
    let mut session = ServerConnection::new(config).unwrap();
    while session.is_handshaking() {
        if session.complete_io(&mut stream).is_err() {
            return;
        }
    }
    let peer = session.peer_certificates().map(|c| c[0].to_vec()).unwrap_or_default();
    serve(
        rustls::StreamOwned::new(session, stream),
        move || peer.clone(),
        |io| {
            io.conn.send_close_notify();
            let _ = io.conn.complete_io(&mut io.sock);
            let _ = io.sock.shutdown(Shutdown::Write);
        },
    );
}

/// Answers requests until one asks for the end. `/bytes/N`: a body of so many; `/received`: how many came; `/peer`: the
/// client's certificate; `/until-close`: a body without a length; `/close`, `/cut`: an answer and half of one, then the end
/// with and without `close_notify`.
fn serve<IO: Read + Write>(mut io: IO, peer: impl Fn() -> Vec<u8>, close: impl Fn(&mut IO)) {
    let mut buffer = Vec::new();
    let mut piece = [0u8; 20_000];
    loop {
        let (head_len, body_len) = loop {
            let head = buffer.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4);
            if let Some(head_len) = head {
                let head = String::from_utf8_lossy(&buffer[..head_len]).to_ascii_lowercase();
                let length = head.lines().find_map(|l| l.strip_prefix("content-length: "));
                let body_len = length.map_or(0, |l| l.parse::<usize>().unwrap());
                if buffer.len() >= head_len + body_len {
                    break (head_len, body_len);
                }
            }
            match io.read(&mut piece) {
                Ok(n) if n > 0 => buffer.extend_from_slice(&piece[..n]),
                _ => return,
            }
        };
        let head = String::from_utf8_lossy(&buffer[..head_len]).into_owned();
        let path = head.split(' ').nth(1).unwrap_or("").to_owned();
        buffer.drain(..head_len + body_len);
        let body = match path.strip_prefix("/bytes/") {
            Some(n) => vec![b'x'; n.parse().unwrap()],
            None if path == "/peer" => peer(),
            None if path == "/received" => body_len.to_string().into_bytes(),
            None => b"hello".to_vec(),
        };
        let mut answer = match path.as_str() {
            "/until-close" => b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
            _ => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes(),
        };
        answer.extend_from_slice(&body);
        if path == "/cut" {
            answer.truncate(answer.len() - 2);
        }
        if io.write_all(&answer).is_err() || io.flush().is_err() {
            return;
        }
        match path.as_str() {
            "/close" | "/until-close" => return close(&mut io),
            "/cut" => return,
            _ => {}
        }
    }
}

/// Forwards to `target` byte by byte towards the client, so that every record and message is cut everywhere.
pub fn crumbling(target: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        client.set_nodelay(true).unwrap();
        let server = TcpStream::connect(target).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let (mut from, mut to, mut one) = (server, client, [0u8; 1]);
        while matches!(from.read(&mut one), Ok(1)) && to.write_all(&one).is_ok() {}
    });
    address
}

/// PEM text of a file, for keys.
pub fn text(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}
