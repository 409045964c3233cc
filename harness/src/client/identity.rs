//! Client certificates: one for all connections, or one each for the end points of the population, issued here with a
//! development CA. Called by `connector`. Never writes a key anywhere, and drops each as soon as its handshake has used it.

use crate::clock::{Clock, wall_now};
use population::Population;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use rustls::{SignatureScheme, SupportedProtocolVersion};
use scenarios::Speaker;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Days a certificate is valid from the day before it is issued: longer than any run.
const VALID_DAYS: i32 = 30;
/// Threads that issue. 2: the hub is idle meanwhile, and 28,000 are ready in seconds.
const THREADS: usize = 2;
/// The CA's certificate in its folder.
pub const CA_CERTIFICATE: &str = "ca.cert.pem";
/// The CA's private key in its folder.
pub const CA_KEY: &str = "ca.key.pem";

/// One certificate and its key, as short as they can be kept.
#[derive(Clone)]
struct Identity {
    certificate: Box<[u8]>,
    key: Box<[u8]>,
}

/// A certificate for each of the first end points of a population.
pub struct Identities {
    all: Vec<Identity>,
    end_points: u32,
    organisations: u32,
    issued_s: f64,
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identities").field("count", &self.all.len()).finish_non_exhaustive()
    }
}

impl Identities {
    /// Issues certificates for the first `count` end points (at most all) with the CA in `folder`: ECDSA P-256, subject `O`
    /// the organisation's code, `CN` the system's ASID.
    ///
    /// # Errors
    /// The file and what is wrong with it.
    pub fn issue(folder: &Path, people: &Population, count: u32) -> Result<Self, String> {
        let clock = Clock::start();
        let (certificate, key) = (folder.join(CA_CERTIFICATE), folder.join(CA_KEY));
        let key_pem = read(&key)?;
        let key_pair = String::from_utf8(key_pem).map_err(|e| e.to_string());
        let key_pair = key_pair.and_then(|pem| KeyPair::from_pem(&pem).map_err(|e| e.to_string()));
        let key_pair =
            key_pair.map_err(|e| format!("{}: the CA's key cannot be used: {e}", key.display()))?;
        let pem = String::from_utf8_lossy(&read(&certificate)?).into_owned();
        let issuer = Issuer::from_ca_cert_pem(&pem, key_pair)
            .map_err(|e| format!("{}: the CA's certificate cannot be used: {e}", certificate.display()))?;
        let end_points = count.min(people.sizes().endpoints);
        let (issuer, each) = (&issuer, end_points.div_ceil(THREADS as u32).max(1));
        let parts: Vec<Result<Vec<Identity>, String>> = std::thread::scope(|scope| {
            let part = |from: u32| {
                scope.spawn(move || {
                    (from..end_points.min(from + each)).map(|i| one(issuer, people, i)).collect()
                })
            };
            let threads: Vec<_> = (0..end_points).step_by(each as usize).map(part).collect();
            let lost = || Err("a thread that issues certificates failed".to_owned());
            threads.into_iter().map(|t| t.join().unwrap_or_else(|_| lost())).collect()
        });
        let all = parts.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
        let organisations = people.sizes().organisations;
        Ok(Identities { all, end_points, organisations, issued_s: clock.now_ns() as f64 / 1e9 })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How long issuing them took, seconds.
    pub fn issued_s(&self) -> f64 {
        self.issued_s
    }

    /// The end point that the connection of a line speaks for.
    pub fn end_point_of(&self, line: usize) -> u32 {
        (line % self.all.len().max(1)) as u32
    }

    /// The lines below `lines` over which a request in that name may go: those of its end point first, then those of its
    /// organisation's other end points.
    pub fn lines_for(&self, speaker: Speaker, lines: usize) -> impl Iterator<Item = usize> {
        let count = self.all.len().max(1);
        let (own, known) = (speaker.end_point, self.end_points);
        let all = (speaker.organisation..known).step_by(self.organisations.max(1) as usize);
        let others = all.filter(move |system| Some(*system) != own);
        let systems = own.filter(|system| *system < known).into_iter().chain(others);
        systems.flat_map(move |system| (system as usize..lines).step_by(count))
    }

    /// The organisation that the connection of a line speaks for.
    pub fn organisation_of(&self, line: usize) -> u32 {
        self.end_point_of(line) % self.organisations.max(1)
    }

    /// What shows the certificate of a line in one handshake.
    pub(super) fn shown_by(&self, line: usize) -> Result<Arc<Shown>, String> {
        let end_point = self.end_point_of(line) as usize;
        let Some(found) = self.all.get(end_point) else {
            return Err("there is no identity to show".to_owned());
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(&*found.key));
        let key =
            any_supported_type(&key).map_err(|e| format!("a key that was issued cannot be used: {e}"))?;
        let certificate = CertificateDer::from(found.certificate.to_vec());
        Ok(Shown::once(Arc::new(CertifiedKey::new(vec![certificate], key))))
    }
}

fn one(issuer: &Issuer<'_, KeyPair>, people: &Population, i: u32) -> Result<Identity, String> {
    let system = people.endpoint(i);
    let failed = |e: rcgen::Error| format!("the certificate of end point {i} cannot be issued: {e}");
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, system.ods);
    params.distinguished_name.push(DnType::CommonName, system.asid);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let yesterday = wall_now().as_second().div_euclid(86_400) - 1;
    let from = jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(yesterday));
    let to = from.saturating_add(jiff::Span::new().days(VALID_DAYS));
    let time = |d: jiff::civil::Date| {
        date_time_ymd(d.year().into(), d.month().unsigned_abs(), d.day().unsigned_abs())
    };
    (params.not_before, params.not_after) = (time(from), time(to));
    let certificate = params.signed_by(&key, issuer).map_err(failed)?;
    Ok(Identity { certificate: certificate.der().as_ref().into(), key: key.serialize_der().into() })
}

