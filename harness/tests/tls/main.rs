//! The client's connections against a server of the test's own, plain, TLS and mutual TLS: that they work, that what goes
//! wrong is said in a sentence, and that many can be opened at once from several addresses.

mod server;

use harness::client::connection::{Connection, READ_BYTES, Received};
use harness::client::connector::{Connector, Shows};
use harness::client::identity::{Identities, certified};
use harness::client::opening::OpeningError;
use population::{Population, Sizes};
use rcgen::ExtendedKeyUsagePurpose::ClientAuth;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::version::{TLS12, TLS13};
use scenarios::Speaker;
use server::{Ca, crumbling, start, text};
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::AtomicBool;

const BOTH: &[&rustls::SupportedProtocolVersion] = &[&TLS12, &TLS13];
/// A year in which a certificate is still valid.
const VALID: i32 = 2090;
/// One in which it was.
const ENDED: i32 = 2020;

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: t\r\n\r\n").into_bytes()
}

/// Sends a request and waits for its answer: (status, body), or the sentence.
fn ask(connection: &mut Connection, request: &[u8]) -> Result<(u16, Vec<u8>), String> {
    connection.request().extend_from_slice(request);
    let mut scratch = vec![0; READ_BYTES];
    loop {
        let written = connection.write_some().map_err(|e| e.to_string())?;
        let answered = connection.read_some(&mut scratch, false, |p| (p.status, p.body.clone().into_owned()));
        match answered? {
            Received::Answer(answer) => return Ok(answer),
            Received::Closed => return Err("closed".to_owned()),
            Received::Partial => {}
        }
        let mut what = PollFlags::IN;
        what.set(PollFlags::OUT, !written && connection.ready());
        let most = Timespec { tv_sec: 5, tv_nsec: 0 };
        let ready = poll(&mut [PollFd::from_borrowed_fd(connection.fd(), what)], Some(&most)).unwrap();
        assert!(ready > 0, "nothing came for 5 s");
    }
}

fn over_tls(target: SocketAddr, ca: &Ca, shows: Shows) -> Connector {
    Connector::new(target).with_tls("127.0.0.1", Some(&ca.file()), shows).unwrap()
}

fn one(ca: &Ca, year: i32) -> Shows {
    let (certificate, key) = ca.issue("client", ClientAuth, year);
    Shows::One(certified(&certificate, &text(&key), "the key").unwrap())
}

fn refusal(connector: &Connector) -> String {
    connector.open(0).map(|_| ()).unwrap_err().to_string()
}

fn people() -> Population {
    Population::new(42, Sizes { patients: 10, organisations: 20, endpoints: 700 }).unwrap()
}

#[test]
fn requests_and_answers_of_all_sizes_pass_in_plain_and_under_both_versions_of_tls() {
    let ca = Ca::new("CA");
    let plain = start(None);
    let servers = [&TLS12, &TLS13].map(|version| start(Some(ca.server(None, &[version]))));
    let connectors = servers.iter().map(|s| over_tls(s.address, &ca, Shows::Nothing));
    for connector in [Connector::new(plain.address)].into_iter().chain(connectors) {
        let mut connection = connector.open(0).unwrap();
        for bytes in [0, 1, 300, 16_384, 16_385, 65_536, 3_000_000] {
            let (status, body) = ask(&mut connection, &get(&format!("/bytes/{bytes}"))).unwrap();
            assert_eq!((status, body.len()), (200, bytes), "{}", connector.transport());
            assert!(body.iter().all(|b| *b == b'x'));
            let mut request =
                format!("POST /received HTTP/1.1\r\nhost: t\r\ncontent-length: {bytes}\r\n\r\n");
            request.extend(std::iter::repeat_n('y', bytes));
            let (_, body) = ask(&mut connection, request.as_bytes()).unwrap();
            assert_eq!(body, bytes.to_string().as_bytes(), "{}", connector.transport());
            connection.rest();
        }
    }
}

#[test]
fn a_request_that_is_put_in_before_the_handshake_is_done_goes_out_after_it() {
    let ca = Ca::new("CA");
    let tls = start(Some(ca.server(None, BOTH)));
    let mut connection = over_tls(tls.address, &ca, Shows::Nothing).begin(0).unwrap();
    assert!(!connection.ready());
    assert_eq!(ask(&mut connection, &get("/")).unwrap(), (200, b"hello".to_vec()));
    assert!(connection.ready());
}

