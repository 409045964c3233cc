//! What a request and its answer cost over one connection, plain and under TLS, with a server on a thread that does nothing
//! else (the price of TLS is the ratio); a whole mutual handshake; and issuing client certificates. A smoke size runs in the tests; `cargo bench -p harness --bench connections` is the
//! real one.

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/tls/server.rs"]
#[expect(dead_code, reason = "the tests ask more of their server than a bench does")]
mod server;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use harness::client::connection::{Connection, READ_BYTES, Received};
use harness::client::connector::{Connector, Shows};
use harness::client::identity::{Identities, certified};
use population::{Population, Sizes};
use rcgen::ExtendedKeyUsagePurpose::ClientAuth;
use rustix::event::{PollFd, PollFlags, poll};

/// One request, waited for.
fn exchange(connection: &mut Connection, request: &[u8], scratch: &mut [u8]) {
    connection.request().extend_from_slice(request);
    connection.write_some().expect("the server is there");
    loop {
        poll(&mut [PollFd::from_borrowed_fd(connection.fd(), PollFlags::IN)], None).expect("a poller");
        match connection.read_some(scratch, false, |_| ()).expect("an answer") {
            Received::Partial => {}
            Received::Answer(()) => return,
            Received::Closed => panic!("the server closed"),
        }
    }
}

fn exchanges(c: &mut Criterion) {
    let ca = server::Ca::new("CA");
    let plain = server::start(None);
    let tls = server::start(Some(ca.server(None, rustls::DEFAULT_VERSIONS)));
    let over_tls = Connector::new(tls.address).with_tls("127.0.0.1", Some(&ca.file()), Shows::Nothing);
    let connectors = [("plain", Connector::new(plain.address)), ("TLS", over_tls.expect("a CA"))];
    let mut scratch = vec![0; READ_BYTES];
    for bytes in [300, 26_000] {
        let request = format!("GET /bytes/{bytes} HTTP/1.1\r\nhost: t\r\n\r\n").into_bytes();
        let mut group = c.benchmark_group(format!("request and answer of {bytes} B"));
        for (name, connector) in &connectors {
            let mut connection = connector.open(0).expect("the server is there");
            group.bench_function(*name, |b| {
                b.iter(|| exchange(&mut connection, &request, &mut scratch));
            });
        }
        group.finish();
    }
}

fn handshakes(c: &mut Criterion) {
    let ca = server::Ca::new("CA");
    let mutual = server::start(Some(ca.server(Some(&ca), rustls::DEFAULT_VERSIONS)));
    let (certificate, key) = ca.issue("client", ClientAuth, 2090);
    let shows = Shows::One(certified(&certificate, &server::text(&key), "the key").expect("a certificate"));
    let connector = Connector::new(mutual.address).with_tls("127.0.0.1", Some(&ca.file()), shows);
    let connector = connector.expect("a CA");
    c.bench_function("connect and mutual handshake", |b| {
        b.iter(|| connector.open(1).expect("the server is there"));
    });
}

fn certificates(c: &mut Criterion) {
    let ca = server::Ca::new("CA");
    let sizes = Sizes { patients: 10, organisations: 700, endpoints: 1_000 };
    let people = Population::new(42, sizes).expect("sizes in range");
    let mut group = c.benchmark_group("issue identities");
    group.throughput(Throughput::Elements(1_000)).sample_size(10);
    group.bench_function("1,000", |b| {
        b.iter(|| Identities::issue(ca.folder.path(), &people, 1_000).expect("a CA"));
    });
    group.finish();
}

criterion_group!(benches, exchanges, handshakes, certificates);
criterion_main!(benches);
