//! Recorded traffic: what a trace means, what of it is refused and where, and that it is read again as it was checked, in
//! constant memory.

use population::{OrgKind, Population};
use scenarios::{Arrivals, Faults, Given, Scenario, TraceReader, TraceRow};
use std::fmt::Write as _;
use std::time::Duration;
use tempfile::TempDir;

const LEAST: &str = "title = \"t\"\ntarget = { hub = \"embedded\" }\n[load]\narrivals = \"trace\"\ntrace = { file = \"t.csv\" }\n";

fn folder(scenario: &str, trace: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.toml"), scenario).unwrap();
    std::fs::write(folder.path().join("t.csv"), trace).unwrap();
    folder
}

fn load(folder: &TempDir) -> Result<Scenario, Faults> {
    scenarios::load(&folder.path().join("s.toml"))
}

#[track_caller]
fn good(folder: &TempDir) -> Scenario {
    load(folder).unwrap_or_else(|faults| panic!("{faults}"))
}

fn faults(scenario: &str, trace: &str) -> Vec<String> {
    let folder = folder(scenario, trace);
    let place = format!("{}/", folder.path().display());
    match load(&folder) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(|f| f.to_string().replace(&place, "")).collect(),
    }
}

fn population_of(s: &Scenario) -> Population {
    Population::new(s.seed, s.population).unwrap()
}

fn rows(s: &Scenario) -> (Vec<TraceRow>, Option<String>) {
    let mut reader = TraceReader::open(s, &population_of(s)).unwrap();
    let rows = reader.by_ref().collect();
    (rows, reader.fault().map(str::to_owned))
}

#[test]
fn an_export_of_the_hubs_audit_log_is_a_whole_scenario() {
    let trace = "offset_ns,interaction,organisation,status\n0,pds-retrieve,A20047,200\n2000000,mesh-send,X26ABC1,202\n\
                 2000000,sds-endpoint,,200\n9000000,pds-retrieve,,404\n";
    let folder = folder(LEAST, trace);
    let s = good(&folder);
    let names: Vec<&str> = s.interactions.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(names, ["pds-retrieve", "mesh-send", "sds-lookup"], "sds-lookup is counted as sds-endpoint");
    assert_eq!(s.load.arrivals, Arrivals::Trace);
    let t = s.load.trace.as_ref().unwrap();
    assert_eq!((t.rows, t.last_ns, t.speed, &t.counts[..]), (4, 9_000_000, 1.0, &[2, 1, 1][..]));
    assert_eq!(t.names[2], ("sds-endpoint".to_owned(), 2));
    let shares: Vec<f64> = s.mix.rows.iter().map(|r| r.share).collect();
    assert_eq!(shares, [0.5, 0.25, 0.25]);
    assert_eq!(s.items.iter().map(|i| i.share).collect::<Vec<_>>(), shares);
    let [phase] = &s.phases[..] else { panic!("one phase") };
    assert_eq!((phase.name.as_str(), phase.measured), ("trace", true));
    assert_eq!(phase.duration, Duration::from_millis(10), "the last row lies within");
    let (rows, fault) = rows(&s);
    assert_eq!(fault, None);
    let read: Vec<(u64, usize)> = rows.iter().map(|r| (r.offset_ns, r.interaction)).collect();
    assert_eq!(read, [(0, 0), (2_000_000, 1), (2_000_000, 2), (9_000_000, 0)]);
    assert!(rows[0].given.organisation.is_some() && rows[2].given == Given::default());
}

#[test]
fn columns_come_in_any_order_and_name_who_and_about_whom() {
    let p = Population::new(42, population::Sizes::default()).unwrap();
    let pharmacy = p.organisation_index(OrgKind::Pharmacy, 3);
    let (ods, number) = (p.organisation(pharmacy).ods, p.nhs_number(17));
    let (asid, mailbox) = (p.endpoint(25_000).asid, p.endpoint(99).mailbox);
    let trace = format!(
        "patient, endpoint ,organisation,interaction,offset_ms\n{number},,{ods},eps-track,1.5\n,{asid},,sds-device,2\n,,{mailbox},mesh-inbox,2.000001\n"
    );
    let folder = folder(&LEAST.replace("\"t.csv\"", "\"t.csv\", speed = \"2x\""), &trace);
    let s = good(&folder);
    let (rows, _) = rows(&s);
    assert_eq!(rows.iter().map(|r| r.offset_ns).collect::<Vec<_>>(), [750_000, 1_000_000, 1_000_001]);
    assert_eq!(rows[0].given, Given { patient: Some(17), organisation: Some(pharmacy), endpoint: None });
    assert_eq!(rows[1].given, Given { endpoint: Some(25_000), ..Given::default() });
    assert_eq!(rows[2].given, Given { endpoint: Some(99), organisation: Some(99), patient: None });
}

