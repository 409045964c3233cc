//! `run --otlp URL`: the run as an OpenTelemetry trace, sent after the run has ended, so that exporting can slow nothing down:
//! one span for the run, below it one for each phase and each event, with counts and percentiles as attributes. Single
//! requests are not exported: the record holds their histograms, not each of them. A collector that fails is a warning.

use harness::client::response::{self, Progress};
use harness::clock::Clock;
use run_record::{ALL, Kind, Measured, PhaseRef, SecondRow, Verdict};
use scenarios::Target;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long a collector may take in all; the run's result must not wait longer for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// An OTLP answer is a few bytes; more is no collector.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// `SPAN_KIND_INTERNAL` of the published protocol.
const KIND_INTERNAL: u8 = 1;
/// `STATUS_CODE_OK` and `STATUS_CODE_ERROR`.
const STATUS_OK: u8 = 1;
const STATUS_ERROR: u8 = 2;

/// A collector: its host and port. Checked like a target: this machine, or somebody allowed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Collector {
    host: String,
    port: u16,
    /// What is asked again once the name has turned into an address.
    target: Target,
}

impl Collector {
    /// The collector at a URL such as `http://127.0.0.1:4318`.
    pub(crate) fn at(url: &str, authorised: Option<&str>) -> Result<Collector, String> {
        let target = Target::from_url(url, authorised);
        match &target {
            Ok(found @ Target::Url { host, port, .. }) if url.starts_with("http://") => {
                Ok(Collector { host: host.clone(), port: *port, target: found.clone() })
            }
            Err(_) if url.starts_with("http://") && authorised.is_none() => Err(format!(
                "--otlp {url}: traces go to this machine only, allowed: http://127.0.0.1:4318, or another host with \
                 --otlp-authorised \"who allowed it, reference\""
            )),
            _ => Err(format!(
                "--otlp {url}: not an address of a collector, allowed: http://HOST:PORT without a path, such as \
                 http://127.0.0.1:4318 (for https put a collector on this machine in between)"
            )),
        }
    }

    /// Sends the run.
    ///
    /// # Errors
    /// One sentence: not reached, not understood, or refused in part.
    pub(crate) fn send(&self, run: &Measured) -> Result<(), String> {
        let (host, port) = (&self.host, self.port);
        self.post(&trace(run).to_string())
            .map_err(|e| format!("the trace could not be given to the collector at {host}:{port}: {e}"))
    }

    fn post(&self, body: &str) -> Result<(), String> {
        let clock = Clock::start();
        let text = |e: std::io::Error| e.to_string();
        let mut found = (self.host.as_str(), self.port).to_socket_addrs().map_err(text)?;
        let address = found.next().ok_or("the name has no address")?;
        self.target.may_ask(address)?;
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(text)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(text)?;
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: {host}:{}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).map_err(text)?;
        let mut input = Vec::new();
        let mut buffer = [0u8; 4096];
        loop {
            let left = PATIENCE.saturating_sub(Duration::from_nanos(clock.now_ns()));
            if left.is_zero() || input.len() > ANSWER_BYTES_MAX {
                return Err(format!("no answer within {} s", PATIENCE.as_secs()));
            }
            stream.set_read_timeout(Some(left)).map_err(text)?;
            let n = stream.read(&mut buffer).map_err(text)?;
            input.extend_from_slice(&buffer[..n]);
            match response::parse(&input, false, n == 0)? {
                Progress::Complete(answer) => return accepted(answer.status, &answer.body),
                Progress::NeedAtLeast(_) if n == 0 => return Err("the answer breaks off".into()),
                Progress::NeedAtLeast(_) => {}
            }
        }
    }
}

fn accepted(status: u16, body: &[u8]) -> Result<(), String> {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    if !(200..300).contains(&status) {
        let why = body["message"].as_str().map_or(String::new(), |m| format!(" ({m})"));
        return Err(format!("it answered {status}{why}, allowed: 200"));
    }
    // 64-bit numbers are strings in the protocol's JSON; some collectors send numbers all the same.
    let rejected = &body["partialSuccess"]["rejectedSpans"];
    let rejected = rejected.as_u64().or_else(|| rejected.as_str()?.parse().ok()).unwrap_or(0);
    match rejected {
        0 => Ok(()),
        n => Err(format!(
            "it refused {n} spans: {}",
            body["partialSuccess"]["errorMessage"].as_str().unwrap_or("-")
        )),
    }
}

/// The request body: the published JSON encoding of `ExportTraceServiceRequest`.
pub(crate) fn trace(run: &Measured) -> Value {
    let record = &run.record;
    let mut spans = Spans { run, made: Vec::new() };
    let end_s = record.phases.iter().map(|p| p.start_s + p.duration_s).fold(0.0, f64::max);
    let status = match record.verdict {
        Verdict::Pass => json!({ "code": STATUS_OK }),
        Verdict::OverBudget => json!({ "code": STATUS_ERROR, "message": "a budget was broken" }),
        Verdict::Invalid => json!({ "code": STATUS_ERROR, "message": record.validity.reasons.join(" ") }),
    };
    spans.add("run", 0.0, end_s, run_attributes(run), status);
    for phase in &record.phases {
        let end_s = phase.start_s + phase.duration_s;
        spans.add(&phase.name, phase.start_s, end_s, phase_attributes(run, phase), json!({}));
    }
    for event in &record.observed.events {
        let mut said = vec![
            double("due_s", event.at_s),
            double("took_s", event.took_s),
            int("lost_requests", event.lost_requests),
        ];
        said.extend(event.recovered_s.map(|s| double("recovered_s", s)));
        let status =
            event.fault.as_ref().map_or(json!({}), |f| json!({ "code": STATUS_ERROR, "message": f }));
        let length_s = event.took_s.max(event.recovered_s.unwrap_or(0.0));
        spans.add(&event.text, event.began_s, event.began_s + length_s, said, status);
    }
    let resource = [
        string("service.name", "spinebench"),
        string("service.version", &record.tool.version),
        string("os.description", &record.host.os),
    ];
    let scope = json!({ "name": "spinebench", "version": record.tool.version });
    json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{ "scope": scope, "spans": spans.made }],
    }] })
}

