//! TLS 1.2 and 1.3 with rustls and aws-lc: the server's side, with session tickets, and with client certificates when
//! mutual. Whom a client certificate names becomes the decisions' `Context::peer`.
//!
//! Called by start-up and by the I/O threads. Checks no request; never logs a certificate.

use crate::domain::Peer;
use crate::error::HubError;
use crate::security::TlsFiles;
use rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConnection, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// Longest organisation code or end point name taken from a certificate. 64: X.520's own bound on both.
const NAME_CHARS_MAX: usize = 64;

/// A client certificate that names no organisation or no end point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nameless;

/// What makes TLS of an accepted socket.
///
/// # Errors
/// [`HubError::Security`] with the file and what is wrong with it.
pub fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, HubError> {
    let provider = Arc::new(default_provider());
    let chain = certificates(&files.cert)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|e| refused(&files.key, "the private key", in_words(e)))?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| HubError::Security(format!("TLS: {e}")))?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for ca in certificates(path)? {
                roots.add(ca).map_err(|e| refused(path, "the CA certificate", e))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|e| refused(path, "the CA certificates", e))?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|e| {
        refused(&files.cert, &format!("the certificate with the key {}", files.key.display()), e)
    })?;
    config.ticketer = Ticketer::new().map_err(|e| HubError::Security(format!("TLS session tickets: {e}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, HubError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|e| refused(path, "the certificate", in_words(e)))?;
    if found.is_empty() {
        return Err(HubError::Security(format!("{}: there is no certificate in it", path.display())));
    }
    Ok(found)
}

/// A fault of a PEM file in a sentence; the parser's own shows bytes as numbers.
fn in_words(error: pem::Error) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => "there is none in it, in PEM".to_owned(),
        pem::Error::MissingSectionEnd { .. } => "the file breaks off before its END line".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is malformed".to_owned(),
        other => other.to_string(),
    }
}

fn refused(path: &Path, what: &str, error: impl Display) -> HubError {
    HubError::Security(format!("{}: {what} cannot be used: {error}", path.display()))
}

/// Whom the client certificate of a finished handshake names; `None` when none was asked for.
///
/// # Errors
/// [`Nameless`]: it is of our CA, but not an end point's.
pub fn peer(connection: &ServerConnection) -> Result<Option<Peer>, Nameless> {
    match connection.peer_certificates().and_then(<[_]>::first) {
        None => Ok(None),
        Some(certificate) => named(certificate).map(Some).ok_or(Nameless),
    }
}

/// The subject's `O` as ODS code and its `CN` as end point name.
fn named(certificate: &CertificateDer<'_>) -> Option<Peer> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let subject = parsed.subject();
    let text = |value: Option<&x509_parser::x509::AttributeTypeAndValue<'_>>| -> Option<String> {
        let text = value?.as_str().ok()?.trim().to_owned();
        let plain = text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        (plain && !text.is_empty() && text.len() <= NAME_CHARS_MAX).then_some(text)
    };
    let ods = text(subject.iter_organization().next())?.to_ascii_uppercase();
    Some(Peer { ods, name: text(subject.iter_common_name().next())? })
}
