//! A server whose truth is known: it logs when each request reached it and when it answered, answers after a delay that is
//! a function of the request's number alone, and can hold all answers back for a while. One thread, epoll, high-resolution
//! timers; speaks as much HTTP/1.1 as `GET /n/NUMBER` and small bodies need. Never part of the product.
//!
//! Called by the end-to-end tests, and by the comparisons as a process of its own, which writes its log when it stops.

use harness::clock::Clock;
use rustix::event::{Timespec, epoll};
use std::collections::{BinaryHeap, HashMap};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// What the server knows of one request; times by CLOCK_MONOTONIC, nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The number in its path; `u64::MAX` when the path has none.
    pub number: u64,
    /// When its last byte was read.
    pub arrived_ns: u64,
    /// When its answer was written; 0 when it never was.
    pub answered_ns: u64,
}

/// How the server behaves.
#[derive(Clone)]
pub struct Behaviour {
    /// Delay of each answer by the request's number, nanoseconds.
    pub delay_ns: fn(u64) -> u64,
    /// Every so often, counted from its start, answers are held back for a time: (period, length), nanoseconds.
    pub freeze: Option<(u64, u64)>,
    /// Keep the bytes of every request.
    pub record: bool,
    /// Never sleep, so that the server's own waking up is in no time that it logs; takes a core.
    pub spin: bool,
}

/// A running server.
pub struct KnownServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// When its clock began, from which freezes are counted: CLOCK_MONOTONIC, nanoseconds.
    pub origin_ns: u64,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(Vec<Seen>, Vec<Vec<u8>>)>,
}

impl KnownServer {
    /// Starts it on a free port.
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        // The kernel's own queue must not be what a burst of connections waits for.
        rustix::net::listen(listener.as_fd(), 4_096).expect("a longer queue");
        listener.set_nonblocking(true).expect("non-blocking");
        let address = listener.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let server = Loop::new(listener, behaviour);
        let origin_ns = server.clock.origin_ns();
        let thread = std::thread::spawn(move || server.run(&flag));
        KnownServer { address, origin_ns, stop, thread }
    }

    /// Stops it: its log, and the bytes of the requests if it kept them.
    pub fn finish(self) -> (Vec<Seen>, Vec<Vec<u8>>) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the server ends well")
    }
}

struct Loop {
    listener: TcpListener,
    behaviour: Behaviour,
    poller: OwnedFd,
    clock: Clock,
    streams: HashMap<u64, (TcpStream, Vec<u8>)>,
    next_id: u64,
    /// Answers to come: (due, index into the log, stream), the earliest on top.
    due: BinaryHeap<std::cmp::Reverse<(u64, usize, u64)>>,
    log: Vec<Seen>,
    bytes: Vec<Vec<u8>>,
}

const LISTENER: u64 = u64::MAX;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

impl Loop {
    fn new(listener: TcpListener, behaviour: Behaviour) -> Self {
        let poller = epoll::create(epoll::CreateFlags::CLOEXEC).expect("a poller");
        let data = epoll::EventData::new_u64(LISTENER);
        epoll::add(&poller, &listener, data, epoll::EventFlags::IN).expect("watched");
        Loop {
            listener,
            behaviour,
            poller,
            clock: Clock::start(),
            streams: HashMap::new(),
            next_id: 0,
            due: BinaryHeap::new(),
            log: Vec::new(),
            bytes: Vec::new(),
        }
    }

    fn run(mut self, stop: &AtomicBool) -> (Vec<Seen>, Vec<Vec<u8>>) {
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
        let mut events = Vec::with_capacity(256);
        while !stop.load(Ordering::Relaxed) {
            self.answer_due();
            let next_ns = self.due.peek().map_or(u64::MAX, |d| self.thawed(d.0.0));
            let wait_ns = next_ns.saturating_sub(self.clock.now_ns()).min(50_000_000);
            let wait_ns = if self.behaviour.spin { 0 } else { wait_ns };
            let timeout = Timespec { tv_sec: 0, tv_nsec: wait_ns as i64 };
            events.clear();
            let waited =
                epoll::wait(&self.poller, rustix::buffer::spare_capacity(&mut events), Some(&timeout));
            assert!(matches!(waited, Ok(_) | Err(rustix::io::Errno::INTR)), "{waited:?}");
            let ids: Vec<u64> = events.iter().map(|e: &epoll::Event| e.data.u64()).collect();
            for id in ids {
                if id == LISTENER { self.accept() } else { self.read(id) }
            }
        }
        (self.log, self.bytes)
    }

    /// When an answer due at `due_ns` may go: at once, or at the end of the freeze that it falls in.
    fn thawed(&self, due_ns: u64) -> u64 {
        let Some((period_ns, length_ns)) = self.behaviour.freeze else { return due_ns };
        let into = due_ns % period_ns;
        // The freeze is the last part of each period.
        if into >= period_ns - length_ns { due_ns - into + period_ns } else { due_ns }
    }

    fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            stream.set_nonblocking(true).expect("non-blocking");
            stream.set_nodelay(true).expect("no delay");
            let id = self.next_id;
            self.next_id += 1;
            epoll::add(&self.poller, &stream, epoll::EventData::new_u64(id), epoll::EventFlags::IN)
                .expect("watched");
            self.streams.insert(id, (stream, Vec::new()));
        }
    }

    fn read(&mut self, id: u64) {
        let Some((stream, input)) = self.streams.get_mut(&id) else { return };
        let mut buffer = [0u8; 16 * 1024];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => {
                    self.streams.remove(&id);
                    return;
                }
                Ok(n) => input.extend_from_slice(&buffer[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.streams.remove(&id);
                    return;
                }
            }
        }
        let arrived_ns = self.clock.now_ns();
        while let Some(len) = whole_request(input) {
            let request: Vec<u8> = input.drain(..len).collect();
            let number = number_of(&request);
            self.due.push(std::cmp::Reverse((
                arrived_ns + (self.behaviour.delay_ns)(number),
                self.log.len(),
                id,
            )));
            let arrived_ns = arrived_ns + self.clock.origin_ns();
            self.log.push(Seen { number, arrived_ns, answered_ns: 0 });
            if self.behaviour.record {
                self.bytes.push(request);
            }
        }
    }

    fn answer_due(&mut self) {
        while let Some(std::cmp::Reverse((due_ns, at, id))) = self.due.peek().copied() {
            if self.thawed(due_ns) > self.clock.now_ns() {
                return;
            }
            self.due.pop();
            if let Some((stream, _)) = self.streams.get_mut(&id)
                && stream.write_all(ANSWER).is_ok()
            {
                self.log[at].answered_ns = self.clock.now_ns() + self.clock.origin_ns();
            }
        }
    }
}

/// Length of the request at the front, once it is all there.
fn whole_request(input: &[u8]) -> Option<usize> {
    let head = input.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&input[..head]).to_ascii_lowercase();
    let body = text.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse().ok());
    let len = head + body.unwrap_or(0usize);
    (input.len() >= len).then_some(len)
}

fn number_of(request: &[u8]) -> u64 {
    let line = request.split(|b| *b == b'\r').next().unwrap_or(&[]);
    let text = String::from_utf8_lossy(line);
    let digits = text.strip_prefix("GET /n/").and_then(|rest| rest.split(' ').next());
    digits.and_then(|d| d.parse().ok()).unwrap_or(u64::MAX)
}
