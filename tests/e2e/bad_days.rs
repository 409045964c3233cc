//! Claim: an unreachable target, a port in use, a full disk, a corrupt data folder and Ctrl-C in mid-run each end in one
//! clear message, the right exit code, and no panic.

use crate::support::{Http, Hub, assert_exit, binary, mesh_token, said, scenario, small_disk, spinebench};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Room for the first two segments of the log (128 MiB) and for some hundred messages.
const SMALL_DISK_MIB: u32 = 200;
const STEADY: &str = "[[phase]]\nname = \"steady\"\nduration = \"20s\"\nrate = \"200/s\"\n";

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port()
}

#[test]
fn an_unreachable_target_is_code_5() {
    let _alone = crate::support::alone();
    let (_folder, file) = scenario(&format!(
        "title = \"Nobody\"\nmix = {{ pds-retrieve = 1 }}\n[target]\nurl = \"http://127.0.0.1:{}\"\n{STEADY}",
        free_port()
    ));
    let output = spinebench(&["run", file.to_str().expect("utf-8"), "--quiet"]);
    assert_exit(&output, 5);
    assert!(said(&output).contains("cannot be reached"), "{}", said(&output));
}

#[test]
fn a_port_in_use_is_code_5_and_names_the_port() {
    let _alone = crate::support::alone();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let data = tempfile::tempdir().expect("a folder");
    let output =
        spinebench(&["hub", "--listen", &address, "--data", data.path().to_str().expect("utf-8"), "--quiet"]);
    assert_exit(&output, 5);
    assert!(said(&output).contains(&address) && said(&output).contains("in use"), "{}", said(&output));
}

#[test]
fn two_hubs_cannot_share_a_data_folder() {
    let _alone = crate::support::alone();
    let data = tempfile::tempdir().expect("a folder");
    let _first = Hub::start(data.path(), &["--sandbox"]);
    let Err(why) = Hub::try_start(data.path(), &["--sandbox"]) else { panic!("two hubs on one folder") };
    assert!(why.contains("in use") || why.contains("locked"), "{why}");
    assert!(!why.contains("panicked"), "{why}");
}

#[test]
fn a_corrupt_data_folder_is_refused_in_a_sentence() {
    let _alone = crate::support::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(folder.path(), &["--sandbox"]);
    let mut http = Http::connect(hub.address).expect("connects");
    assert_eq!(http.ask("GET", "/messageexchange/_ping", &[], b"").expect("answers").status, 200);
    assert!(hub.stop().status.success());
    let mark = folder.path().join("mark");
    let mut bytes = std::fs::read(&mark).expect("the high-water mark lies in the data folder");
    // The mark claims more than the store holds: as if the store had lost its newest transactions.
    bytes.reverse();
    std::fs::write(&mark, bytes).expect("written");
    let Err(why) = Hub::try_start(folder.path(), &["--sandbox"]) else {
        panic!("a corrupt folder was opened")
    };
    assert!(!why.contains("panicked") && why.lines().count() <= 5 && why.contains("mark"), "{why}");
    let verified = spinebench(&["hub", "audit", "verify", folder.path().to_str().expect("utf-8")]);
    assert_exit(&verified, 5);
}

#[test]
fn a_full_disk_is_one_message_and_nothing_acknowledged_is_lost() {
    let _alone = crate::support::alone();
    let Some(disk) = small_disk(SMALL_DISK_MIB) else {
        eprintln!("skipped: a small file system cannot be mounted here (needs root)");
        return;
    };
    let data = disk.path().join("data");
    let sizes = ["--sandbox", "--patients", "100", "--organisations", "10", "--endpoints", "10"];
    match Hub::try_start(&data, &sizes) {
        Err(why) => assert!(!why.contains("panicked") && why.to_lowercase().contains("space"), "{why}"),
        Ok(hub) => {
            let mut http = Http::connect(hub.address).expect("connects");
            let body = vec![b'x'; 200_000];
            let mut accepted = 0;
            let refused = (0..2_000u32).find_map(|n| {
                let token = mesh_token("X26ABC1", &format!("full-{n}"));
                let headers = [
                    ("authorization", token.as_str()),
                    ("mex-from", "X26ABC1"),
                    ("mex-to", "X26ABC2"),
                    ("mex-workflowid", "SPINEBENCH"),
                    ("content-type", "application/octet-stream"),
                ];
                match http.ask("POST", "/messageexchange/X26ABC1/outbox", &headers, &body) {
                    Ok(reply) if reply.status == 202 => {
                        accepted += 1;
                        None
                    }
                    Ok(reply) => Some(reply.status),
                    Err(_) => Some(0),
                }
            });
            assert!(refused.is_some(), "2,000 messages of 200 kB fitted into {SMALL_DISK_MIB} MiB");
            let ended = hub.stop();
            let text = said(&ended);
            assert!(!text.contains("panicked"), "{text}");
            assert!(text.to_lowercase().contains("space") || ended.status.success(), "{text}");
            println!("{accepted} messages accepted, then {refused:?}: {text}");
        }
    }
}

#[test]
fn ctrl_c_in_mid_run_leaves_a_partial_record_marked_invalid() {
    let _alone = crate::support::alone();
    let data = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(data.path(), &[]);
    let (folder, file) = scenario(&format!(
        "title = \"Cut short\"\nmix = {{ mesh-inbox = 1 }}\n[target]\nurl = \"http://{}\"\n[population]\npatients = 2000\n\
         organisations = 2000\nendpoints = 2800\n{STEADY}",
        hub.address
    ));
    let out = folder.path().join("runs");
    let run = Command::new(binary())
        .args(["run", "--quiet", "--out"])
        .arg(&out)
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("spinebench runs");
    std::thread::sleep(Duration::from_secs(4));
    rustix::process::kill_process(rustix::process::Pid::from_child(&run), rustix::process::Signal::INT)
        .expect("signalled");
    let output = run.wait_with_output().expect("ends");
    assert_exit(&output, 4);
    let measured = run_record::read(&out.join("latest")).expect("a partial record");
    assert!(measured.record.interrupted && !measured.record.validity.valid);
    assert!(measured.record.validity.reasons.iter().any(|r| r.contains("interrupted")));
    let c = measured.record.counts;
    assert!(c.planned > 0 && c.planned == c.sent + c.dropped && c.sent == c.answered + c.failed, "{c:?}");
}

#[test]
fn a_hub_that_dies_in_mid_run_makes_the_run_invalid_not_the_tool() {
    let _alone = crate::support::alone();
    let data = tempfile::tempdir().expect("a folder");
    let hub = Hub::start(data.path(), &[]);
    let (_folder, file) = scenario(&format!(
        "title = \"Killed\"\nmix = {{ mesh-inbox = 1 }}\n[target]\nurl = \"http://{}\"\n[population]\npatients = 2000\n\
         organisations = 2000\nendpoints = 2800\n[load]\ntimeout = \"1s\"\n[[phase]]\nname = \"steady\"\nduration = \"4s\"\n\
         rate = \"200/s\"\n[budget]\nall = {{ errors = \"1%\" }}\n",
        hub.address
    ));
    let (output, measured) = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(3));
            hub.kill();
        });
        crate::support::run_record(&file, &[])
    });
    let c = measured.record.counts;
    assert!(
        c.planned == c.sent + c.dropped && c.sent == c.answered + c.failed && c.failed + c.dropped > 0,
        "{c:?}"
    );
    let code = output.status.code();
    assert!(matches!(code, Some(1 | 4)), "{code:?}: {}", said(&output));
    assert!(!said(&output).contains("panicked"), "{}", said(&output));
}
