//! A development CA with everything that TLS and OAuth 2.0 need to be tried out: a server certificate, client
//! certificates of synthetic end points (subject `O` = ODS code, `CN` = ASID or mailbox), and an application's RSA key
//! pair that is registered with the hub whose data folder it lies in.
//!
//! Called by `spinebench hub certs`, by the first start with `--tls`, and by tests. Private keys are readable by their
//! owner alone. What is there is kept, so more end points can be added later. Trust none of it outside of a test.

use crate::clock;
use crate::error::HubError;
use crate::oauth::record::Client;
use crate::security::TlsFiles;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey};
use population::Population;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA512, RsaKeySize, date_time_ymd,
};
use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Days a certificate is valid. 825: the longest that clients of all kinds accept.
const VALID_DAYS: i64 = 825;

/// Days the CA is valid. 3,650: it outlives its certificates.
const CA_VALID_DAYS: i64 = 3_650;

/// Days that certificates are valid before they were made, for machines whose clocks are behind.
const BEFORE_DAYS: i64 = 1;

/// The client id of the application whose key pair is made.
pub const APPLICATION_ID: &str = "spinebench-test-application";

/// The `kid` of its key.
pub const APPLICATION_KID: &str = "test-1";

/// End points that get a certificate when the hub makes its own on its first start. 10: one of each kind, and some.
pub const FIRST_ENDPOINTS: u32 = 10;

/// The sandbox's mailboxes and their organisations, which get certificates too.
const SANDBOX_END_POINTS: [(&str, &str); 3] = [("X26ABC1", "X26"), ("X26ABC2", "X26"), ("X26ABC3", "X27")];

/// Where the parts lie in their folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

/// What was made; what was there already does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Made {
    /// The CA and the server's certificate.
    pub server: bool,
    /// Certificates of end points.
    pub endpoints: u32,
    /// The application's key pair.
    pub application: bool,
}

