//! The engine killed with SIGKILL at random instants, again and again on one folder: nothing acknowledged is lost,
//! nothing is there twice, the audit log is dense and the chain whole.
//!
//! `SPINEBENCH_KILLS` sets the number of kills (default 20); a nightly run takes thousands.

use super::Open;
use super::workload::{Dice, audit, txn};
use crate::Outcome;
use crate::mark::read_mark;
use crate::verify::verify_all;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FOLDER: &str = "SPINEBENCH_CRASH_FOLDER";
const NEXT: &str = "SPINEBENCH_CRASH_NEXT";

/// Not a test of its own: what the suite starts, as an ignored test called `child`, and kills. Commits transactions from
/// `NEXT` on for ever and says so on standard output, one line a batch, after each batch.
///
/// # Panics
/// When the engine refuses a batch.
#[allow(clippy::disallowed_methods)] // the child ticks its mark on the real clock
pub fn child(open: Open) {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let mut next: u64 = std::env::var(NEXT).unwrap().parse().unwrap();
    let start = Instant::now();
    let mut out = std::io::stdout();
    let (store, report) = open(folder.as_ref()).unwrap_or_else(|e| {
        println!("\nrefused {e}");
        std::process::exit(3);
    });
    println!("\nopened {}", report.head.seq);
    let mut dice = Dice(next + 99);
    loop {
        let size = 1 + dice.roll(48);
        let batch: Vec<_> = (next..next + size).map(txn).collect();
        for outcome in store.commit(&batch).unwrap() {
            assert!(matches!(outcome, Outcome::Committed { .. } | Outcome::Duplicate { .. }), "{outcome:?}");
        }
        next += size;
        writeln!(out, "acknowledged {next}").unwrap();
        out.flush().unwrap();
        store.tick(u64::try_from(start.elapsed().as_millis()).unwrap()).unwrap();
    }
}

fn kills() -> u64 {
    std::env::var("SPINEBENCH_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20)
}

/// Kills the child again and again on one folder in `at`.
///
/// # Panics
/// When anything acknowledged is lost, or anything is there twice.
pub fn killed_at_random_instants(open: Open, at: &Path) {
    let folder = tempfile::tempdir_in(at).unwrap();
    let acknowledged =
        run(open, folder.path(), kills(), |kill, dice| 2 + dice.roll(if kill % 3 == 0 { 40 } else { 700 }));
    assert!(acknowledged > 0, "the child never committed");
}

/// Kills the child while it makes its folder in `at`.
///
/// # Panics
/// When the folder does not open afterwards.
pub fn killed_while_the_folder_is_made(open: Open, at: &Path) {
    for _ in 0..kills().div_ceil(5) {
        let folder = tempfile::tempdir_in(at).unwrap();
        run(open, folder.path(), 5, |kill, dice| if kill < 5 { 1 + dice.roll(60) } else { 400 });
    }
}

/// Starts the child on `folder` and kills it, `kills` times, each `wait_ms` after its start, and checks what is there.
fn run(open: Open, folder: &Path, kills: u64, wait_ms: impl Fn(u64, &mut Dice) -> u64) -> u64 {
    let seed = u64::from(std::process::id()); // other instants in every run; printed, to look at a failure again
    let mut dice = Dice(seed);
    let mut acknowledged = 0;
    for kill in 1..=kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .env(NEXT, acknowledged.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            let mut last = None;
            for line in out.lines().map_while(Result::ok) {
                assert!(!line.starts_with("refused"), "{line}");
                last = line.strip_prefix("acknowledged ").map(|n| n.parse::<u64>().unwrap()).or(last);
            }
            last
        });
        // Short waits kill the opening, long ones meet flushes and journal changes.
        std::thread::sleep(Duration::from_millis(wait_ms(kill, &mut dice)));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged = reader.join().unwrap().unwrap_or(acknowledged);
        if kill % 5 == 0 || kill == kills {
            let (store, report) = open(folder).unwrap_or_else(|e| panic!("kill {kill}: {e}"));
            let there = audit(&*store, acknowledged).unwrap_or_else(|e| panic!("kill {kill}: {e}"));
            assert_eq!(there, report.head.seq, "kill {kill}");
            let mark = read_mark(&folder.join("mark")).unwrap();
            let verified = verify_all(&*store, mark).unwrap();
            assert!(verified.is_whole(), "kill {kill}: {:?}", verified.findings);
            eprintln!("kill {kill}: {acknowledged} acknowledged, {there} there");
        }
    }
    eprintln!("{kills} kills, seed {seed}: {acknowledged} acknowledged");
    acknowledged
}