#[test]
fn records_that_come_byte_by_byte_are_put_together() {
    let ca = Ca::new("CA");
    for version in [&TLS12, &TLS13] {
        let tls = start(Some(ca.server(Some(&ca), &[version])));
        let connector = over_tls(crumbling(tls.address), &ca, one(&ca, VALID));
        let mut connection = connector.begin(0).unwrap();
        let (_, body) = ask(&mut connection, &get("/bytes/20000")).unwrap();
        assert_eq!(body.len(), 20_000);
    }
}

#[test]
fn a_server_that_is_not_who_it_should_be_is_refused_in_a_sentence() {
    let (ca, other) = (Ca::new("CA"), Ca::new("another CA"));
    let tls = start(Some(ca.server(None, BOTH)));
    let said = refusal(&over_tls(tls.address, &other, Shows::Nothing));
    assert_eq!(said, "TLS: the target's certificate is refused: it is not from a CA that we trust");
    let elsewhere = Connector::new(tls.address).with_tls("hub.invalid", Some(&ca.file()), Shows::Nothing);
    let said = refusal(&elsewhere.unwrap());
    assert!(said.starts_with("TLS: the target's certificate is refused: it is for another host"), "{said}");
    let plain = start(None);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let banner = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = stream.read(&mut [0; 1000]);
    });
    assert!(refusal(&over_tls(banner, &ca, Shows::Nothing)).contains("is not TLS"), "plain HTTP");
    drop(plain);
}

#[test]
fn a_client_that_is_refused_says_why() {
    let (ca, other) = (Ca::new("CA"), Ca::new("another CA"));
    for version in [&TLS12, &TLS13] {
        let tls = start(Some(ca.server(Some(&ca), &[version])));
        let said = |shows| refusal(&over_tls(tls.address, &ca, shows));
        assert!(said(one(&other, VALID)).contains("it does not know the CA of our client certificate"));
        assert!(said(one(&ca, ENDED)).contains("our client certificate has expired"));
        let mut connection = over_tls(tls.address, &ca, Shows::Nothing).begin(0).unwrap();
        let none = ask(&mut connection, &get("/")).unwrap_err();
        assert!(none.contains("TLS: the target refused: ") && none.contains("alert"), "{none}");
        let mut good = over_tls(tls.address, &ca, one(&ca, VALID)).open(0).unwrap();
        assert_eq!(ask(&mut good, &get("/")).unwrap().0, 200);
    }
}

