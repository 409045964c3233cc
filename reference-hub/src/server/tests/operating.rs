//! Operating a hub: health, metrics, injected faults, backups under load, drain.

use super::kit::{Client, Running, config, start};
use crate::backup::restore::restore;
use crate::inject::grammar;
use crate::limits::Limits;
use crate::{HubConfig, verify};
use hub_store::Table;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

fn admin(data: &Path, store: &str) -> HubConfig {
    HubConfig { admin: true, ..config(data, store) }
}

/// A memory hub with this plan.
fn bad_day(data: &Path, plan: &str) -> Running {
    let inject = Arc::new(grammar::parse("test", plan).unwrap());
    start(HubConfig { inject, ..admin(data, "memory") }, Limits::default())
}

/// Samples of a page by name and labels, after its form was checked.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let mut typed = BTreeMap::new();
    let mut out = BTreeMap::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(typed.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} stands twice");
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let family = name.split('{').next().unwrap();
            let of_histogram = ["_bucket", "_sum", "_count"].iter().any(|end| {
                family.strip_suffix(end).is_some_and(|f| typed.get(f).is_some_and(|k| k == "histogram"))
            });
            assert!(typed.contains_key(family) || of_histogram, "no TYPE for {line}");
            assert!(out.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{name} stands twice");
        }
    }
    out
}