impl Folder {
    /// The folder at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Folder(path.into())
    }

    /// The folder that a hub looks in when it is told no other.
    pub fn of_data(data: &Path) -> Self {
        Folder(data.join("certs"))
    }

    /// The CA's certificate: what clients trust, and what the hub trusts of clients.
    pub fn ca_cert(&self) -> PathBuf {
        self.0.join("ca.cert.pem")
    }

    /// The server's certificate and key, and the CA of clients.
    pub fn tls_files(&self, mutual: bool) -> TlsFiles {
        TlsFiles {
            cert: self.0.join("server.cert.pem"),
            key: self.0.join("server.key.pem"),
            client_ca: mutual.then(|| self.ca_cert()),
        }
    }

    /// The certificate and key of the end point of that ASID or mailbox.
    pub fn endpoint(&self, name: &str) -> (PathBuf, PathBuf) {
        let folder = self.0.join("endpoints");
        (folder.join(format!("{name}.cert.pem")), folder.join(format!("{name}.key.pem")))
    }

    /// The list of end points: name, ODS code, mailbox, certificate, key.
    pub fn endpoint_list(&self) -> PathBuf {
        self.0.join("endpoints.csv")
    }

    /// The private key of the application.
    pub fn application_key(&self) -> PathBuf {
        self.0.join("clients").join(format!("{APPLICATION_ID}.key.pem"))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes what is missing, with certificates for the first `endpoints` end points of the population.
    ///
    /// # Errors
    /// [`HubError::Security`] with the file and why.
    pub fn fill(&self, population: &Population, endpoints: u32) -> Result<Made, HubError> {
        for folder in [self.0.clone(), self.0.join("endpoints"), self.0.join("clients")] {
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            made.map_err(|e| cannot(&folder, "made", e))?;
        }
        let issuer = self.issuer()?;
        let mut made = Made::default();
        let server = self.tls_files(false);
        if !server.cert.exists() || !server.key.exists() {
            let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
            let params = CertificateParams::new(names).map_err(|e| cannot(&server.cert, "made", e))?;
            let params = subject(params, "Spinebench", "localhost");
            issue(params, ExtendedKeyUsagePurpose::ServerAuth, &issuer, &server.cert, &server.key)?;
            made.server = true;
        }
        let mut list = String::from("name,ods,mailbox,certificate,key\n");
        let of_population = (0..endpoints.min(population.sizes().endpoints)).map(|i| {
            let e = population.endpoint(i);
            (e.asid, e.ods, e.mailbox)
        });
        let of_sandbox =
            SANDBOX_END_POINTS.map(|(mailbox, ods)| (mailbox.to_owned(), ods.to_owned(), mailbox.to_owned()));
        for (name, ods, mailbox) in of_sandbox.into_iter().chain(of_population) {
            let (cert, key) = self.endpoint(&name);
            if !cert.exists() || !key.exists() {
                let params = subject(CertificateParams::default(), &ods, &name);
                issue(params, ExtendedKeyUsagePurpose::ClientAuth, &issuer, &cert, &key)?;
                made.endpoints += 1;
            }
            list += &format!("{name},{ods},{mailbox},endpoints/{name}.cert.pem,endpoints/{name}.key.pem\n");
        }
        write(&self.endpoint_list(), &list, PUBLIC)?;
        made.application = self.application(&population.endpoint(0).ods)?;
        Ok(made)
    }

    /// The CA, made when it is not there.
    ///
    /// # Errors
    /// [`HubError::Security`].
    pub fn issuer(&self) -> Result<Issuer<'static, KeyPair>, HubError> {
        let (cert, key_file) = (self.ca_cert(), self.0.join("ca.key.pem"));
        let mut params = subject(CertificateParams::default(), "Spinebench", "Spinebench development CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, CA_VALID_DAYS);
        if key_file.exists() {
            let pem = std::fs::read_to_string(&key_file).map_err(|e| cannot(&key_file, "read", e))?;
            let key = KeyPair::from_pem(&pem).map_err(|e| cannot(&key_file, "used", e))?;
            return Ok(Issuer::new(params, key));
        }
        if self.tls_files(false).cert.exists() {
            // Another CA would take the place of the one that clients trust and that certified what is here.
            return Err(HubError::Security(format!(
                "{}: missing, so that {} can certify nothing more; put it back, name the files that are there by \
                 --tls-cert, --tls-key and --tls-ca, or begin with an empty folder",
                key_file.display(),
                cert.display()
            )));
        }
        let key = KeyPair::generate().map_err(|e| cannot(&key_file, "made", e))?;
        let made = params.self_signed(&key).map_err(|e| cannot(&cert, "made", e))?;
        write(&cert, &made.pem(), PUBLIC)?;
        write(&key_file, &key.serialize_pem(), PRIVATE)?; // last: its being there says that the CA is whole
        Ok(Issuer::new(params, key))
    }

    /// The application's key pair and its registration; true when they were made.
    fn application(&self, ods: &str) -> Result<bool, HubError> {
        let key_file = self.application_key();
        let row_file = self.0.join("clients").join(format!("{APPLICATION_ID}.json"));
        if key_file.exists() && row_file.exists() {
            return Ok(false);
        }
        let unmade = |e: &dyn Display| cannot(&key_file, "made", e);
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA512, RsaKeySize::_2048).map_err(|e| unmade(&e))?;
        let pem = pair.serialize_pem();
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|e| unmade(&e))?;
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::RS512).map_err(|e| unmade(&e))?;
        jwk.common.key_id = Some(APPLICATION_KID.to_owned());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let client = Client {
            client_id: APPLICATION_ID.to_owned(),
            ods: ods.to_owned(),
            keys: vec![jwk],
            secret_sha256: String::new(),
            redirect_uris: Vec::new(),
            registered: true,
        };
        write(&key_file, &pem, PRIVATE)?;
        let text = serde_json::to_string_pretty(&client).map_err(|e| cannot(&row_file, "made", e))?;
        write(&row_file, &(text + "\n"), PUBLIC)?;
        Ok(true)
    }
}

/// The parameters with a subject and the usual time.
fn subject(mut params: CertificateParams, organisation: &str, name: &str) -> CertificateParams {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, organisation);
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    valid(&mut params, VALID_DAYS);
    params
}

