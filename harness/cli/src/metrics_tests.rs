//! What the metrics promise: a scraper's parser understands every line, names carry their units, and the end point answers
//! and ends.

use super::*;
use crate::live::Watching;
use harness::engine::Live;
use run_record::{Counts, SecondRow};
use std::collections::{BTreeMap, BTreeSet};

fn live() -> Live {
    let second = SecondRow {
        second: 11,
        planned: 1_812,
        answered: 1_811,
        response_p50_ns: 540_000,
        response_p99_ns: 6_230_000,
        response_max_ns: 11_100_000,
        send_lag_p99_ns: 70_000,
        ..SecondRow::default()
    };
    Live {
        at_s: 12.5,
        of_s: 70.0,
        phase: "peak \"one\"\\".into(),
        counts: Counts { planned: 20_003, sent: 20_000, dropped: 3, answered: 19_990, failed: 4 },
        in_flight: 6,
        second: Some(second),
        ..Live::default()
    }
}

fn state() -> State {
    let mut state = State::new("National peak", 42);
    state.note(&Live { waiting: 2, ..live() });
    state.more.connections = Some(256);
    state
}

/// Name with labels, and value, of every sample; checks what the text format asks of a page on the way.
fn parsed(page: &str) -> BTreeMap<String, f64> {
    assert!(page.ends_with('\n'));
    let mut samples = BTreeMap::new();
    let (mut helped, mut typed) = (BTreeSet::new(), BTreeMap::new());
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help text");
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(helped.contains(name) && ["counter", "gauge"].contains(&kind), "{line}");
            assert!(typed.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
        } else {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            let name = series.split('{').next().unwrap_or(series);
            assert!(typed.contains_key(name), "{line} comes before its type");
            assert!(name.starts_with("spinebench_harness_"), "{line}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{line}");
            let value: f64 = value.parse().expect("a number");
            assert!(samples.insert(series.to_owned(), value).is_none(), "{line} stands twice");
        }
    }
    samples
}

#[test]
fn every_line_parses_and_the_figures_are_the_states() {
    let samples = parsed(&text(&state()));
    let at = |name: &str| samples.get(&format!("spinebench_harness_{name}")).copied();
    assert_eq!(at("requests_planned_total"), Some(20_003.0));
    assert_eq!(at("requests_sent_total"), Some(20_000.0));
    assert_eq!(at("requests_answered_total"), Some(19_990.0));
    assert_eq!(at("requests_failed_total"), Some(4.0));
    assert_eq!(at("requests_dropped_total"), Some(3.0));
    assert_eq!(at("requests_in_flight"), Some(6.0));
    assert_eq!(at("arrivals_waiting"), Some(2.0));
    assert_eq!(at("connections_open"), Some(256.0));
    assert_eq!(at("run_elapsed_seconds"), Some(12.5));
    assert_eq!(at("last_second_response_seconds{quantile=\"0.99\"}"), Some(0.006_23));
    assert_eq!(at("last_second_response_seconds{quantile=\"1\"}"), Some(0.0111));
    assert_eq!(at("last_second_send_lag_seconds{quantile=\"0.99\"}"), Some(0.000_07));
    assert_eq!(at(r#"phase_info{phase="peak \"one\"\\"}"#), Some(1.0));
    assert_eq!(at("run_info{scenario=\"National peak\",seed=\"42\"}"), Some(1.0));
    assert_eq!(at("journeys_under_way"), None, "what nobody said is not there");
}

#[test]
fn a_run_that_has_only_begun_has_a_page_too() {
    let samples = parsed(&text(&State::new("", 1)));
    assert_eq!(samples.get("spinebench_harness_requests_sent_total"), Some(&0.0));
}

#[test]
fn a_port_alone_means_loopback_and_nonsense_is_refused() {
    let loopback: SocketAddr = "127.0.0.1:9464".parse().unwrap();
    assert_eq!(address("9464"), Ok(loopback));
    assert_eq!(address(":9464"), Ok(loopback));
    assert_eq!(address("0.0.0.0:1"), Ok("0.0.0.0:1".parse().unwrap()));
    assert_eq!(address("[::1]:9464"), Ok("[::1]:9464".parse().unwrap()));
    for nonsense in ["", "localhost", "localhost:1", "127.0.0.1", "127.0.0.1:99999", "-1"] {
        let fault = address(nonsense).expect_err(nonsense);
        assert!(fault.contains("allowed: IP:PORT"), "{fault}");
    }
}

#[test]
fn a_port_in_use_is_told_in_a_sentence() {
    let first = bind(address("0").unwrap()).unwrap();
    let failure = bind(first.local_addr().unwrap()).expect_err("in use");
    assert_eq!(failure.exit, Exit::Unreachable);
    assert!(failure.message.contains("cannot listen there") && failure.message.contains("nothing was run"));
}

fn ask(to: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_end_point_answers_scrapers_refuses_others_and_ends() {
    let watching = Watching::start(true, State::new("A run", 7), Default::default());
    let endpoint = Endpoint::start(bind(address("0").unwrap()).unwrap(), watching.shared()).unwrap();
    let to = endpoint.address;
    assert_eq!(endpoint.url(), format!("http://{to}/metrics"));
    // The answer follows the state: told now, seen at the next scrape once the keeper has it.
    let teller = watching.teller();
    teller.tell(&live());
    let told = (0..500).find_map(|_| {
        let answer = ask(to, "GET /metrics?x=1 HTTP/1.1\r\nhost: x\r\n\r\n");
        harness::clock::sleep(Duration::from_millis(10));
        answer.contains("_requests_sent_total 20000").then_some(answer)
    });
    let answer = told.expect("the state is seen");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4"), "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    parsed(body);
    assert!(ask(to, "HEAD /metrics HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n"));
    assert!(ask(to, "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    assert!(ask(to, "POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
    drop(TcpStream::connect(to).unwrap());
    endpoint.finish();
    drop(teller);
    watching.finish();
    assert!(bind(to).is_ok(), "the port is free again");
}
