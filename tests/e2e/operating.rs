//! Claim: a hub can be operated. What it measures and documents, others' readers take; what it logs is JSON without a
//! person in it; on SIGTERM it finishes and exits 0, on a second at once; a backup made while it serves is restored.

use crate::support::{Http, Hub, assert_exit, mesh_token, python, said, spinebench};
use rustix::process::Signal;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

const PATIENT: &str = "/personal-demographics/FHIR/R4/Patient/9000000009";
const ID: (&str, &str) = ("x-request-id", "9f0a3b1c-0000-4000-8000-0123456789ab");

fn ask(hub: &Hub, method: &str, path: &str, body: &[u8]) -> crate::support::Reply {
    Http::connect(hub.address).expect("connects").ask(method, path, &[ID], body).expect("answers")
}

/// Feeds `input` to a Python program in an environment with `packages`.
fn reads_in_python(packages: &[&str], program: &str, input: &[u8]) -> String {
    let mut child = Command::new(python(packages))
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python runs");
    child.stdin.take().expect("piped").write_all(input).expect("written");
    let output = child.wait_with_output().expect("ends");
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_metrics_and_the_openapi_document_are_what_the_usual_readers_take() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(folder.path(), &["--sandbox"]);
    assert_eq!(ask(&hub, "GET", PATIENT, b"").status, 200);
    let metrics = ask(&hub, "GET", "/metrics", b"").body;
    let program = "import sys\n\
        from prometheus_client.parser import text_string_to_metric_families as families\n\
        found = {f.name: f for f in families(sys.stdin.read())}\n\
        assert all(f.documentation and f.type != 'unknown' for f in found.values()), found\n\
        times = [s for s in found['hub_service_seconds'].samples if s.labels['operation'] == 'pds-retrieve']\n\
        counts = [s.value for s in times if s.name.endswith('_bucket')]\n\
        assert counts == sorted(counts) and counts[-1] == 1, counts\n\
        print(len(found))";
    let families = reads_in_python(&["prometheus-client==0.26.0"], program, &metrics);
    assert!(families.trim().parse::<u32>().expect("a number") >= 20, "{families}");
    let document = ask(&hub, "GET", "/openapi.json", b"").body;
    let program = "import json, sys\n\
        from openapi_spec_validator import validate\n\
        document = json.load(sys.stdin)\n\
        validate(document)\n\
        assert document['openapi'] == '3.0.3' and '/metrics' in document['paths']";
    reads_in_python(&["openapi-spec-validator==0.9.0"], program, &document);
}

#[test]
fn logs_are_json_and_name_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub =
        Hub::start(folder.path(), &["--sandbox", "--log-format", "json", "--access-log", "--inject", ""]);
    assert_eq!(ask(&hub, "GET", PATIENT, b"").status, 200);
    let named = format!("{PATIENT}?family=Smith");
    ask(&hub, "GET", &named, b"");
    let mut http = Http::connect(hub.address).expect("connects");
    let token = mesh_token("X26ABC1", "log");
    let headers = [("authorization", token.as_str()), ("nhsd-end-user-organisation-ods", "9000000009")];
    http.ask("GET", "/messageexchange/X26ABC1/inbox", &headers, b"").expect("answers");
    let said = hub.stop();
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let accesses: Vec<_> = lines.iter().filter(|line| line["event"] == "access").collect();
    assert_eq!(accesses.len(), 3, "{text}");
    assert_eq!((&accesses[0]["operation"], &accesses[0]["status"]), (&"pds-retrieve".into(), &200.into()));
    assert_eq!(accesses[0]["request"], ID.1);
    for private in ["9000000009", "Smith", "NHSMESH", "log:"] {
        assert!(!text.contains(private), "{private}: {text}");
    }
}

#[test]
fn a_first_sigterm_finishes_what_is_in_flight_and_a_second_ends_at_once() {
    let delayed = ["--sandbox", "--inject", "delay 1500ms"];
    let folder = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(folder.path(), &delayed);
    let address = hub.address;
    let in_flight = move || {
        std::thread::spawn(move || Http::connect(address).expect("connects").ask("GET", PATIENT, &[ID], b""))
    };
    let answer = in_flight();
    std::thread::sleep(Duration::from_millis(500));
    hub.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(300));
    assert!(Http::connect(address).is_err(), "it does not accept any more");
    let answer = answer.join().expect("joins").expect("answered");
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert_eq!(hub.wait().code(), Some(0));
    let verified = spinebench(&["hub", "audit", "verify", folder.path().to_str().expect("utf-8")]);
    assert_exit(&verified, 0);

    let hub = Hub::start(folder.path(), &["--sandbox", "--inject", "delay 15s"]);
    let address = hub.address;
    let answer =
        std::thread::spawn(move || Http::connect(address).expect("connects").ask("GET", PATIENT, &[ID], b""));
    std::thread::sleep(Duration::from_millis(500));
    hub.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(300));
    hub.signal(Signal::TERM);
    assert_eq!(hub.wait().code(), Some(130));
    assert!(answer.join().expect("joins").is_err());
}

