//! What the export promises: the published encoding, whole and with the record's own figures; and a collector that fails is a
//! sentence, never more. The record is the published one.

use super::*;
use run_record::{EventRow, JourneyRow};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::thread::JoinHandle;

fn run() -> Measured {
    let mut run = run_record::read(&crate::published_record()).expect("the published record reads");
    run.record.observed.events = vec![EventRow {
        text: "hub-stop 1s".into(),
        at_s: 30.0,
        began_s: 30.001,
        took_s: 1.0,
        recovered_s: Some(1.4),
        lost_requests: 3,
        fault: Some("it came back late".into()),
    }];
    run.record.observed.journeys = vec![JourneyRow {
        journey: "dispense".into(),
        begun: 9,
        completed: 8,
        failed: 1,
        ..JourneyRow::default()
    }];
    run
}

/// A listener that takes one request whole, answers, and hands the request over.
fn collector(answer: &'static str) -> (Collector, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0u8; 4096];
        loop {
            let n = stream.read(&mut buffer).unwrap();
            request.extend_from_slice(&buffer[..n]);
            let text = String::from_utf8_lossy(&request).into_owned();
            let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                let length = head.lines().find_map(|l| l.strip_prefix("content-length: "));
                length.and_then(|l| l.parse().ok()) == Some(body.len())
            });
            if n == 0 || whole {
                stream.write_all(answer.as_bytes()).unwrap();
                return text;
            }
        }
    });
    (Collector::at(&url, None).unwrap(), thread)
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a Value {
    let found = span["attributes"].as_array().unwrap().iter().find(|a| a["key"] == key);
    &found.unwrap_or_else(|| panic!("no {key} in {span}"))["value"]
}

#[test]
fn the_collector_gets_the_run_in_the_published_encoding() {
    let (collector, thread) = collector("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    let run = run();
    collector.send(&run).expect("accepted");
    let request = thread.join().unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let body: Value = serde_json::from_str(body).expect("JSON");
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 1 + run.record.phases.len() + 1);
    let hex = |v: &Value, digits: usize| {
        let text = v.as_str().unwrap().to_owned();
        assert!(text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit()), "{text}");
        assert!(text.bytes().any(|b| b != b'0'), "an identifier of zeros means none");
        text
    };
    let ids: BTreeSet<String> = spans.iter().map(|s| hex(&s["spanId"], 16)).collect();
    assert_eq!(ids.len(), spans.len(), "every span has an identifier of its own");
    assert_eq!(spans[0]["parentSpanId"], "");
    assert_eq!(hex(&spans[0]["traceId"], 32), run.record.seal[..32]);
    for span in spans {
        assert_eq!(span["traceId"], spans[0]["traceId"]);
        let at = |key: &str| span[key].as_str().unwrap().parse::<u64>().expect("a string of digits");
        assert!(at("startTimeUnixNano") <= at("endTimeUnixNano"), "{span}");
    }
    assert!(spans[1..].iter().all(|s| s["parentSpanId"] == spans[0]["spanId"]));
    assert_eq!(
        attribute(&spans[0], "spinebench.answered")["intValue"],
        run.record.counts.answered.to_string()
    );
    assert_eq!(attribute(&spans[0], "spinebench.journey.dispense.failed")["intValue"], "1");
    let measured: u64 = spans[1..]
        .iter()
        .zip(&run.record.phases)
        .filter(|(_, phase)| phase.measured)
        .map(|(span, _)| {
            attribute(span, "spinebench.planned")["intValue"].as_str().unwrap().parse::<u64>().unwrap()
        })
        .sum();
    assert_eq!(measured, run.record.counts.planned, "the phases' counts add up to the run's");
    let event = spans.last().unwrap();
    assert_eq!((event["name"].as_str(), event["status"]["code"].as_u64()), (Some("hub-stop 1s"), Some(2)));
}

#[test]
fn a_collector_that_refuses_is_told_in_a_sentence() {
    for (answer, words) in [
        ("HTTP/1.1 503 Busy\r\ncontent-length: 18\r\n\r\n{\"message\":\"full\"}", "it answered 503 (full)"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 67\r\n\r\n{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"too late\"}} ",
            "it refused 3 spans: too late",
        ),
        ("SSH-2.0-x\r\n\r\n", "not an HTTP/1.1 answer"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", "the connection closed after 2 of 9 body bytes"),
    ] {
        let (collector, thread) = collector(answer);
        let sentence = collector.send(&run()).expect_err(answer);
        thread.join().unwrap();
        assert!(
            sentence.starts_with("the trace could not be given to the collector at 127.0.0.1:"),
            "{sentence}"
        );
        assert!(sentence.contains(words), "{sentence}");
    }
}

#[test]
fn a_collector_that_is_not_there_is_told_in_a_sentence() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let sentence = Collector::at(&url, None).unwrap().send(&run()).expect_err("nobody there");
    assert!(sentence.contains("could not be given"), "{sentence}");
}

#[test]
fn traces_leave_this_machine_only_when_somebody_allowed_it() {
    assert!(Collector::at("http://localhost:4318", None).is_ok());
    let fault = Collector::at("http://collector.example:4318", None).expect_err("not this machine");
    assert!(fault.contains("--otlp-authorised"), "{fault}");
    assert!(Collector::at("http://collector.example:4318", Some("J. Smith, CHG-1")).is_ok());
    for url in ["https://localhost:4318", "localhost:4318", "http://localhost:4318/v1/traces", "http://"] {
        assert!(Collector::at(url, Some("x")).is_err(), "{url}");
    }
}
