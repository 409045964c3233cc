//! The floor of generators: the product's own connections, asking one prepared request again as soon as it is answered and
//! doing nothing else: no plan, no check, no record. Started as a process of its own by comparisons.

use harness::client::connection::{Connection, READ_BYTES, Received};
use harness::clock::Clock;
use rustix::event::epoll;
use std::net::SocketAddr;

/// Between two readings of the clock, rounds of events: the end may be late by as much.
const ROUNDS: u32 = 64;

/// Asks over `connections` for `seconds`, and tells how many answers came, on standard output.
///
/// # Errors
/// A sentence: the server cannot be reached or broke off.
pub fn ask(target: SocketAddr, connections: u32, seconds: f64) -> Result<(), String> {
    let answers = run(target, connections, seconds).map_err(|e| format!("{target}: {e}"))?;
    println!("answers {answers}");
    Ok(())
}

fn run(target: SocketAddr, connections: u32, seconds: f64) -> Result<u64, String> {
    let told = |e: rustix::io::Errno| e.to_string();
    let request = format!("GET / HTTP/1.1\r\nhost: {target}\r\n\r\n").into_bytes();
    let poller = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(told)?;
    let mut lines = Vec::new();
    for number in 0..connections {
        let mut line = Connection::open(target).map_err(|e| e.to_string())?;
        let data = epoll::EventData::new_u64(u64::from(number));
        epoll::add(&poller, line.fd(), data, epoll::EventFlags::IN).map_err(told)?;
        line.request().extend_from_slice(&request);
        line.write_some().map_err(|e| e.to_string())?;
        lines.push(line);
    }
    let clock = Clock::start();
    let end_ns = (seconds * 1e9) as u64;
    let mut events: Vec<epoll::Event> = Vec::with_capacity(lines.len());
    let mut scratch = vec![0; READ_BYTES];
    let mut answers = 0;
    loop {
        for _ in 0..ROUNDS {
            events.clear();
            epoll::wait(&poller, rustix::buffer::spare_capacity(&mut events), None).map_err(told)?;
            for event in &events {
                let line = &mut lines[event.data.u64() as usize];
                match line.read_some(&mut scratch, false, |_| ())? {
                    Received::Partial => continue,
                    Received::Answer(()) => answers += 1,
                    Received::Closed => return Err("closed before the answer".to_owned()),
                }
                line.request().extend_from_slice(&request);
                line.write_some().map_err(|e| e.to_string())?;
            }
        }
        if clock.now_ns() >= end_ns {
            return Ok(answers);
        }
    }
}
