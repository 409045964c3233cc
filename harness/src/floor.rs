//! The floor: what client, kernel and machine cost when the server does nothing. A null server on a thread of its own
//! answers a fixed 200, and our own connection code asks it for half a second; the times stand in the run record, with
//! what a reading of the clock costs and how late a sleeping thread wakes.
//! Called by `run` before every run and after it: what differs between the two is the machine. Bounded in count and
//! time, loopback only.

use crate::client::connection::{Connection, READ_BYTES, Received};
use crate::clock::{self, Clock};
use crate::noise::tally::Lateness;
use run_record::Floor;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};

/// Requests asked at most: enough for a p99, over in well under a second.
const REQUESTS: u32 = 2_000;
/// Time asked at most, nanoseconds.
const TIME_NS_MAX: u64 = 500_000_000;
/// Readings of the clock that are timed together, and how often: the median of 21 is not moved by an interrupt.
const READINGS: u64 = 1_000;
const READING_ROUNDS: usize = 21;
/// Sleeps whose ends are timed: enough for a p99, over in 0.2 s.
const SLEEPS: u64 = 200;
/// Length of such a sleep, nanoseconds: about the time between two sends at 1,000/s.
const SLEEP_NS: u64 = 1_000_000;
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: null\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Measures the floor with one request at a time, so that nothing queues; `None` when the machine gives no loopback
/// socket (the run itself will then say so). Client and server share one core, the same in every measurement: where the
/// scheduler happens to put them was measured to make a factor of five (18 us on one core, 90 us when each answer has to
/// wake an idle one).
pub fn measure() -> Option<Floor> {
    std::thread::Builder::new().name("null client".to_owned()).spawn(ask).ok()?.join().ok()?
}

/// Keeps the calling thread on the last core that it may run on (the first ones serve the machine's interrupts); where
/// that is refused it goes on as it is.
fn stay_on_one_core() {
    let Ok(allowed) = sched_getaffinity(None) else { return };
    let last = (0..CpuSet::MAX_CPU).rev().find(|core| allowed.is_set(*core));
    let mut one = CpuSet::new();
    if let Some(core) = last {
        one.set(core);
        let _ = sched_setaffinity(None, &one);
    }
}

fn ask() -> Option<Floor> {
    stay_on_one_core();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    let address = listener.local_addr().ok()?;
    // The server's thread inherits the core.
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
            match connection.read_some(&mut scratch, false, |_| ()).ok()? {
                Received::Partial => {}
                Received::Answer(()) => break,
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

/// How exact this machine's timers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Cost of one reading of the clock, nanoseconds.
    pub clock_read_ns: u64,
    /// How late a sleeping thread woke, median, nanoseconds.
    pub wake_late_ns_p50: u64,
    /// The same at the 99th percentile, nanoseconds.
    pub wake_late_ns_p99: u64,
}

/// Measures the timers on a thread of its own, as exact a sleeper as the sending threads are; `None` when the machine
/// gives no thread.
pub fn timers() -> Option<Timers> {
    let measure = || {
        clock::wake_exactly();
        let clock = Clock::start();
        let mut costs_ns: Vec<u64> = (0..READING_ROUNDS)
            .map(|_| {
                let from_ns = clock.now_ns();
                for _ in 1..READINGS {
                    std::hint::black_box(clock.now_ns());
                }
                (clock.now_ns() - from_ns) / READINGS
            })
            .collect();
        costs_ns.sort_unstable();
        let mut late = Lateness::default();
        for _ in 0..SLEEPS {
            let due_ns = clock.now_ns() + SLEEP_NS;
            clock.sleep_until(due_ns);
            late.woke(due_ns, clock.now_ns());
        }
        Timers {
            clock_read_ns: costs_ns[READING_ROUNDS / 2],
            wake_late_ns_p50: late.at(0.5),
            wake_late_ns_p99: late.at(0.99),
        }
    };
    std::thread::Builder::new().name("timers".to_owned()).spawn(measure).ok()?.join().ok()
}

/// Median service time of the null client after a run over that before it; `None` unless both were measured.
pub fn ratio(before: Option<Floor>, after: Option<Floor>) -> Option<f64> {
    let (before, after) = (before?, after?);
    (before.service_p50_ns > 0).then(|| after.service_p50_ns as f64 / before.service_p50_ns as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_and_the_timers_of_this_machine_can_be_measured() {
        let floor = measure().expect("loopback");
        assert!(floor.count > 0 && floor.service_p50_ns <= floor.service_p99_ns, "{floor:?}");
        let timers = timers().expect("a thread");
        assert!((1..100_000).contains(&timers.clock_read_ns), "{timers:?}");
        assert!(timers.wake_late_ns_p50 <= timers.wake_late_ns_p99, "{timers:?}");
        println!("{floor:?} {timers:?}");
    }

    #[test]
    fn the_floors_are_compared_only_when_there_are_two() {
        let floor = |ns| Some(Floor { count: 1, service_p50_ns: ns, service_p99_ns: ns });
        assert_eq!(ratio(floor(20), floor(50)), Some(2.5));
        assert_eq!(ratio(None, floor(50)), None);
        assert_eq!(ratio(floor(0), floor(50)), None);
    }
}
