//! `run --metrics ADDRESS`: the harness as Prometheus sees it while it runs, in the text format 0.0.4. One small thread that
//! reads the watchers' state; called by `run`, asked by a scraper; never touches the engine, and holds nothing that is
//! not in the state.

use crate::exit::{Exit, Failure};
use crate::live::{Shared, State, lock};
use harness::clock::Clock;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The largest request taken: a scraper sends a few hundred bytes.
const REQUEST_BYTES_MAX: usize = 8 * 1024;
/// How long a scraper may take to ask and to take its answer: one that dawdles must not keep the others out for long.
const PATIENCE: Duration = Duration::from_secs(2);
const NS_PER_S: f64 = 1e9;

/// An address to listen on: `127.0.0.1:9464`, or a port alone, which means loopback.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let port_alone = text.strip_prefix(':').unwrap_or(text);
    match port_alone.parse::<u16>() {
        Ok(port) => Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)),
        Err(_) => text.parse().map_err(|_| {
            format!("not an address, got {text:?}, allowed: IP:PORT such as 127.0.0.1:9464, or a port alone for loopback")
        }),
    }
}

/// Takes the port, before anything else is begun.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).map_err(|e| {
        Failure::new(
            Exit::Unreachable,
            format!("--metrics {address}: cannot listen there: {e}; nothing was run"),
        )
    })
}

/// The end point while it answers.
pub(crate) struct Endpoint {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Endpoint {
    /// Begins to answer.
    pub(crate) fn start(listener: TcpListener, shared: Shared) -> Result<Endpoint, Failure> {
        let address = listener.local_addr().map_err(|e| Failure::new(Exit::Unreachable, e))?;
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let thread = std::thread::spawn(move || serve(&listener, &shared, &flag));
        Ok(Endpoint { address, stop, thread })
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/metrics", self.address)
    }

    /// Stops answering.
    pub(crate) fn finish(self) {
        self.stop.store(true, Ordering::SeqCst);
        // The thread waits for a caller: be the last one. Where even that fails the thread ends with the process.
        let mut to = self.address;
        if to.ip().is_unspecified() {
            to.set_ip(match to.ip() {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(_) => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
            });
        }
        if TcpStream::connect_timeout(&to, PATIENCE).is_ok() {
            let _ = self.thread.join();
        }
    }
}

fn serve(listener: &TcpListener, shared: &Shared, stop: &AtomicBool) {
    for stream in listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        match stream {
            Ok(stream) => drop(answer(stream, shared)),
            // Out of sockets: the next one may be had when a request has ended.
            Err(_) => harness::clock::sleep(Duration::from_millis(100)),
        }
    }
}

fn answer(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = request_of(&mut stream)?;
    stream.write_all(&reply(&request, || text(&lock(shared))))
}

/// The bytes up to the blank line after the headers.
fn request_of(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let clock = Clock::start();
    let mut request = Vec::new();
    let mut buffer = [0u8; 1024];
    while !request.windows(4).any(|w| w == b"\r\n\r\n") && request.len() < REQUEST_BYTES_MAX {
        let left = PATIENCE.saturating_sub(Duration::from_nanos(clock.now_ns()));
        if left.is_zero() {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer)? {
            0 => break,
            n => request.extend_from_slice(&buffer[..n]),
        }
    }
    Ok(request)
}

