//! Starts hubs for tests and speaks plain HTTP/1.1 to them.

use super::desk::DESK;
use crate::domain::Interface;
use crate::hub::{HubConfig, HubSummary, Parts, run_with};
use crate::limits::Limits;
use crate::{HubError, StopHandle, store_kind};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a test waits for an answer before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A hub that runs until [`Running::stop`].
pub struct Running {
    pub address: SocketAddr,
    stop: StopHandle,
    thread: JoinHandle<Result<HubSummary, HubError>>,
}

impl Running {
    /// Stops the hub and tells what it did.
    pub fn stop(self) -> HubSummary {
        self.stop.stop();
        self.thread.join().unwrap().unwrap()
    }

    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }
}

pub fn config(data: &Path, store: &str) -> HubConfig {
    HubConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        data: data.to_owned(),
        store: store_kind(store).unwrap(),
        population: None,
        sandbox: false,
        io_threads: Some(2),
        quiet: true,
    }
}

/// Starts a hub with the desk interface.
pub fn start(config: HubConfig, limits: Limits) -> Running {
    const DESKS: &[&Interface] = &[&DESK];
    start_with(config, limits, DESKS)
}

/// Starts a hub with these interfaces.
pub fn start_with(config: HubConfig, limits: Limits, interfaces: &'static [&'static Interface]) -> Running {
    let stop = StopHandle::new();
    let (sender, ready) = channel();
    let handle = stop.clone();
    let thread = std::thread::spawn(move || {
        let parts = Parts { limits, interfaces, ..Parts::default() };
        run_with(&config, parts, |address| sender.send(address).unwrap(), &handle)
    });
    match ready.recv_timeout(PATIENCE) {
        Ok(address) => Running { address, stop, thread },
        Err(_) => panic!("the hub did not start: {:?}", thread.join().unwrap().err()),
    }
}

/// An answer as received.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One keep-alive connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { stream: BufReader::new(stream) }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Sends a request without a body.
    pub fn ask(&mut self, line: &str, headers: &[(&str, &str)]) -> Reply {
        self.ask_with(line, headers, b"")
    }

    /// Sends a request with a body.
    pub fn ask_with(&mut self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut text = format!("{line} HTTP/1.1\r\nhost: hub\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            text += &format!("content-length: {}\r\n", body.len());
        }
        self.send([text.as_bytes(), b"\r\n", body].concat());
        self.reply(line.starts_with("HEAD "))
    }

    /// Reads one answer; a HEAD's has no body.
    pub fn reply(&mut self, head: bool) -> Reply {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {line:?}")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut reply = Reply { status, headers, body: Vec::new() };
        let len = reply.header("content-length").map_or(0, |l| l.parse().unwrap());
        if !head && status >= 200 {
            reply.body.resize(len, 0);
            self.stream.read_exact(&mut reply.body).unwrap();
        }
        reply
    }

    /// True when the hub closed the connection without another byte.
    pub fn is_closed_by_hub(&mut self) -> bool {
        matches!(self.stream.read(&mut [0; 1]), Ok(0))
    }
}