/// From yesterday on for so many days; a negative number makes what has ended.
fn valid(params: &mut CertificateParams, days: i64) {
    let now = i64::try_from(clock::now_ms()).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let today = now.unwrap_or_default().to_zoned(TimeZone::UTC).date();
    let date = |days: i64| {
        let date = today.saturating_add(days.days());
        date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    (params.not_before, params.not_after) = (date(days.min(0) - BEFORE_DAYS), date(days));
}

/// A key pair and its certificate, as files.
fn issue(
    mut params: CertificateParams,
    purpose: ExtendedKeyUsagePurpose,
    issuer: &Issuer<'_, KeyPair>,
    cert_file: &Path,
    key_file: &Path,
) -> Result<(), HubError> {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    let key = KeyPair::generate().map_err(|e| cannot(key_file, "made", e))?;
    let cert = params.signed_by(&key, issuer).map_err(|e| cannot(cert_file, "made", e))?;
    write(key_file, &key.serialize_pem(), PRIVATE)?;
    write(cert_file, &cert.pem(), PUBLIC)
}

/// An end point's certificate that ended yesterday, for tests of what is refused.
#[cfg(test)]
pub(crate) fn issue_ended(
    issuer: &Issuer<'_, KeyPair>,
    ods: &str,
    name: &str,
    (cert_file, key_file): (&Path, &Path),
) -> Result<(), HubError> {
    let mut params = subject(CertificateParams::default(), ods, name);
    valid(&mut params, -1);
    issue(params, ExtendedKeyUsagePurpose::ClientAuth, issuer, cert_file, key_file)
}

/// Readable by all.
const PUBLIC: u32 = 0o644;
/// Readable by its owner alone.
const PRIVATE: u32 = 0o600;

fn write(path: &Path, text: &str, mode: u32) -> Result<(), HubError> {
    // A key is written to a new file: an old one might be open to others.
    let written = match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => OpenOptions::new().write(true).create_new(true).mode(mode).open(path),
    };
    written.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|e| cannot(path, "written", e))
}

fn cannot(path: &Path, what: &str, error: impl Display) -> HubError {
    HubError::Security(format!("{}: cannot be {what}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use population::Sizes;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_is_filled_once_and_more_end_points_come_later_from_the_same_ca() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::of_data(place.path());
        let sizes = Sizes { patients: 10, organisations: 10, endpoints: 10 };
        let people = Population::new(42, sizes).unwrap();
        let made = folder.fill(&people, 1).unwrap();
        assert_eq!(made, Made { server: true, endpoints: 4, application: true });
        let ca = std::fs::read(folder.ca_cert()).unwrap();
        let made = folder.fill(&people, 2).unwrap();
        assert_eq!(made, Made { server: false, endpoints: 1, application: false });
        assert_eq!(std::fs::read(folder.ca_cert()).unwrap(), ca);
        let list = std::fs::read_to_string(folder.endpoint_list()).unwrap();
        let second = people.endpoint(1);
        assert!(list.contains(&format!("{},{},{},", second.asid, second.ods, second.mailbox)), "{list}");
    }

    #[test]
    fn private_keys_are_readable_by_their_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().join("c"));
        let people = Population::new(42, Sizes { patients: 10, organisations: 10, endpoints: 10 }).unwrap();
        folder.fill(&people, 1).unwrap();
        let mut keys = 0;
        for below in ["", "endpoints", "clients"] {
            for entry in std::fs::read_dir(folder.path().join(below)).unwrap() {
                let path = entry.unwrap().path();
                let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                if path.to_string_lossy().ends_with(".key.pem") {
                    keys += 1;
                    assert_eq!(mode, 0o600, "{}", path.display());
                }
                if path.is_dir() {
                    assert_eq!(mode, 0o700, "{}", path.display());
                }
            }
        }
        assert_eq!(keys, 7, "CA, server, application, three of the sandbox, one of the population");
    }

    #[test]
    fn a_ca_whose_key_was_taken_away_is_not_replaced() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        let people = Population::new(42, Sizes { patients: 10, organisations: 10, endpoints: 10 }).unwrap();
        folder.fill(&people, 1).unwrap();
        let ca = std::fs::read(folder.ca_cert()).unwrap();
        std::fs::remove_file(place.path().join("ca.key.pem")).unwrap();
        let refused = folder.fill(&people, 1).unwrap_err().to_string();
        assert!(refused.contains("ca.key.pem: missing"), "{refused}");
        assert_eq!(std::fs::read(folder.ca_cert()).unwrap(), ca);
    }
}
