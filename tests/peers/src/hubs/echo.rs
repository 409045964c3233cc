//! The floor under every HTTP server: one thread, one epoll, no parsing, a fixed answer of so many bytes for each read.
//! Started as a process of its own by the comparisons of servers; never behind anything else.

use crate::bench::Bench;
use crate::pinned::Pinned;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::process::Command;

/// Name of the hidden subcommand.
const PROGRAM: &str = "echo";
/// Answers taken from one wait.
const EVENTS_MAX: usize = 256;

/// The floor as a running process.
pub struct Echo {
    process: Pinned,
    address: SocketAddr,
    answer_bytes: usize,
}

impl Echo {
    /// Starts it on the servers' core.
    ///
    /// # Errors
    /// One sentence: it does not start.
    pub fn start(bench: &Bench, answer_bytes: usize) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|e| format!("this program's own file: {e}"))?;
        let mut command = Command::new(own);
        command.args([PROGRAM, &answer_bytes.to_string()]);
        let mut process = Pinned::start(&mut command, bench.server_core)?;
        let line = process.line()?;
        let address = line.parse().map_err(|_| format!("the echo says {line:?} instead of its address"))?;
        Ok(Echo { process, address, answer_bytes })
    }

    /// Its process and address.
    pub fn server(&self) -> (u32, SocketAddr) {
        (self.process.pid(), self.address)
    }

    /// Its command line.
    pub fn command(&self) -> String {
        format!("spinebench-peers {PROGRAM} {}", self.answer_bytes)
    }
}

/// An answer of exactly so many bytes, or the shortest there is.
fn answer(bytes: usize) -> Vec<u8> {
    let head = |body: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {body}\r\n\r\n");
    // The length's own digits count: the first body that gives the whole.
    let body = (0..=bytes).rev().find(|body| head(*body).len() + body <= bytes).unwrap_or(0);
    let mut all = head(body).into_bytes();
    all.resize(all.len() + body, b'x');
    all
}

/// Serves until it is killed. Takes requests that come whole in one read, as those of the comparisons do.
///
/// # Errors
/// One sentence: no socket.
pub fn serve(answer_bytes: usize) -> Result<(), String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|e| format!("listening: {e}"))?;
    listener.set_nonblocking(true).map_err(|e| format!("listening: {e}"))?;
    println!("{}", listener.local_addr().map_err(|e| format!("listening: {e}"))?);
    let answer = answer(answer_bytes);
    let poll = epoll::create(CreateFlags::CLOEXEC).map_err(|e| format!("epoll: {e}"))?;
    let watch = |fd: &dyn std::os::fd::AsFd| {
        let data = EventData::new_u64(fd.as_fd().as_raw_fd().cast_unsigned().into());
        epoll::add(&poll, fd.as_fd(), data, EventFlags::IN).map_err(|e| format!("epoll: {e}"))
    };
    watch(&listener)?;
    let listens = u64::from(listener.as_raw_fd().cast_unsigned());
    let mut lines: HashMap<u64, TcpStream> = HashMap::new();
    let mut events = Vec::with_capacity(EVENTS_MAX);
    let mut request = vec![0; 64 * 1024];
    loop {
        events.clear();
        match epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(format!("epoll: {e}")),
        }
        for event in &events {
            let id = event.data.u64();
            if id == listens {
                while let Ok((stream, _)) = listener.accept() {
                    let _ = stream.set_nodelay(true);
                    watch(&stream)?;
                    lines.insert(stream.as_raw_fd().cast_unsigned().into(), stream);
                }
            } else if let Some(stream) = lines.get_mut(&id) {
                let alive = matches!(stream.read(&mut request), Ok(n) if n > 0);
                if !alive || stream.write_all(&answer).is_err() {
                    lines.remove(&id);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_has_exactly_the_bytes_asked_for() {
        for bytes in [60, 137, 1_040, 3_000, 25_000] {
            assert!(answer(bytes).len().abs_diff(bytes) <= 1, "{bytes}");
        }
    }
}
