//! The floor of servers: HTTP/1.1 over bare epoll on one thread, that reads whole requests (with a body of any length) and
//! answers each with one prepared 200. Started as a process of its own by comparisons; stops on SIGTERM and then tells
//! what it saw. Never checks anything a peer sends beyond where a request ends.

use harness::clock::Clock;
use memchr::memmem;
use rustix::event::epoll;
use rustix::net::RecvFlags;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes read at once: the largest bodies of the published mix fit.
const READ_BYTES: usize = 64 * 1024;
/// Events taken at once: more than a comparison has connections busy at a time.
const EVENTS: usize = 512;
/// The kernel's queue of connections not yet accepted: a client may open a thousand in one go.
const BACKLOG: i32 = 4_096;

/// What the server saw; times by CLOCK_MONOTONIC, nanoseconds, 0 when there was none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saw {
    /// Requests answered, but those for a path that begins with `/_`: the product's questions for a hub's status are no load.
    pub requests: u64,
    /// When the first was read.
    pub first_ns: u64,
    /// When the last was read.
    pub last_ns: u64,
}

/// Serves on a free loopback port with bodies of `bytes` until SIGTERM. Says `listening on http://ADDRESS` at the begin and
/// [`Saw`] as JSON at the end, both on standard output.
///
/// # Errors
/// A sentence: the machine gives no port or poller.
pub fn serve(bytes: usize) -> Result<(), String> {
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&stop))
        .map_err(|e| format!("SIGTERM cannot be watched: {e}"))?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| format!("127.0.0.1:0: {e}"))?;
    let _ = rustix::net::listen(listener.as_fd(), BACKLOG);
    let address = listener.local_addr().map_err(|e| format!("no address: {e}"))?;
    println!("listening on http://{address}");
    let saw = Echo::new(listener, bytes).and_then(|echo| echo.run(&stop));
    let saw = saw.map_err(|e| format!("the echo server: {e}"))?;
    println!("{}", serde_json::to_string(&saw).unwrap_or_default());
    Ok(())
}

/// A 200 with a body of this many bytes. The connection header is for clients of HTTP/1.0, which wait for the end else.
pub fn answer(bytes: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: {bytes}\r\n\r\n");
    [head.into_bytes(), vec![b'x'; bytes]].concat()
}

struct Line {
    stream: TcpStream,
    /// The begin of a request whose end has not come.
    rest: Vec<u8>,
}

struct Echo {
    listener: TcpListener,
    poller: OwnedFd,
    /// By number of the socket.
    lines: Vec<Option<Line>>,
    answer: Vec<u8>,
}

impl Echo {
    fn new(listener: TcpListener, bytes: usize) -> std::io::Result<Echo> {
        listener.set_nonblocking(true)?;
        let poller = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&poller, &listener, data(&listener), epoll::EventFlags::IN)?;
        Ok(Echo { listener, poller, lines: Vec::new(), answer: answer(bytes) })
    }

    fn run(mut self, stop: &AtomicBool) -> std::io::Result<Saw> {
        let clock = Clock::start();
        let mut events: Vec<epoll::Event> = Vec::with_capacity(EVENTS);
        let mut buffer = vec![0; READ_BYTES];
        let mut saw = Saw::default();
        let listener = data(&self.listener).u64();
        while !stop.load(Ordering::Relaxed) {
            events.clear();
            match epoll::wait(&self.poller, rustix::buffer::spare_capacity(&mut events), None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
            let before = saw.requests;
            for event in &events {
                let id = event.data.u64();
                if id == listener { self.accept()? } else { saw.requests += self.turn(id, &mut buffer) }
            }
            if saw.requests > before {
                // One reading of the clock a batch: it is only to know when the load began and ended.
                saw.last_ns = clock.origin_ns() + clock.now_ns();
                saw.first_ns = if saw.first_ns == 0 { saw.last_ns } else { saw.first_ns };
            }
        }
        Ok(saw)
    }

    fn accept(&mut self) -> std::io::Result<()> {
        while let Ok((stream, _)) = self.listener.accept() {
            stream.set_nodelay(true)?;
            epoll::add(&self.poller, &stream, data(&stream), epoll::EventFlags::IN)?;
            let id = data(&stream).u64() as usize;
            if self.lines.len() <= id {
                self.lines.resize_with(id + 1, || None);
            }
            self.lines[id] = Some(Line { stream, rest: Vec::new() });
        }
        Ok(())
    }

    /// Reads once and answers every whole request; gives how many.
    fn turn(&mut self, id: u64, buffer: &mut [u8]) -> u64 {
        let Some(slot) = self.lines.get_mut(id as usize) else { return 0 };
        let Some(line) = slot else { return 0 };
        let n = match rustix::net::recv(&line.stream, &mut *buffer, RecvFlags::DONTWAIT) {
            Ok((n, _)) if n > 0 => n,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return 0,
            _ => {
                *slot = None;
                return 0;
            }
        };
        let mut answered = 0;
        let mut reply = |line: &mut Line, request: &[u8]| {
            answered += u64::from(!request.starts_with(b"GET /_"));
            // Blocking on purpose: a floor waits for nobody but the kernel.
            line.stream.write_all(&self.answer).is_ok()
        };
        let mut input = &buffer[..n];
        let joined;
        if !line.rest.is_empty() {
            line.rest.extend_from_slice(input);
            joined = std::mem::take(&mut line.rest);
            input = &joined;
        }
        while let Some(len) = whole_request(input) {
            let (request, rest) = input.split_at(len);
            input = rest;
            if !reply(line, request) {
                *slot = None;
                return answered;
            }
        }
        line.rest.extend_from_slice(input);
        answered
    }
}

fn data(socket: &impl AsRawFd) -> epoll::EventData {
    epoll::EventData::new_u64(u64::from(socket.as_raw_fd().cast_unsigned()))
}

/// Length of the request at the front, once it is all there.
fn whole_request(input: &[u8]) -> Option<usize> {
    let head = memmem::find(input, b"\r\n\r\n")? + 4;
    if input.starts_with(b"GET ") {
        return Some(head);
    }
    let length = |line: &[u8]| {
        let (name, value) = line.split_at_checked(15)?;
        let ours = name.eq_ignore_ascii_case(b"content-length:");
        ours.then(|| std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok()).flatten()
    };
    let body = input[..head].split(|b| *b == b'\n').find_map(length).unwrap_or(0);
    (input.len() >= head + body).then_some(head + body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_ends_where_its_body_does() {
        assert_eq!(whole_request(b"GET / HTTP/1.1\r\n\r\nGET"), Some(18));
        assert_eq!(whole_request(b"GET / HTTP/1.1\r\n\r"), None);
        let post = b"POST / HTTP/1.1\r\nhost: a\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(whole_request(post), Some(post.len()));
        assert_eq!(whole_request(&post[..post.len() - 1]), None);
    }
}