#[test]
fn a_mix_lends_what_it_knows_and_chooses_among_interactions_of_one_operation() {
    let mix = "interaction,share,attended,legacy_ms\npds-retrieve,0.4,yes,245\npds-trace-advanced,0.3,no,1091\neps-cancel,0.3,no,\n";
    let trace = "offset_s,interaction\n0,pds-trace\n0.5,pds-retrieve\n1,pds-retrieve\n1,scr-audit\n";
    let folder = folder(&format!("mix = \"m.csv\"\n{LEAST}"), trace);
    std::fs::write(folder.path().join("m.csv"), mix).unwrap();
    let s = good(&folder);
    let names: Vec<&str> = s.interactions.iter().map(|i| i.name.as_str()).collect();
    // pds-trace is an interaction itself; scr-audit is none, and audit-event comes first of those counted so.
    assert_eq!(names, ["pds-retrieve", "pds-trace", "audit-event"], "what is never asked is not there");
    let retrieve = &s.mix.rows[0];
    assert_eq!((retrieve.share, retrieve.attended, retrieve.legacy_ms), (0.5, true, Some(245.0)));
    assert_eq!((s.mix.rows[1].source.as_str(), s.mix.rows[1].legacy_ms), ("the trace", None));
    let (rows, _) = rows(&s);
    assert_eq!(rows.iter().map(|r| r.interaction).collect::<Vec<_>>(), [1, 0, 0, 2]);
    let own = "interaction,share\nscr-privacy-alert,1\n";
    std::fs::write(folder.path().join("m.csv"), own).unwrap();
    let s = good(&folder);
    assert!(s.interactions.iter().any(|i| i.name == "scr-privacy-alert"), "of the mix before the library");
}

#[test]
fn every_fault_of_a_trace_is_told_with_its_line() {
    let real = (4_000_000_000_u64..).find(|n| population::NhsNumber::new(*n).is_ok()).unwrap();
    let trace = format!(
        "offset_ns,interaction,organisation,patient,endpoint,status\n\
         0,pds-retrieve,,,,\n\
         x,pds-retrieve,,,,\n\
         5,pds-retreive,a b,9000000000,12345,999\n\
         4,pds-retrieve,{real},{real},,\n\
         6,pds-retrieve\n\
         7,pds-retrieve,,9000000009,,\n\
         8,\"pds\nretrieve\",,,,\n\
         3,pds-retrieve,,,,\n"
    );
    let found = faults(LEAST, &trace);
    let starts = [
        "t.csv:3: offset: not an offset, got \"x\", allowed: a number without sign".to_owned(),
        "t.csv:4: organisation: not a code of an organisation, got \"a b\"".to_owned(),
        "t.csv:4: patient: not an NHS number, got \"9000000000\"".to_owned(),
        "t.csv:4: endpoint: not an end point, got \"12345\", allowed: an accredited system id of 12 digits"
            .to_owned(),
        "t.csv:4: status: not a status, got \"999\", allowed: 0 to 599".to_owned(),
        format!("t.csv:5: organisation: not a code of an organisation, got \"{real}\""),
        format!("t.csv:5: patient: an NHS number that may belong to a person, got \"{real}\""),
        "t.csv:6: row has another number of fields than the header, got \"2\", allowed: as many as the header"
            .to_owned(),
        "t.csv:7: patient: nobody in the population has this number, got \"9000000009\"".to_owned(),
        "t.csv:8: interaction: neither an interaction nor an operation of one, got \"pds retrieve\", allowed: audit-event"
            .to_owned(),
        "t.csv:10: offset: earlier than the row before, got \"3\", allowed: rows in the order of time"
            .to_owned(),
    ];
    assert_eq!(found.len(), starts.len(), "{found:#?}");
    for (found, start) in found.iter().zip(&starts) {
        assert!(found.starts_with(start), "{found}\n  should start with\n{start}");
    }
}

