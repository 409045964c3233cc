//! A closed-loop client for servers that are to be compared: so many connections, one request in flight on each, the next
//! one sent when the answer is there. One thread, one epoll; it parses no more of an answer than it needs.
//!
//! Called by the comparisons of servers, alike for every one of them. Never part of the product: it plans no arrivals, so
//! its times say nothing about a server that is offered a fixed rate.

use harness::clock::Clock;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::thread::{CpuSet, sched_setaffinity};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// Bytes read at once: more than any answer here, and the sockets' own buffers hold no more.
const READ_BYTES: usize = 64 * 1024;
/// Answers taken between two looks at the clock, at most.
const EVENTS_MAX: usize = 256;
/// A server that says nothing for so long has failed.
const SILENCE: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Debug)]
pub struct Answer<'a> {
    /// HTTP status.
    pub status: u16,
    /// Status line and headers.
    pub head: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// One sentence for an answer that was not wanted.
    ///
    /// # Errors
    /// That sentence, when the status is another one.
    pub fn expect(&self, status: u16) -> Result<(), String> {
        if self.status == status {
            return Ok(());
        }
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(300)]);
        Err(format!("an answer of status {}, allowed: {status}; it says {body}", self.status))
    }

    /// The value of a header; its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

/// What is asked, and what the answers mean.
pub trait Work: Send {
    /// Appends the next whole request of this connection.
    fn ask(&mut self, line: usize, out: &mut Vec<u8>);

    /// Takes its answer. True when it completed one unit of what is counted.
    ///
    /// # Errors
    /// One sentence when it is not what was asked for; the measurement ends with it.
    fn take(&mut self, line: usize, answer: &Answer<'_>) -> Result<bool, String>;
}

/// What a measurement gave.
#[derive(Debug, Clone, Default)]
pub struct Driven {
    /// Units completed.
    pub units: u64,
    /// How long it took, seconds.
    pub seconds: f64,
    /// CPU time of the client, microseconds per unit.
    pub client_us: f64,
    /// Request to answer, microseconds, in rising order.
    pub times_us: Vec<u32>,
}

impl Driven {
    /// Units a second.
    pub fn per_s(&self) -> f64 {
        self.units as f64 / self.seconds.max(1e-9)
    }

    /// Mean time between a request and its answer, milliseconds.
    pub fn mean_ms(&self) -> f64 {
        let sum: u64 = self.times_us.iter().map(|us| u64::from(*us)).sum();
        sum as f64 / 1e3 / self.times_us.len().max(1) as f64
    }

    /// A quantile of the times between a request and its answer, milliseconds.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let at = (self.times_us.len() as f64 * share) as usize;
        self.times_us
            .get(at.min(self.times_us.len().saturating_sub(1)))
            .map_or(0.0, |us| f64::from(*us) / 1e3)
    }
}

struct Line {
    stream: TcpStream,
    output: Vec<u8>,
    written: usize,
    input: Vec<u8>,
    sent_ns: u64,
}

/// Keeps `lines` requests in flight for `seconds`, on `cores`, and waits for the last answers.
///
/// # Errors
/// One sentence: no connection, an answer that was not wanted, or a server that fell silent.
pub fn drive(
    address: SocketAddr,
    lines: usize,
    seconds: f64,
    cores: &[usize],
    work: &mut dyn Work,
) -> Result<Driven, String> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            stay_on(cores);
            Drive::open(address, lines)?.run(seconds, work)
        });
        thread.join().map_err(|_| "the client's thread died".to_owned())?
    })
}

/// Keeps the calling thread on these cores; where that is refused it goes on as it is.
pub fn stay_on(cores: &[usize]) {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    let _ = sched_setaffinity(None, &set);
}

struct Drive {
    poll: OwnedFd,
    lines: Vec<Line>,
    scratch: Vec<u8>,
}

impl Drive {
    fn open(address: SocketAddr, lines: usize) -> Result<Self, String> {
        let fault = |e: std::io::Error| format!("{address}: {e}");
        let poll = epoll::create(CreateFlags::CLOEXEC).map_err(|e| fault(e.into()))?;
        let mut all = Vec::with_capacity(lines);
        for i in 0..lines {
            let stream = TcpStream::connect(address).map_err(fault)?;
            stream.set_nodelay(true).and_then(|()| stream.set_nonblocking(true)).map_err(fault)?;
            epoll::add(&poll, &stream, EventData::new_u64(i as u64), EventFlags::IN)
                .map_err(|e| fault(e.into()))?;
            all.push(Line { stream, output: Vec::new(), written: 0, input: Vec::new(), sent_ns: 0 });
        }
        Ok(Drive { poll, lines: all, scratch: vec![0; READ_BYTES] })
    }