struct Spans<'a> {
    run: &'a Measured,
    made: Vec<Value>,
}

impl Spans<'_> {
    /// Adds a span; the first is the parent of all others. Identifiers come from the record's seal, so that a trace and
    /// its record find each other.
    fn add(&mut self, name: &str, from_s: f64, to_s: f64, attributes: Vec<Value>, status: Value) {
        let seal = &self.run.record.seal;
        let hex =
            |from: usize, to: usize| seal.get(from..to).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
        let base = u64::from_str_radix(hex(32, 48).unwrap_or("0"), 16).unwrap_or(0);
        // An identifier of nothing but zeros means none.
        let id = |n: usize| format!("{:016x}", base.wrapping_add(n as u64 + 1).max(1));
        let started_ns: i128 =
            self.run.record.started.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_nanosecond);
        let at = |s: f64| (started_ns + (s * 1e9) as i128).max(0).to_string();
        let parent = if self.made.is_empty() { String::new() } else { id(0) };
        self.made.push(json!({
            "traceId": hex(0, 32).map_or_else(|| format!("{:032x}", 1), str::to_owned),
            "spanId": id(self.made.len()),
            "parentSpanId": parent,
            "name": name,
            "kind": KIND_INTERNAL,
            "startTimeUnixNano": at(from_s),
            "endTimeUnixNano": at(to_s),
            "attributes": attributes,
            "status": status,
        }));
    }
}

fn run_attributes(run: &Measured) -> Vec<Value> {
    let record = &run.record;
    let verdict = match record.verdict {
        Verdict::Pass => "pass",
        Verdict::OverBudget => "over-budget",
        Verdict::Invalid => "invalid",
    };
    let c = record.counts;
    let mut said = vec![
        string("spinebench.scenario", &record.scenario.title),
        string("spinebench.scenario.sha256", &record.scenario.sha256),
        int("spinebench.seed", record.seed),
        string("spinebench.verdict", verdict),
        string("spinebench.model", &record.model),
        string("spinebench.target", &record.target.url),
        int("spinebench.planned", c.planned),
        int("spinebench.sent", c.sent),
        int("spinebench.dropped", c.dropped),
        int("spinebench.answered", c.answered),
        int("spinebench.failed", c.failed),
        double("spinebench.rate.planned_per_s", record.rate_per_s.planned),
        double("spinebench.rate.achieved_per_s", record.rate_per_s.achieved),
    ];
    for row in run.interactions.iter().filter(|row| row.interaction == ALL && row.count > 0) {
        if row.kind != Kind::Service {
            for (name, ns) in
                [("p50", row.p50_ns), ("p99", row.p99_ns), ("p99_9", row.p99_9_ns), ("max", row.max_ns)]
            {
                said.push(int(&format!("spinebench.{}.{name}_ns", row.kind), ns));
            }
        }
    }
    for journey in &record.observed.journeys {
        let name = &journey.journey;
        said.push(int(&format!("spinebench.journey.{name}.begun"), journey.begun));
        said.push(int(&format!("spinebench.journey.{name}.completed"), journey.completed));
        said.push(int(&format!("spinebench.journey.{name}.failed"), journey.failed));
    }
    said
}

/// The phase's seconds added up. A percentile of a whole phase is not kept by the record, so its worst second stands in
/// and says so by its name.
fn phase_attributes(run: &Measured, phase: &PhaseRef) -> Vec<Value> {
    let from = phase.start_s.floor();
    let rows: Vec<&SecondRow> = run
        .series
        .iter()
        .filter(|row| {
            row.phase == phase.name
                && (from..phase.start_s + phase.duration_s).contains(&f64::from(row.second))
        })
        .collect();
    let sum = |of: fn(&SecondRow) -> u64| rows.iter().map(|row| of(row)).sum::<u64>();
    let worst = |of: fn(&SecondRow) -> u64| rows.iter().map(|row| of(row)).max().unwrap_or(0);
    vec![
        json!({ "key": "spinebench.measured", "value": { "boolValue": phase.measured } }),
        double("spinebench.rate.from_per_s", phase.from_per_s),
        double("spinebench.rate.to_per_s", phase.to_per_s),
        int("spinebench.planned", sum(|row| row.planned)),
        int("spinebench.sent", sum(|row| row.sent)),
        int("spinebench.dropped", sum(|row| row.dropped)),
        int("spinebench.answered", sum(|row| row.answered)),
        int("spinebench.failed", sum(|row| row.failed)),
        int("spinebench.response.worst_second_p99_ns", worst(|row| row.response_p99_ns)),
        int("spinebench.response.max_ns", worst(|row| row.response_max_ns)),
        int("spinebench.send_lag.worst_second_p99_ns", worst(|row| row.send_lag_p99_ns)),
    ]
}

fn string(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// 64-bit numbers are strings in the protocol's JSON.
fn int(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

fn double(key: &str, value: f64) -> Value {
    // What is no number has names of its own in the protocol's JSON.
    let value = match value {
        v if v.is_nan() => json!("NaN"),
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        v => json!(v),
    };
    json!({ "key": key, "value": { "doubleValue": value } })
}

#[cfg(test)]
#[path = "otlp_tests.rs"]
mod tests;