#[test]
fn a_handshake_that_breaks_off_or_never_goes_on_is_an_error_in_time() {
    let ca = Ca::new("CA");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        assert!(first.read(&mut [0; 2_000]).unwrap() > 100, "a client's first message");
        drop(first);
        let (mut second, _) = listener.accept().unwrap();
        while matches!(second.read(&mut [0; 2_000]), Ok(n) if n > 0) {}
    });
    let connector = over_tls(address, &ca, Shows::Nothing);
    assert_eq!(refusal(&connector), "TLS: the target closed the connection in the handshake");
    assert_eq!(connector.open(0).map(|_| ()).unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(Connector::new(nobody).open(0).unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn an_end_in_order_is_told_from_an_answer_that_was_cut_off() {
    let ca = Ca::new("CA");
    let tls = start(Some(ca.server(None, BOTH)));
    let open = || over_tls(tls.address, &ca, Shows::Nothing).open(1).unwrap();
    let mut connection = open();
    assert_eq!(ask(&mut connection, &get("/close")).unwrap().1, b"hello");
    assert_eq!(ask(&mut connection, &get("/")), Err("closed".to_owned()));
    assert_eq!(ask(&mut open(), &get("/until-close")).unwrap().1, b"hello");
    let cut = ask(&mut open(), &get("/cut")).unwrap_err();
    assert_eq!(cut, "TLS: the connection broke off inside the answer (no close_notify)");
}

#[test]
fn five_hundred_connections_from_three_addresses_each_speak_for_their_own_end_point() {
    let (ca, people) = (Ca::new("CA"), people());
    let tls = start(Some(ca.server(Some(&ca), BOTH)));
    let identities = Identities::issue(ca.folder.path(), &people, 600).unwrap();
    assert_eq!(identities.len(), 600);
    let connector =
        over_tls(tls.address, &ca, Shows::Each(identities)).with_sources(3).unwrap().for_connections(500);
    let mut told = Vec::new();
    let (mut connections, facts) =
        connector.open_all(500, &mut |open, of| told.push((open, of)), &AtomicBool::new(false)).unwrap();
    assert_eq!(told.last(), Some(&(500, 500)));
    assert!(told.iter().all(|(open, of)| *of == 500 && *open <= 500));
    let c = &facts.connections;
    assert_eq!((c.transport.as_str(), c.opened, c.sources, c.identities), ("mutual-tls", 500, 3, 500));
    assert_eq!((c.failed, facts.handshakes.len()), (0, 500), "{:?}", facts.failures);
    assert!(c.handshake_p50_ns > 0 && c.handshake_p50_ns <= c.handshake_p99_ns && c.handshakes_per_s > 0.0);
    assert_eq!(tls.sources.lock().unwrap().len(), 3);
    for (line, connection) in connections.iter_mut().enumerate() {
        let (_, certificate) = ask(connection, &get("/peer")).unwrap();
        let system = people.endpoint(connector.end_point_of(line).unwrap());
        for part in [&system.asid, &system.ods] {
            assert!(certificate.windows(part.len()).any(|w| w == part.as_bytes()), "{line}: {part}");
        }
    }
    let identities = connector.identities().unwrap();
    let lines = |end_point| -> Vec<usize> {
        identities.lines_for(Speaker { organisation: 7, end_point }, 500).collect()
    };
    assert!(lines(None).len() == 25 && lines(None).iter().all(|l| identities.organisation_of(*l) == 7));
    assert_eq!(
        (lines(Some(47))[0], lines(Some(47)).len()),
        (47, 25),
        "its own first, then the organisation's"
    );
    assert_eq!(lines(Some(607)), lines(None), "a system whose certificate was not issued");
}

#[test]
fn plain_connections_are_opened_at_once_too() {
    let plain = start(None);
    let connector = Connector::new(plain.address).with_sources(2).unwrap();
    let (mut connections, facts) = connector.open_all(64, &mut |_, _| {}, &AtomicBool::new(false)).unwrap();
    assert_eq!((facts.connections.transport.as_str(), connections.len()), ("plain", 64));
    assert_eq!(ask(&mut connections[63], &get("/")).unwrap().0, 200);
    assert_eq!(plain.sources.lock().unwrap().len(), 2);
}

#[test]
fn opening_gives_up_with_what_the_target_said_and_stops_when_told() {
    let (ca, other) = (Ca::new("CA"), Ca::new("another CA"));
    let tls = start(Some(ca.server(Some(&ca), &[&TLS13])));
    let open = |shows, stop| {
        let connector = over_tls(tls.address, &ca, shows);
        connector.open_all(3, &mut |_, _| {}, &AtomicBool::new(stop)).map(|_| ()).unwrap_err()
    };
    let OpeningError::Refused(said) = open(one(&other, VALID), false) else { panic!("refused") };
    assert!(said.contains("5 attempts: TLS: the target refused: it does not know the CA"), "{said}");
    assert_eq!(open(one(&ca, VALID), true), OpeningError::Stopped);
}

#[test]
fn what_cannot_be_used_is_named() {
    let ca = Ca::new("CA");
    let (certificate, key) = ca.issue("client", ClientAuth, VALID);
    let (_, another) = ca.issue("another", ClientAuth, VALID);
    let said = certified(&certificate, &text(&another), "CLIENT_KEY").unwrap_err();
    assert!(
        said.contains("client-2090.cert.pem: the certificate does not belong to the key of CLIENT_KEY"),
        "{said}"
    );
    let said = certified(&certificate, b"nonsense", "CLIENT_KEY").unwrap_err();
    assert_eq!(said, "CLIENT_KEY: there is no private key in it, in PEM");
    let connector = Connector::new("127.0.0.1:1".parse().unwrap());
    let said = connector.clone().with_tls("127.0.0.1", Some(&key), Shows::Nothing).unwrap_err();
    assert!(said.ends_with("client-2090.key.pem: there is no certificate in it, in PEM"), "{said}");
    assert!(connector.clone().with_sources(255).unwrap_err().contains("allowed: 1 to 254"));
    let far = Connector::new("192.0.2.1:1".parse().unwrap()).with_sources(2).unwrap_err();
    assert!(far.contains("only a target on 127.0.0.1"), "{far}");
    let empty = tempfile::tempdir().unwrap();
    let said = Identities::issue(empty.path(), &people(), 1).unwrap_err();
    assert!(said.contains("ca.key.pem: cannot be read"), "{said}");
}
