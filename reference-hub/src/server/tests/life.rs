//! Start, stop and restart: what is kept, what is refused, and in which words.

use super::kit::{config, start};
use crate::limits::Limits;
use crate::{HubConfig, HubError, StopHandle, run, verify};
use population::{Population, Sizes};

fn refused(config: &HubConfig) -> HubError {
    let stop = StopHandle::new();
    run(config, |_| panic!("must not start"), &stop).unwrap_err()
}

fn people(seed: u64) -> Population {
    Population::new(seed, Sizes { patients: 50, organisations: 20, endpoints: 20 }).unwrap()
}

#[test]
fn a_restart_keeps_every_acknowledged_write_and_the_log_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "journal"), Limits::default());
    let mut client = hub.client();
    for n in 1..=20_u64 {
        assert_eq!(client.ask("POST /desk/counter/a", &[]).text(), n.to_string());
        assert_eq!(client.ask("GET /desk/counter/a", &[]).text(), n.to_string());
    }
    let first = hub.stop();
    assert!(first.head_seq > 20, "reads are in the log too: {first:?}");
    let hub = start(config(folder.path(), "journal"), Limits::default());
    assert_eq!(hub.client().ask("GET /desk/counter/a", &[]).text(), "20");
    assert_eq!(hub.client().ask("POST /desk/counter/a", &[]).text(), "21");
    let second = hub.stop();
    let verified = verify(folder.path()).unwrap();
    assert!(verified.is_whole(), "{:?}", verified.findings);
    assert_eq!(verified.head.seq, second.head_seq);
}

#[test]
fn every_start_has_a_name_of_its_own_so_that_a_hub_exchanged_in_mid_run_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let instance = || {
        let hub = start(config(folder.path(), "journal"), Limits::default());
        let mut client = hub.client();
        let ask = |client: &mut super::kit::Client| {
            let status: serde_json::Value =
                serde_json::from_str(&client.ask("GET /_status", &[]).text()).unwrap();
            status["instance"].as_str().unwrap_or_default().to_owned()
        };
        let (first, again) = (ask(&mut client), ask(&mut client));
        hub.stop();
        assert_eq!(first, again);
        first
    };
    let (one, other) = (instance(), instance());
    assert!(one.len() == 16 && one != other, "{one} {other}");
}

#[test]
fn a_stop_waits_for_the_request_in_flight() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits::default());
    let mut client = hub.client();
    client.send("POST /desk/echo HTTP/1.1\r\nhost: hub\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n");
    assert_eq!(client.reply(false).status, 100, "the hub is reading the body now");
    client.send("he");
    let mut idle = hub.client();
    assert_eq!(idle.ask("GET /health", &[]).status, 200);
    let stopping = std::thread::spawn(move || hub.stop());
    assert!(idle.is_closed_by_hub());
    client.send("re");
    let reply = client.reply(false);
    assert_eq!((reply.text().as_str(), reply.header("connection")), ("here", Some("close")));
    assert_eq!(stopping.join().unwrap().answered.total, 1);
}

#[test]
fn a_store_is_filled_once_and_another_population_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let full = HubConfig { population: Some(people(42)), ..config(folder.path(), "journal") };
    assert!(start(full.clone(), Limits::default()).stop().seed_s > 0.0);
    assert_eq!(start(full.clone(), Limits::default()).stop().seed_s, 0.0);
    let sentence = refused(&HubConfig { population: Some(people(43)), ..full }).to_string();
    assert!(
        sentence.contains("seed 42, 50 patients") && sentence.contains("seed 43, 50 patients"),
        "{sentence}"
    );
}

#[test]
fn filling_that_was_interrupted_begins_again() {
    let folder = tempfile::tempdir().unwrap();
    let full = HubConfig { population: Some(people(42)), ..config(folder.path(), "journal") };
    let stop = StopHandle::new();
    stop.stop();
    let error = run(&full, |_| panic!("must not start"), &stop).unwrap_err();
    assert!(matches!(error, HubError::StoppedWhileSeeding(_)), "{error}");
    assert!(start(full, Limits::default()).stop().seed_s > 0.0);
}

#[test]
fn a_population_is_not_loaded_over_transactions() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "journal"), Limits::default());
    hub.client().ask("POST /desk/counter/a", &[]);
    hub.stop();
    let error = refused(&HubConfig { population: Some(people(42)), ..config(folder.path(), "journal") });
    assert!(error.to_string().contains("no population, but 1 transactions"), "{error}");
}

#[test]
fn a_port_or_a_folder_in_use_is_one_clear_sentence() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let hub = start(config(folder.path(), "memory"), Limits::default());
    let error = refused(&HubConfig { listen: hub.address, ..config(other.path(), "memory") });
    assert!(matches!(error, HubError::PortInUse(address) if address == hub.address), "{error}");
    let error = refused(&config(folder.path(), "memory"));
    assert!(matches!(&error, HubError::DataLocked(_)), "{error}");
    assert!(error.to_string().contains("in use by another hub"));
    hub.stop();
    let file = other.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let error = refused(&config(&file.join("below"), "memory"));
    assert!(matches!(error, HubError::DataNotWritable(..)), "{error}");
}

#[test]
fn what_time_brings_about_happens_when_the_sandboxs_clock_is_moved() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(HubConfig { sandbox: true, ..config(folder.path(), "memory") }, Limits::default());
    let mut client = hub.client();
    assert_eq!(client.ask("GET /desk/counter/tended", &[]).status, 404);
    assert_eq!(client.ask("GET /_admin/clock", &[]).status, 405);
    assert_eq!(client.ask("POST /_admin/clock?advance_ms=99999999999999", &[]).status, 400);
    // Four hundred days at a time until the century is over.
    for _ in 0..40 {
        assert_eq!(client.ask("POST /_admin/clock?advance_ms=34560000000", &[]).status, 200);
    }
    let found = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        client.ask("GET /desk/counter/tended", &[]).status == 200
    });
    assert!(found, "housekeeping did not come");
    hub.stop();
}

#[test]
fn the_clock_of_a_hub_that_is_no_sandbox_cannot_be_moved() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits::default());
    assert_eq!(hub.client().ask("POST /_admin/clock?advance_ms=1", &[]).status, 404);
    hub.stop();
}