#[test]
fn a_backup_of_a_running_hub_is_restored_checked_and_traced() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).to_str().expect("utf-8").to_owned();
    let (data, copy, restored, csv) = (place("data"), place("copy"), place("restored"), place("trace.csv"));
    let hub = Hub::start(data.as_ref(), &["--sandbox"]);
    (0..5).for_each(|_| assert_eq!(ask(&hub, "GET", PATIENT, b"").status, 200));
    std::thread::sleep(Duration::from_millis(100)); // events of reads come a commit later
    let url = format!("http://{}", hub.address);
    let busy = spinebench(&["hub", "backup", &data]);
    assert_exit(&busy, 5);
    assert!(said(&busy).contains("--from"), "{}", said(&busy));
    let made = spinebench(&["hub", "backup", "--from", &url, "--name", "night", "--out", &copy]);
    assert_exit(&made, 0);
    assert!(hub.stop().status.success());
    assert_exit(&spinebench(&["hub", "restore", &copy, &restored]), 0);
    assert_exit(&spinebench(&["hub", "restore", &copy, &restored]), 5);
    assert_exit(&spinebench(&["hub", "audit", "verify", &restored]), 0);
    assert_exit(&spinebench(&["hub", "audit", "trace", &restored, "--out", &csv]), 0);
    let trace = std::fs::read_to_string(&csv).expect("written");
    let mut lines = trace.lines();
    assert_eq!(lines.next(), Some("offset_ns,interaction,organisation,status"));
    let retrieved = lines.clone().filter(|line| line.contains(",pds-retrieve,")).count();
    assert_eq!(retrieved, 5, "{trace}");
    assert!(lines.next().expect("a line").starts_with("0,"));
    assert_exit(&spinebench(&["hub", "backup", &data, "--name", "stopped"]), 0);
}

#[test]
fn a_wrong_plan_is_refused_with_all_its_faults() {
    let refused = spinebench(&["hub", "--inject", "delya 1s; error 200; stall 2s"]);
    assert_exit(&refused, 2);
    let text = said(&refused);
    for fault in ["got \"delya\", allowed: delay", "got \"200\", allowed: 408", "rule 3 (`stall 2s`)"] {
        assert!(text.contains(fault), "{fault}: {text}");
    }
}

#[test]
fn what_is_no_data_folder_or_no_file_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).to_str().expect("utf-8").to_owned();
    let (data, empty, pipe) = (place("data"), place("empty"), place("pipe"));
    std::fs::create_dir(&empty).expect("made");
    for refused in [
        spinebench(&["hub", "audit", "verify", &empty]),
        spinebench(&["hub", "audit", "trace", &empty, "--out", &place("trace.csv")]),
        spinebench(&["hub", "backup", &empty]),
        spinebench(&["hub", "audit", "verify", &place("missing")]),
    ] {
        assert_exit(&refused, 5);
        assert!(said(&refused).contains("no hub's data folder"), "{}", said(&refused));
    }
    assert_eq!(std::fs::read_dir(&empty).expect("there").count(), 0);

    assert!(Hub::start(data.as_ref(), &["--sandbox"]).stop().status.success());
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("runs").success());
    let read = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).expect("read")
    });
    assert_exit(&spinebench(&["hub", "audit", "trace", &data, "--out", &pipe]), 0);
    assert!(read.join().expect("joins").starts_with("offset_ns,"));
    let kind = std::fs::symlink_metadata(&pipe).expect("there").file_type();
    assert!(std::os::unix::fs::FileTypeExt::is_fifo(&kind), "the pipe was replaced by a file");
    for threads in ["0", "257"] {
        let refused = spinebench(&["hub", "--io-threads", threads, "--data", &place("new")]);
        assert_exit(&refused, 2);
        assert!(said(&refused).contains("1..=256"), "{}", said(&refused));
    }
}