    fn run(mut self, seconds: f64, work: &mut dyn Work) -> Result<Driven, String> {
        let clock = Clock::start();
        let end_ns = (seconds * 1e9) as u64;
        let cpu_ns = harness::clock::thread_cpu_ns();
        let mut out = Driven::default();
        for line in 0..self.lines.len() {
            self.send(line, &clock, work)?;
        }
        let mut flying = self.lines.len();
        let mut events = Vec::with_capacity(EVENTS_MAX);
        let silence = rustix::time::Timespec { tv_sec: SILENCE.as_secs().cast_signed(), tv_nsec: 0 };
        while flying > 0 {
            events.clear();
            let got = epoll::wait(&self.poll, rustix::buffer::spare_capacity(&mut events), Some(&silence));
            match got {
                Ok(0) => return Err(format!("no answer for {} s", SILENCE.as_secs())),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(format!("epoll: {e}")),
            }
            let last_round = clock.now_ns() >= end_ns;
            for event in &events {
                let (line, flags) = (event.data.u64() as usize, event.flags);
                if flags.contains(EventFlags::OUT) {
                    self.write(line)?;
                }
                let Some(unit) = self.receive(line, work)? else { continue };
                let took_ns = clock.now_ns().saturating_sub(self.lines[line].sent_ns);
                out.times_us.push(u32::try_from(took_ns / 1_000).unwrap_or(u32::MAX));
                out.units += u64::from(unit);
                if last_round {
                    flying -= 1;
                } else {
                    self.send(line, &clock, work)?;
                }
            }
        }
        out.seconds = clock.now_ns() as f64 / 1e9;
        out.client_us = (harness::clock::thread_cpu_ns() - cpu_ns) as f64 / 1e3 / out.units.max(1) as f64;
        out.times_us.sort_unstable();
        Ok(out)
    }

    fn send(&mut self, line: usize, clock: &Clock, work: &mut dyn Work) -> Result<(), String> {
        let l = &mut self.lines[line];
        l.output.clear();
        l.written = 0;
        work.ask(line, &mut l.output);
        l.sent_ns = clock.now_ns();
        self.write(line)
    }

    /// Writes what the socket takes; asks to be told when it takes more, and not to be told any more when it took all.
    fn write(&mut self, line: usize) -> Result<(), String> {
        let l = &mut self.lines[line];
        let begun = l.written > 0;
        loop {
            match l.stream.write(&l.output[l.written..]) {
                Ok(n) => l.written += n,
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => return Err(format!("writing: {e}")),
            }
            if l.written == l.output.len() {
                break;
            }
        }
        let more = l.written < l.output.len();
        if more || begun {
            let flags = if more { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
            epoll::modify(&self.poll, &l.stream, EventData::new_u64(line as u64), flags)
                .map_err(|e| format!("epoll: {e}"))?;
        }
        Ok(())
    }

    /// Reads what is there; when that completes the answer, whether it completed a unit.
    fn receive(&mut self, line: usize, work: &mut dyn Work) -> Result<Option<bool>, String> {
        let l = &mut self.lines[line];
        let n = match l.stream.read(&mut self.scratch) {
            Ok(0) => return Err("the server closed a connection".to_owned()),
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(e) => return Err(format!("reading: {e}")),
        };
        let whole_in_one = l.input.is_empty();
        if !whole_in_one {
            l.input.extend_from_slice(&self.scratch[..n]);
        }
        let bytes = if whole_in_one { &self.scratch[..n] } else { &l.input };
        match parse(bytes)? {
            Some(answer) => {
                let unit = work.take(line, &answer)?;
                l.input.clear();
                Ok(Some(unit))
            }
            None => {
                if whole_in_one {
                    l.input.extend_from_slice(&self.scratch[..n]);
                }
                Ok(None)
            }
        }
    }
}

/// The whole answer in `bytes`; `None` when more must come.
fn parse(bytes: &[u8]) -> Result<Option<Answer<'_>>, String> {
    let Some(head_bytes) = bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4) else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..head_bytes]).map_err(|_| "a head that is no text".to_owned())?;
    let status = head.get(9..12).and_then(|s| s.parse().ok());
    let status: u16 = status.ok_or_else(|| format!("not an HTTP answer: {head:?}"))?;
    if let Some(length) = header(head, "content-length") {
        let length: usize = length.parse().map_err(|_| format!("a length that is no number: {head:?}"))?;
        let body = bytes.get(head_bytes..head_bytes + length);
        return Ok(body.map(|body| Answer { status, head, body }));
    }
    if header(head, "transfer-encoding").is_some() {
        // Only small answers come in chunks here, and only their end matters.
        let rest = &bytes[head_bytes..];
        return Ok(rest.ends_with(b"0\r\n\r\n").then_some(Answer { status, head, body: rest }));
    }
    Ok(Some(Answer { status, head, body: &[] }))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").skip(1).find_map(|l| {
        let (n, value) = l.split_at_checked(name.len())?;
        (n.eq_ignore_ascii_case(name)).then(|| value.strip_prefix(':')).flatten().map(str::trim)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_its_last_byte_and_not_before() {
        let whole = b"HTTP/1.1 202 Accepted\r\nEtag: W/\"2\"\r\nContent-Length: 3\r\n\r\nabc";
        assert!((0..whole.len()).all(|n| parse(&whole[..n]).unwrap().is_none()));
        let answer = parse(whole).unwrap().unwrap();
        assert_eq!((answer.status, answer.header("etag"), answer.body), (202, Some("W/\"2\""), &b"abc"[..]));
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
        assert!(parse(&chunked[..chunked.len() - 1]).unwrap().is_none() && parse(chunked).unwrap().is_some());
        assert!(parse(b"SSH-2.0-OpenSSH\r\n\r\n").is_err());
        assert!(answer.expect(200).unwrap_err().contains("202"));
    }
}
