//! TLS over real sockets: versions, whose certificate is taken, whom it names, and whose token opens what under it.

use super::kit::{Client, Running, config, socket, start, start_with};
use crate::certs::{APPLICATION_ID, APPLICATION_KID, Folder, issue_ended};
use crate::hub::{HubConfig, run};
use crate::interfaces::INTERFACES;
use crate::limits::Limits;
use crate::{HubError, Security, StopHandle};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use population::{Population, Sizes};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

fn people() -> Population {
    Population::new(42, Sizes { patients: 10, organisations: 10, endpoints: 10 }).unwrap()
}

fn with_tls(data: &Path, folder: &Folder, mutual: bool) -> HubConfig {
    let security = Security { tls: Some(folder.tls_files(mutual)), ..Security::default() };
    HubConfig { security, ..config(data, "memory") }
}

/// A client that trusts the folder's CA and shows this certificate.
fn client_config(
    folder: &Folder,
    shown: Option<(PathBuf, PathBuf)>,
    version: &'static SupportedProtocolVersion,
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.ca_cert()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(match shown {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => {
            let chain = vec![CertificateDer::from_pem_file(cert).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap()).unwrap()
        }
    })
}

fn tls(address: SocketAddr, config: &Arc<ClientConfig>) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::clone(config), name).unwrap(), socket(address))
}

fn ask(hub: &Running, config: &Arc<ClientConfig>, line: &str, headers: &[(&str, &str)]) -> super::kit::Reply {
    Client::over(tls(hub.address, config)).ask(line, headers)
}

/// True when the hub ends the connection without an answer.
fn is_turned_away(hub: &Running, config: &Arc<ClientConfig>) -> bool {
    let mut stream = tls(hub.address, config);
    let sent = stream.write_all(b"GET /desk/peer HTTP/1.1\r\nhost: hub\r\n\r\n");
    let mut all = Vec::new();
    let read = stream.read_to_end(&mut all);
    all.is_empty() && (sent.is_err() || read.is_err())
}

#[test]
fn tls_1_2_and_1_3_are_spoken_and_plain_http_gets_no_answer() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::of_data(place.path());
    folder.fill(&people(), 1).unwrap();
    let hub = start(with_tls(place.path(), &folder, false), Limits::default());
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let reply = ask(&hub, &client_config(&folder, None, version), "GET /desk/peer", &[]);
        assert_eq!((reply.status, reply.text().as_str()), (200, "nobody"), "{version:?}");
    }
    let mut plain = hub.client();
    plain.push("GET /desk/peer HTTP/1.1\r\nhost: hub\r\n\r\n");
    assert!(!plain.rest().contains("HTTP"));
    assert_eq!(hub.stop().answered.total, 2);
}

#[test]
fn a_client_certificate_names_the_organisation_also_when_the_session_is_resumed() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::of_data(place.path());
    folder.fill(&people(), 1).unwrap();
    let hub = start(with_tls(place.path(), &folder, true), Limits::default());
    let end_point = people().endpoint(0);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = client_config(&folder, Some(folder.endpoint(&end_point.asid)), version);
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut stream = tls(hub.address, &config);
            stream.write_all(b"GET /desk/peer HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n").unwrap();
            let mut all = String::new();
            let _ = stream.read_to_string(&mut all);
            assert!(all.ends_with(&format!("{} {}", end_point.ods, end_point.asid)), "{all}");
            let shaken = stream.conn.handshake_kind().unwrap();
            assert!(shaken == kind || kind == HandshakeKind::Full, "{version:?}: {shaken:?}");
        }
    }
    let sandbox = client_config(&folder, Some(folder.endpoint("X26ABC1")), &rustls::version::TLS13);
    assert_eq!(ask(&hub, &sandbox, "GET /desk/peer", &[]).text(), "X26 X26ABC1");
    hub.stop();
}

#[test]
fn no_certificate_one_of_another_ca_one_that_has_ended_and_one_of_a_server_are_turned_away() {
    let (place, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, other) = (Folder::of_data(place.path()), Folder::new(other.path()));
    folder.fill(&people(), 1).unwrap();
    other.fill(&people(), 1).unwrap();
    let ended = folder.endpoint("ended");
    issue_ended(&folder.issuer().unwrap(), "A20047", "ended", (&ended.0, &ended.1)).unwrap();
    let server = folder.tls_files(false);
    let hub = start(with_tls(place.path(), &folder, true), Limits::default());
    let asid = people().endpoint(0).asid;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for (what, shown) in [
            ("no certificate", None),
            ("another CA's", Some(other.endpoint(&asid))),
            ("one that has ended", Some(ended.clone())),
            ("a server's", Some((server.cert.clone(), server.key.clone()))),
        ] {
            assert!(is_turned_away(&hub, &client_config(&folder, shown, version)), "{what}, {version:?}");
        }
        let own = client_config(&folder, Some(folder.endpoint(&asid)), version);
        assert_eq!(ask(&hub, &own, "GET /desk/peer", &[]).status, 200);
    }
    assert_eq!(hub.stop().answered.total, 2, "nobody else was heard");
}