/// One certificate with its key out of PEM; `key_named` says where the key came from.
///
/// # Errors
/// What is wrong with which of the two; the key's text is in no message.
pub fn certified(certificate: &Path, key_pem: &[u8], key_named: &str) -> Result<Arc<CertifiedKey>, String> {
    let chain = certificates(certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key_pem)
        .map_err(|_| format!("{key_named}: there is no private key in it, in PEM"))?;
    let key =
        any_supported_type(&key).map_err(|e| format!("{key_named}: the private key cannot be used: {e}"))?;
    let found = CertifiedKey::new(chain, key);
    match found.keys_match() {
        Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => Err(format!(
            "{}: the certificate does not belong to the key of {key_named}",
            certificate.display()
        )),
        Err(rustls::Error::InvalidCertificate(e)) => {
            Err(format!("{}: the certificate cannot be used: {e}", certificate.display()))
        }
        _ => Ok(Arc::new(found)),
    }
}

/// The certificates of a PEM file.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(path)?;
    let found = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(format!("{}: there is no certificate in it, in PEM", path.display())),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("{}: cannot be read: {e}", path.display()))
}

/// Shows a certificate, and forgets it when it was for one handshake only: a session keeps its configuration for as long as
/// it lives, and 28,000 keys would be kept for nothing.
#[derive(Debug)]
pub(super) struct Shown {
    key: Mutex<Option<Arc<CertifiedKey>>>,
    once: bool,
}

impl Shown {
    fn once(key: Arc<CertifiedKey>) -> Arc<Self> {
        Arc::new(Shown { key: Mutex::new(Some(key)), once: true })
    }

    /// The same certificate in every handshake.
    pub(super) fn always(key: Arc<CertifiedKey>) -> Arc<Self> {
        Arc::new(Shown { key: Mutex::new(Some(key)), once: false })
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let mut key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        let found = if self.once { key.take() } else { key.clone() };
        found.filter(|k| k.key.choose_scheme(schemes).is_some())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// TLS 1.3 and 1.2, as `rustls` holds them safe.
pub(super) const VERSIONS: &[&SupportedProtocolVersion] = rustls::DEFAULT_VERSIONS;