#[test]
fn a_wrong_header_is_told_at_once_and_the_rows_are_left_alone() {
    let header = |text: &str| faults(LEAST, &format!("{text}\n0,pds-retrieve,x\n"));
    let allowed =
        "allowed: offset_ns (or _us, _ms, _s), interaction, organisation, patient, endpoint, status";
    assert_eq!(
        header("offset_ns,interaction,colour"),
        [format!("t.csv:1: unknown column, got \"colour\", {allowed}")]
    );
    let offsets = "allowed: one of offset_ns, offset_us, offset_ms, offset_s";
    assert_eq!(
        header("status,interaction"),
        [format!("t.csv:1: offset: not one column of offsets, got \"none\", {offsets}")]
    );
    assert_eq!(
        header("offset_s,offset_ns,interaction"),
        [format!("t.csv:1: offset: not one column of offsets, got \"several\", {offsets}")]
    );
    assert_eq!(
        header("offset_ns,status"),
        ["t.csv:1: interaction: column is missing, allowed: a column interaction"]
    );
    assert_eq!(
        header("offset_ns,interaction,interaction"),
        ["t.csv:1: column stands twice, got \"interaction\", allowed: each column once"]
    );
    let empty = ["t.csv:1: no rows, allowed: a header and at least one row"];
    assert_eq!(faults(LEAST, ""), empty);
    assert_eq!(faults(LEAST, "offset_ns,interaction\n"), empty);
}

#[test]
fn of_very_many_faults_fifty_are_shown_and_the_rest_counted() {
    let mut trace = String::from("offset_ns,interaction\n");
    for n in 0..10_000 {
        let _ = writeln!(trace, "{n},nothing-{n}");
    }
    let found = faults(LEAST, &trace);
    assert_eq!(found.len(), 51);
    assert_eq!(found[50], "t.csv:52: and 9950 more, from this line on");
}

#[test]
fn a_quote_left_open_does_not_take_the_file_into_memory() {
    let mut trace = String::from("offset_ns,interaction\n0,\"pds-retrieve\n");
    for n in 0..200_000 {
        let _ = writeln!(trace, "{n},pds-retrieve");
    }
    let found = faults(LEAST, &trace);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("cannot be read: a row is longer than 64 KiB: is a quote left open?"),
        "{found:?}"
    );
}

#[test]
fn every_fault_of_the_trace_table_is_told_with_its_line() {
    let trace = "offset_s,interaction\n31000000,pds-retrieve\n";
    let with = |from: &str, to: &str| faults(&LEAST.replace(from, to), trace);
    let is = |found: Vec<String>, start: &str| {
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with(start), "{}\n  should start with\n{start}", found[0]);
    };
    assert_eq!(with("x", "x"), [""; 0]);
    is(
        with("trace = { file = \"t.csv\" }\n", ""),
        "s.toml:3: load.trace: is missing, allowed: trace = { file",
    );
    is(with("file = \"t.csv\"", ""), "s.toml:5: load.trace.file: is missing");
    is(with("t.csv", "u.csv"), "s.toml:5: load.trace.file: file not found, got \"u.csv\"");
    for speed in ["0", "-1", "\"2\"", "\"x\"", "1e9", "nan", "true"] {
        let found = with("\"t.csv\"", &format!("\"t.csv\", speed = {speed}"));
        is(found, "s.toml:5: load.trace.speed: not a speed");
    }
    assert_eq!(with("\"t.csv\"", "\"t.csv\", speed = 2"), [""; 0]);
    is(
        with("\"t.csv\"", "\"t.csv\", speed = 0.5"),
        "s.toml:5: load.trace.file: a replay of more than a year, got \"358d19h6m40s\"",
    );
    is(with("\"t.csv\"", "\"t.csv\", pace = 2"), "s.toml:5: load.trace.pace: unknown key");
    let found = with("arrivals = \"trace\"", "arrivals = \"poisson\"");
    assert!(found[0].starts_with("s.toml:2: mix: is missing") || found.len() == 3, "{found:#?}");
    assert!(found.iter().any(|f| f.starts_with("s.toml:5: load.trace: a trace is one way of arriving")));
    let users = with("arrivals", "model = \"users\"\nusers = { count = 1, think = \"1s\" }\narrivals");
    is(users, "s.toml:6: load.arrivals: users set their own pace: a trace is for the open model");
    let journey = faults(
        &format!("{LEAST}[[journey]]\nname = \"j\"\nsteps = [\"pds-retrieve\", \"pds-retrieve\"]\n"),
        trace,
    );
    is(journey, "s.toml:6: journey: a trace says itself what follows what");
}