fn reply(request: &[u8], metrics: impl FnOnce() -> String) -> Vec<u8> {
    let line = request.split(|b| *b == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).into_owned();
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let path = target.split('?').next().unwrap_or("");
    let (status, kind, body) = match (method, path) {
        ("GET" | "HEAD", "/metrics") => ("200 OK", "text/plain; version=0.0.4; charset=utf-8", metrics()),
        ("GET" | "HEAD", _) => {
            ("404 Not Found", "text/plain; charset=utf-8", "Nothing here; ask for /metrics.\n".to_owned())
        }
        _ => (
            "405 Method Not Allowed\r\nallow: GET, HEAD",
            "text/plain; charset=utf-8",
            "Only GET /metrics is answered here.\n".to_owned(),
        ),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let body = if method == "HEAD" { String::new() } else { body };
    (head + &body).into_bytes()
}

/// The state in Prometheus's text format.
pub(crate) fn text(state: &State) -> String {
    let live = &state.newest;
    let c = live.counts;
    let mut page = Page::default();
    page.family("run_info", "gauge", "The run that this process measures.");
    page.sample("run_info", &[("scenario", &state.title), ("seed", &state.seed.to_string())], 1.0);
    if !live.phase.is_empty() {
        page.family("phase_info", "gauge", "The phase that the plan is in.");
        page.sample("phase_info", &[("phase", &live.phase)], 1.0);
    }
    page.one("run_elapsed_seconds", "gauge", "Time since the start of the plan.", live.at_s);
    page.one("run_planned_seconds", "gauge", "Length of the plan.", live.of_s);
    for (name, help, count) in [
        ("requests_planned_total", "Arrivals that were due so far, warm-up included.", c.planned),
        ("requests_sent_total", "Requests written to a connection.", c.sent),
        ("requests_answered_total", "Answers that came whole and passed their checks.", c.answered),
        ("requests_failed_total", "Requests without an answer that passed its checks.", c.failed),
        ("requests_dropped_total", "Arrivals that could not be sent.", c.dropped),
    ] {
        page.one(name, "counter", help, count as f64);
    }
    page.one("requests_in_flight", "gauge", "Requests on the wire.", live.in_flight as f64);
    page.one(
        "arrivals_waiting",
        "gauge",
        "Arrivals due that wait for a free connection.",
        live.waiting as f64,
    );
    if let Some(n) = state.more.connections {
        page.one("connections_open", "gauge", "Connections open to the target.", n as f64);
    }
    if let Some(n) = state.more.journeys_under_way {
        page.one("journeys_under_way", "gauge", "Journeys begun and not ended.", n as f64);
    }
    if let Some(rate) = state.more.planned_per_s {
        page.one("plan_rate_per_second", "gauge", "Arrivals a second that the plan asks for now.", rate);
    }
    second(&mut page, state);
    processes(&mut page, state);
    page.text
}

fn second(page: &mut Page, state: &State) {
    let Some(s) = &state.newest.second else { return };
    page.one(
        "last_second_planned_per_second",
        "gauge",
        "Arrivals due in the newest whole second.",
        s.planned as f64,
    );
    page.one(
        "last_second_answered_per_second",
        "gauge",
        "Of the requests due in the newest whole second, those answered well.",
        s.answered as f64,
    );
    page.family(
        "last_second_response_seconds",
        "gauge",
        "Response time of the newest whole second, from the planned instant to the last byte; quantile 1 is the largest.",
    );
    for (quantile, ns) in [("0.5", s.response_p50_ns), ("0.99", s.response_p99_ns), ("1", s.response_max_ns)]
    {
        page.sample("last_second_response_seconds", &[("quantile", quantile)], ns as f64 / NS_PER_S);
    }
    page.family(
        "last_second_send_lag_seconds",
        "gauge",
        "Send lag of the newest whole second: from the planned instant to the moment of sending.",
    );
    page.sample("last_second_send_lag_seconds", &[("quantile", "0.99")], s.send_lag_p99_ns as f64 / NS_PER_S);
}

fn processes(page: &mut Page, state: &State) {
    let both = [("hub", state.used.hub), ("harness", state.used.harness)];
    let seen: Vec<_> = both.into_iter().filter_map(|(name, of)| Some((name, of?))).collect();
    if seen.is_empty() {
        return;
    }
    page.family(
        "process_cpu_seconds_total",
        "counter",
        "Processor time used by each process since its start.",
    );
    for (name, of) in &seen {
        page.sample("process_cpu_seconds_total", &[("process", name)], of.cpu_s);
    }
    page.family("process_cpu_cores", "gauge", "Processor cores used by each process in the last second.");
    for (name, cores) in seen.iter().filter_map(|(name, of)| Some((name, of.cores?))) {
        page.sample("process_cpu_cores", &[("process", name)], cores);
    }
    page.family("process_resident_memory_bytes", "gauge", "Resident memory of each process.");
    for (name, of) in &seen {
        page.sample("process_resident_memory_bytes", &[("process", name)], of.rss_bytes as f64);
    }
}

/// A page of metrics in the making. All names begin with `spinebench_harness_`.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(
            self.text,
            "# HELP spinebench_harness_{name} {help}\n# TYPE spinebench_harness_{name} {kind}\n"
        );
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> =
            labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escape(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "spinebench_harness_{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
