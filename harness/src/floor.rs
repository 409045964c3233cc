//! The floor: what client, kernel and machine cost when the server does nothing. A null server on a thread of its own
//! answers a fixed 200, and our own connection code asks it for half a second; the times stand in the run record.
//! Called by `run` before every run; bounded in count and time, loopback only.

use crate::client::connection::{Connection, READ_BYTES, Received};
use crate::clock::Clock;
use run_record::Floor;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};

/// Requests asked at most: enough for a p99, over in well under a second.
const REQUESTS: u32 = 2_000;
/// Time asked at most, nanoseconds.
const TIME_NS_MAX: u64 = 500_000_000;
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: null\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Measures the floor with one request at a time, so that nothing queues; `None` when the machine gives no loopback
/// socket (the run itself will then say so).
pub fn measure() -> Option<Floor> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    let address = listener.local_addr().ok()?;
    let server = std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return };
        let _ = stream.set_nodelay(true);
        let mut request = [0u8; 256];
        while matches!(stream.read(&mut request), Ok(n) if n > 0) && stream.write_all(ANSWER).is_ok() {}
    });
    let mut connection = Connection::open(address).ok()?;
    let poller = rustix::event::epoll::create(rustix::event::epoll::CreateFlags::CLOEXEC).ok()?;
    let data = rustix::event::epoll::EventData::new_u64(0);
    rustix::event::epoll::add(&poller, connection.fd(), data, rustix::event::epoll::EventFlags::IN).ok()?;
    let clock = Clock::start();
    let mut times = run_record::new_histogram();
    let mut scratch = vec![0; READ_BYTES];
    let mut events = Vec::with_capacity(1);
    for _ in 0..REQUESTS {
        connection.request().extend_from_slice(REQUEST);
        let sent_ns = clock.now_ns();
        if sent_ns > TIME_NS_MAX || connection.write_some().is_err() {
            break;
        }
        loop {
            events.clear();
            rustix::event::epoll::wait(&poller, rustix::buffer::spare_capacity(&mut events), None).ok()?;
            match connection.read_some(&mut scratch, false).ok()? {
                Received::Partial => {}
                Received::Answer(_) => break,
                Received::Closed => return None,
            }
        }
        times.saturating_record(clock.now_ns() - sent_ns);
    }
    drop(connection);
    let _ = server.join();
    Some(Floor {
        count: times.len(),
        service_p50_ns: times.value_at_quantile(0.5),
        service_p99_ns: times.value_at_quantile(0.99),
    })
}