#[test]
fn phases_divide_a_trace() {
    let trace = "offset_s,interaction\n0,pds-retrieve\n10,pds-retrieve\n";
    let phases = "[[phase]]\nname = \"first\"\nduration = \"4s\"\nmeasured = false\n[[phase]]\nname = \"then\"\nduration = \"3s\"\n";
    let s = good(&folder(&format!("{LEAST}{phases}"), trace));
    let read: Vec<(u64, bool, f64)> =
        s.phases.iter().map(|p| (p.duration.as_secs(), p.measured, p.requests())).collect();
    assert_eq!(read, [(4, false, 0.0), (3, true, 0.0)]);
    let late = phases.replace("4s", "11s");
    assert_eq!(
        faults(&format!("{LEAST}{late}"), trace),
        [
            "s.toml:6: phase: a phase that begins when the trace has ended, got \"then\", allowed: phases within the trace"
        ]
    );
    let event = "[[event]]\nat = \"8s\"\ndo = \"hub-kill\"\n";
    assert_eq!(good(&folder(&format!("{LEAST}{event}"), trace)).events.len(), 1);
}

#[test]
fn a_file_that_changed_since_the_check_ends_the_reading_with_a_sentence() {
    let trace = "offset_ns,interaction\n0,pds-retrieve\n5,pds-trace\n9,pds-retrieve\n";
    let folder = folder(LEAST, trace);
    let s = good(&folder);
    let after = |changed: &str| {
        std::fs::write(folder.path().join("t.csv"), changed).unwrap();
        let (rows, fault) = rows(&s);
        let fault = fault.expect("a fault");
        let place = format!("{}/t.csv:", folder.path().display());
        (rows.len(), fault.strip_prefix(&place).unwrap_or_else(|| panic!("{fault}")).to_owned())
    };
    let changed = "the trace has changed since it was checked:";
    assert_eq!(
        after(&trace.replace("\n9", "\n4")),
        (2, format!("4: {changed} offset: earlier than the row before, got \"4\""))
    );
    assert_eq!(
        after(&trace.replace("pds-trace", "mesh-send")),
        (1, format!("3: {changed} it asks for another interaction"))
    );
    assert_eq!(after(&trace[..trace.len() - 15]), (2, format!("4: {changed} it had 3 rows and has 2")));
    assert_eq!(
        after(&format!("{trace}10,pds-trace\n")),
        (3, format!("5: {changed} it had 3 rows and has more"))
    );
    let population = population_of(&s);
    std::fs::write(folder.path().join("t.csv"), "a,b\n").unwrap();
    let refused = TraceReader::open(&s, &population).err().expect("another header").to_string();
    assert!(refused.ends_with("its header is another"), "{refused}");
    std::fs::remove_file(folder.path().join("t.csv")).unwrap();
    assert_eq!(TraceReader::open(&s, &population).err().unwrap().kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn the_hash_is_also_that_of_the_trace_and_progress_is_told_to_the_end() {
    let mut trace = String::from("offset_ns,interaction,organisation,status\n");
    for n in 0..60_000_u64 {
        let _ = writeln!(trace, "{},{},A20047,200", n * 500, ["pds-retrieve", "mesh-send"][n as usize % 2]);
    }
    let folder = folder(LEAST, &trace);
    let path = folder.path().join("s.toml");
    let told = std::sync::Mutex::new(Vec::new());
    let tell = |done: u64, total: u64| told.lock().unwrap().push((done, total));
    let changes = scenarios::Changes::default();
    let s = scenarios::load_watched(&path, &changes, Some(&tell)).unwrap_or_else(|f| panic!("{f}"));
    let bytes = trace.len() as u64;
    assert!(told.lock().unwrap().len() > 1 && told.lock().unwrap().iter().all(|(_, total)| *total == bytes));
    assert_eq!(told.lock().unwrap().last(), Some(&(bytes, bytes)));
    let mut reader = TraceReader::open(&s, &population_of(&s)).unwrap();
    assert_eq!(
        reader.by_ref().map(|r| r.offset_ns).zip((0..).map(|n| n * 500)).filter(|(a, b)| a == b).count(),
        60_000
    );
    assert_eq!(reader.fault(), None);
    std::fs::write(folder.path().join("t.csv"), trace.replacen("A20047", "A20048", 1)).unwrap();
    let other = good(&folder);
    assert_ne!(s.sha256, other.sha256);
    assert_eq!(other.load.trace.as_ref().unwrap().counts, s.load.trace.as_ref().unwrap().counts);
}