#[test]
fn metrics_tell_answers_times_commits_and_refusals() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "journal"), Limits::default());
    let mut client = hub.client();
    (0..3).for_each(|_| assert_eq!(client.ask("POST /desk/counter/a", &[]).status, 200));
    (0..2).for_each(|_| assert_eq!(client.ask("GET /desk/counter/a", &[]).status, 200));
    let large = vec![1; 400_000];
    let blob = client.ask_with("POST /desk/blob", &[], &large).text();
    assert_eq!(client.ask(&format!("GET /desk/blob/{blob}"), &[]).status, 200);
    let page = client.ask("GET /metrics", &[]);
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let samples = samples(&page.text());
    let of = |name: &str| samples.get(name).copied().unwrap_or_else(|| panic!("{name}: {samples:#?}"));
    assert_eq!(of(r#"hub_answers_total{operation="pds-update",status="200"}"#), 3.0);
    assert_eq!(of(r#"hub_service_seconds_count{operation="pds-update"}"#), 3.0);
    assert_eq!(of(r#"hub_service_seconds_bucket{operation="pds-retrieve",le="+Inf"}"#), 2.0);
    assert!(of(r#"hub_service_seconds_sum{operation="pds-update"}"#) > 0.0);
    assert!(of("hub_commit_seconds_count") >= 4.0);
    assert!(of("hub_commit_batch_transactions_sum") >= 4.0);
    assert!(of("hub_durable_sequence") >= 4.0);
    assert_eq!(of(r#"hub_refused_total{cause="commit_queue_full"}"#), 0.0);
    assert_eq!(of(r#"hub_blob_bytes_total{direction="taken"}"#), 400_000.0);
    assert_eq!(of(r#"hub_blob_bytes_total{direction="given"}"#), 400_000.0);
    assert!(of(r#"hub_cache_reads_total{outcome="hit"}"#) > 0.0);
    assert_eq!((of("hub_ready"), of("hub_connections")), (1.0, 1.0));
    for name in
        ["queue_depth{queue=\"commit\"}", "housekeeping_rounds_total", "access_log_total{fate=\"dropped\"}"]
    {
        of(&format!("hub_{name}"));
    }
    hub.stop();
}

#[test]
fn a_hub_that_would_refuse_is_alive_and_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits::default());
    assert_eq!(hub.client().ask("GET /health/ready", &[]).text(), r#"{"status":"ready"}"#);
    assert_eq!(hub.client().ask("POST /health/ready", &[]).status, 405);
    hub.stop();
    let hub = start(config(folder.path(), "memory"), Limits { commit_queue_max: 0, ..Limits::default() });
    let mut client = hub.client();
    assert_eq!(client.ask("GET /health/live", &[]).status, 200);
    let ready = client.ask("GET /health/ready", &[]);
    assert_eq!(
        (ready.status, ready.text().as_str()),
        (503, r#"{"because":["commit queue full"],"status":"not ready"}"#)
    );
    hub.stop();
}

#[test]
fn a_stopping_hub_gives_notice_before_it_stops_accepting() {
    let folder = tempfile::tempdir().unwrap();
    let notice = HubConfig { drain_notice: Duration::from_secs(2), ..config(folder.path(), "memory") };
    let hub = start(notice, Limits::default());
    let (address, mut kept) = (hub.address, hub.client());
    assert_eq!(kept.ask("GET /desk/counter/a", &[]).header("connection"), None);
    let stopping = std::thread::spawn(move || hub.stop());
    let told = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        let ready = Client::connect(address).ask("GET /health/ready", &[]);
        ready.status == 503 && ready.text().contains("stopping")
    });
    assert!(told, "a new connection is told that the hub is stopping");
    assert_eq!(kept.ask("GET /desk/counter/a", &[]).header("connection"), Some("close"));
    stopping.join().unwrap();
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn injected_errors_are_counted_and_audited_as_injected_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let inject =
        Arc::new(grammar::parse("test", "error 503 op=pds-update; error 408 op=pds-retrieve").unwrap());
    let hub = start(HubConfig { inject, ..admin(folder.path(), "journal") }, Limits::default());
    let mut client = hub.client();
    let refused = client.ask("POST /desk/counter/a", &[]);
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    let refused = client.ask("GET /desk/counter/a", &[]);
    assert_eq!(refused.status, 408);
    assert!(refused.text().contains("UNABLE_TO_CALL_SERVICE"), "{}", refused.text());
    let page = samples(&client.ask("GET /metrics", &[]).text());
    assert_eq!(page[r#"hub_injected_total{fault="error"}"#], 2.0);
    assert_eq!(page[r#"hub_answers_total{operation="pds-update",status="503"}"#], 1.0);
    assert_eq!(client.ask_with("PUT /_admin/inject", &[], b"delay 1ms").status, 204);
    assert_eq!(client.ask("GET /desk/counter/a", &[]).status, 404, "nothing was written");
    hub.stop();
    let store = crate::hub::open(&crate::STORES[0], folder.path()).unwrap();
    let rows = hub_store::View::scan(store.as_ref(), hub_store::Table::Audit, &[], &[0xff; 9], 100).unwrap();
    let events: Vec<String> = rows
        .iter()
        .flat_map(|r| String::from_utf8_lossy(&r.value.value).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| event.contains(r#""injected":true"#)), "{events:#?}");
}

#[test]
fn an_answer_can_be_delayed_cut_off_lost_or_slow() {
    let folder = tempfile::tempdir().unwrap();
    let hub = bad_day(
        folder.path(),
        "delay 300ms op=pds-retrieve; lose op=pds-update; slow-body 2KB/s op=cis-validate",
    );
    let watch = crate::clock::Stopwatch::start();
    assert_eq!(hub.client().ask("GET /desk/counter/a", &[]).status, 404);
    assert!(watch.elapsed() >= Duration::from_millis(300));
    let mut client = hub.client();
    client.send("POST /desk/counter/a HTTP/1.1\r\nhost: hub\r\n\r\n");
    assert!(client.is_closed_by_hub());
    assert_eq!(hub.client().ask("GET /desk/counter/a", &[]).text(), "1", "done, though nobody was told");
    let watch = crate::clock::Stopwatch::start();
    let slow = hub.client().ask_with("POST /desk/echo", &[], &[b'x'; 1_000]);
    assert!(slow.body == [b'x'; 1_000] && watch.elapsed() >= Duration::from_millis(450));
    assert_eq!(hub.client().ask_with("PUT /_admin/inject", &[], b"reset").status, 204);
    for line in ["POST /desk/counter/a", "HEAD /desk/counter/a"] {
        let mut client = hub.client();
        client.send(format!("{line} HTTP/1.1\r\nhost: hub\r\n\r\n"));
        assert!(client.is_closed_by_hub(), "{line}");
    }
    assert_eq!(hub.client().ask_with("PUT /_admin/inject", &[], b"").status, 204);
    assert_eq!(hub.client().ask("GET /desk/counter/a", &[]).text(), "1", "a reset request did nothing");
    let summary = hub.stop();
    assert_eq!(summary.answered.total, 4, "answers that nobody got are not counted");
}

#[test]
fn the_plan_is_changed_while_the_hub_runs_and_a_wrong_one_is_refused_whole() {
    let folder = tempfile::tempdir().unwrap();
    let hub = bad_day(folder.path(), "error 500 p=0.5");
    let mut client = hub.client();
    assert_eq!(client.ask("GET /_admin/inject", &[]).text(), "error 500 p=0.5\n");
    let refused = client.ask_with("PUT /_admin/inject", &[], b"delya 1s; error 200");
    assert_eq!(refused.status, 400);
    let told = refused.text();
    assert!(told.contains("rule 1 (`delya 1s`)") && told.contains("got \"200\", allowed: 408"), "{told}");
    assert_eq!(client.ask("GET /_admin/inject", &[]).text(), "error 500 p=0.5\n", "the old one stands");
    assert_eq!(client.ask("DELETE /_admin/inject", &[]).header("allow"), Some("GET, PUT"));
    let large = vec![b' '; 20_000];
    assert_eq!(client.ask_with("PUT /_admin/inject", &[], &large).status, 413);
    hub.stop();
}

#[test]
fn admin_addresses_are_there_only_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let hub = start(config(folder.path(), "memory"), Limits::default());
    assert_eq!(hub.client().ask("GET /_admin/inject", &[]).status, 404);
    assert_eq!(hub.client().ask("POST /_admin/backup", &[]).status, 404);
    hub.stop();
}

#[test]
fn a_backup_under_load_restores_to_every_write_acknowledged_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (data, target) = (folder.path().join("data"), folder.path().join("restored"));
    let hub = start(admin(&data, "journal"), Limits::default());
    let large = vec![5; 300_000];
    let blob = hub.client().ask_with("POST /desk/blob", &[], &large).text();
    let (stop, acknowledged) = (AtomicBool::new(false), [const { AtomicU64::new(0) }; 3]);
    let (made, before) = std::thread::scope(|scope| {
        for (writer, acknowledged) in acknowledged.iter().enumerate() {
            let (stop, mut client) = (&stop, hub.client());
            scope.spawn(move || {
                while !stop.load(Relaxed) {
                    let reply = client.ask(&format!("POST /desk/counter/w{writer}"), &[]);
                    acknowledged.store(reply.text().parse().unwrap(), Relaxed);
                }
            });
        }
        while acknowledged.iter().any(|a| a.load(Relaxed) < 20) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let before: Vec<u64> = acknowledged.iter().map(|a| a.load(Relaxed)).collect();
        let made = hub.client().ask("POST /_admin/backup?name=under-load", &[]);
        while acknowledged.iter().zip(&before).any(|(a, before)| a.load(Relaxed) < before + 5) {
            std::thread::sleep(Duration::from_millis(1)); // writes go on after it
        }
        stop.store(true, Relaxed);
        (made, before)
    });
    assert_eq!(made.status, 201, "{}", made.text());
    let made: serde_json::Value = serde_json::from_str(&made.text()).unwrap();
    assert_eq!(hub.client().ask("POST /_admin/backup?name=under-load", &[]).status, 409);
    assert_eq!(hub.client().ask("POST /_admin/backup?name=a/b", &[]).status, 400);
    let page = samples(&hub.client().ask("GET /metrics", &[]).text());
    assert_eq!(page[r#"hub_backups_total{outcome="made"}"#], 1.0);
    let last = hub.stop().head_seq;
    let verified = restore(&data.join("backups/under-load"), &target).unwrap();
    assert_eq!(made["seq"], verified.head.seq);
    assert!(verified.head.seq < last, "the hub went on");
    let hub = start(config(&target, "journal"), Limits::default());
    for (writer, before) in before.iter().enumerate() {
        let there: u64 =
            hub.client().ask(&format!("GET /desk/counter/w{writer}"), &[]).text().parse().unwrap();
        assert!(there >= *before, "writer {writer}: {there} of {before} acknowledged");
    }
    assert!(hub.client().ask(&format!("GET /desk/blob/{blob}"), &[]).body == large);
    assert_eq!(hub.client().ask("POST /desk/counter/new", &[]).text(), "1");
    hub.stop();
    let verified = verify(&target).unwrap();
    assert!(verified.is_whole(), "{:?}", verified.findings);
}

#[test]
fn the_file_of_a_large_body_is_named_or_removed_though_its_client_went_away() {
    let large = vec![1; 400_000];
    // While the hub waits as injected, the client goes: what was to be decided is decided all the same.
    for (plan, kept) in
        [("delay 300ms op=mesh-send", 1), ("delay 300ms op=mesh-send; error 503 op=mesh-send", 0)]
    {
        let folder = tempfile::tempdir().unwrap();
        let inject = Arc::new(grammar::parse("test", plan).unwrap());
        let hub = start(HubConfig { inject, ..config(folder.path(), "journal") }, Limits::default());
        let files = || std::fs::read_dir(folder.path().join("blobs")).unwrap().count();
        for _ in 0..3 {
            let mut gone = hub.client();
            gone.send(format!(
                "POST /desk/blob HTTP/1.1\r\nhost: hub\r\ncontent-length: {}\r\n\r\n",
                large.len()
            ));
            gone.send(&large);
            std::thread::sleep(Duration::from_millis(150));
        }
        assert!(files() > 0, "{plan}: none was written");
        std::thread::sleep(Duration::from_millis(800));
        let found = files();
        hub.stop();
        let stopped = crate::verify::open_stopped(folder.path()).unwrap();
        let named = stopped.store.scan(Table::Chunks, b"", b"\xff", 9).unwrap().len();
        assert_eq!((found, named), (3 * kept, 3 * kept), "{plan}");
    }
}