#[test]
fn a_handshake_that_does_not_come_is_cut_off() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::of_data(place.path());
    folder.fill(&people(), 0).unwrap();
    let limits = Limits { handshake_time: Duration::from_millis(200), ..Limits::default() };
    let hub = start(with_tls(place.path(), &folder, false), limits);
    let mut silent = hub.client();
    let mut dripping = hub.client();
    dripping.push([22, 3, 1, 2, 0]);
    assert!(silent.is_closed_by_hub() && dripping.is_closed_by_hub());
    hub.stop();
}

#[test]
fn a_file_that_cannot_be_used_is_named_before_the_hub_starts() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::of_data(place.path());
    folder.fill(&people(), 0).unwrap();
    let refused = |change: &dyn Fn(&mut crate::TlsFiles)| {
        let mut config = with_tls(place.path(), &folder, true);
        change(config.security.tls.as_mut().unwrap());
        match run(&config, |_| panic!("must not start"), &StopHandle::new()) {
            Err(HubError::Security(sentence)) => sentence,
            other => panic!("{other:?}"),
        }
    };
    let missing = refused(&|f| f.cert = "/nowhere/cert.pem".into());
    assert!(missing.contains("/nowhere/cert.pem: the certificate cannot be used"), "{missing}");
    let torn = place.path().join("torn.pem");
    let whole = std::fs::read(folder.tls_files(true).cert).unwrap();
    std::fs::write(&torn, &whole[..whole.len() / 2]).unwrap();
    let told = refused(&|f| f.cert = torn.clone());
    assert!(told.contains("cannot be used: the file breaks off before its END line"), "{told}");
    let no_key = refused(&|f| f.key = folder.endpoint_list());
    assert!(no_key.contains("the private key cannot be used: there is none in it"), "{no_key}");
    let swapped = refused(&|f| f.key = folder.endpoint("X26ABC1").1);
    assert!(swapped.contains("server.cert.pem: the certificate with the key"), "{swapped}");
    let empty = refused(&|f| f.client_ca = Some(folder.endpoint_list()));
    assert!(empty.contains("endpoints.csv: there is no certificate in it"), "{empty}");
}

/// Whose token opens what, over mutual TLS and on the whole hub.
#[test]
fn a_token_opens_the_hub_only_to_the_organisation_that_the_certificate_names() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::of_data(place.path());
    let people = people();
    folder.fill(&people, 10).unwrap();
    let config = HubConfig { population: Some(people), ..with_tls(place.path(), &folder, true) };
    let hub = start_with(config, Limits::default(), INTERFACES);
    let (own, other) = (people.endpoint(0), people.endpoint(1));
    let shown = |asid: &str| client_config(&folder, Some(folder.endpoint(asid)), &rustls::version::TLS13);
    let (ours, theirs) = (shown(&own.asid), shown(&other.asid));
    let user = (0..).map(|i| people.session(i)).find(|s| s.ods == own.ods).unwrap();
    let line = format!("GET /personal-demographics/FHIR/R4/Patient/{}", people.nhs_number(3));
    let retrieve = |config: &Arc<ClientConfig>, token: &str| {
        let id = "60E0B220-8136-4CA5-AE46-1D97EF59D068";
        let bearer = format!("Bearer {token}");
        let reply = ask(&hub, config, &line, &[("authorization", &bearer), ("x-request-id", id)]);
        (reply.status, reply.text().contains("ACCESS_DENIED"))
    };
    assert_eq!(retrieve(&ours, &user.token), (200, false));
    assert_eq!(retrieve(&theirs, &user.token), (401, true), "a token from another's wire");
    assert_eq!(retrieve(&ours, "unknown"), (401, true));

    let key = std::fs::read(folder.application_key()).unwrap();
    let key = EncodingKey::from_rsa_pem(&key).unwrap();
    let header = Header { kid: Some(APPLICATION_KID.to_owned()), ..Header::new(Algorithm::RS512) };
    let host = format!("localhost:{}", hub.address.port());
    let claims = serde_json::json!({
        "iss": APPLICATION_ID, "sub": APPLICATION_ID, "aud": format!("https://{host}/oauth2/token"),
        "exp": crate::clock::now_ms() / 1000 + 60, "jti": "once",
    });
    let jwt = encode(&header, &claims, &key).unwrap();
    let form = format!(
        "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type\
         %3Ajwt-bearer&client_assertion={jwt}"
    );
    let token = |config: &Arc<ClientConfig>| {
        // The address is part of what was signed, so the request names it.
        let mut client = Client::over(tls(hub.address, config));
        client.send(format!(
            "POST /oauth2/token HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{form}",
            form.len()
        ));
        let reply = client.reply(false);
        (reply.status, serde_json::from_slice::<serde_json::Value>(&reply.body).unwrap())
    };
    let (status, body) = token(&theirs);
    assert_eq!((status, &body["error"]), (401, &"invalid_client".into()));
    let (status, body) = token(&ours);
    assert_eq!(status, 200, "{body}");
    assert_eq!(retrieve(&theirs, body["access_token"].as_str().unwrap()), (401, true));
    let (status, body) = token(&ours);
    assert_eq!((status, &body["error"]), (400, &"invalid_request".into()), "replayed");
    hub.stop();
}
