//! Damage to every file of a data folder: flipped bits, zeroed pages, cut and removed files. The outcome must be "all there" or a
//! refusal (to open, or to read the damaged row), never a folder that is short and does not say so.
//!
//! `SPINEBENCH_CORRUPTIONS` sets the number of trials of each test (default 30; 4 without optimisation).

use super::Open;
use super::workload::{Dice, audit, audit_loaded, load, txn};
use crate::mark::read_mark;
use crate::verify::verify_all;
use std::collections::BTreeMap;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

const PAGE_BYTES: u64 = 4_096;

fn trials() -> u64 {
    std::env::var("SPINEBENCH_CORRUPTIONS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(if cfg!(debug_assertions) { 4 } else { 30 })
}

/// What is to be damaged.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// Opens the engine.
    pub open: Open,
    /// Transactions to commit first: enough for a sealed log, an active one, and tables.
    pub count: u64,
    /// True for a file of the log, which is made larger than what is in it.
    pub is_log: fn(&str) -> bool,
    /// True for a file of tables.
    pub is_table: fn(&str) -> bool,
    /// Times the usual number of trials.
    pub trials: u64,
}

/// Commits `0..count` in batches of 16; `closed` leaves the mark at the head, else one batch in eight behind.
fn fill(subject: &Subject, folder: &Path, closed: bool) {
    let count = subject.count;
    let (store, _) = (subject.open)(folder).unwrap();
    load(&*store);
    let behind = count - count / 8;
    for first in (0..count).step_by(16) {
        let batch: Vec<_> = (first..count.min(first + 16)).map(txn).collect();
        store.commit(&batch).unwrap();
        if first < behind {
            store.tick(first * 1_000).unwrap();
        }
    }
    if closed {
        store.close().unwrap();
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// Copies a folder, leaving out the journals' unwritten end (as a cut at the last byte in use would).
fn copy(subject: &Subject, from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        if (subject.is_log)(&path.to_string_lossy()) {
            bytes.truncate(bytes.iter().rposition(|&b| b != 0).map_or(0, |i| i + 1) + 10_000);
        }
        std::fs::write(target, bytes).unwrap();
    }
    for path in dirs(from) {
        std::fs::create_dir_all(to.join(path.strip_prefix(from).unwrap())).unwrap();
    }
}

fn dirs(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(dirs(&path));
            all.push(path);
        }
    }
    all
}

/// Damages one file and says how.
fn damage(path: &Path, dice: &mut Dice) -> String {
    let len = std::fs::metadata(path).unwrap().len();
    let mut file = std::fs::File::options().read(true).write(true).open(path).unwrap();
    let at = dice.roll(len);
    match dice.roll(7) {
        0..=1 => {
            let mut bytes = std::fs::read(path).unwrap();
            bytes[at as usize] ^= 1 << dice.roll(8);
            std::fs::write(path, bytes).unwrap();
            format!("bit flipped at {at} of {len}")
        }
        2..=3 => {
            let page = at / PAGE_BYTES * PAGE_BYTES;
            file.seek(SeekFrom::Start(page)).unwrap();
            file.write_all(&vec![0; PAGE_BYTES.min(len - page) as usize]).unwrap();
            format!("page zeroed at {page} of {len}")
        }
        4..=5 => {
            file.set_len(at).unwrap();
            format!("cut to {at} of {len}")
        }
        _ => {
            std::fs::remove_file(path).unwrap();
            "removed".to_owned()
        }
    }
}

/// What became of a damaged folder that held `acknowledged` transactions, `marked` of them under the mark.
fn outcome(open: Open, folder: &Path, acknowledged: u64, marked: u64) -> Result<&'static str, String> {
    let (store, report) = match open(folder) {
        Ok(opened) => opened,
        Err(e) if e.0.is_empty() || e.0.contains('\n') => return Err(format!("no sentence: {e}")),
        Err(_) => return Ok("refused to open"),
    };
    let audited = audit(&*store, acknowledged.min(report.head.seq).max(marked));
    match audited.and_then(|there| audit_loaded(&*store).map(|()| there)) {
        Ok(there) if there == acknowledged => Ok("complete"),
        // The only loss that may pass: an end of the log that no mark covers yet.
        Ok(there) if there >= marked && there == report.head.seq => Ok("lost only what no mark covered"),
        Ok(there) => Err(format!("{there} of {acknowledged} there, {marked} marked, and it was served")),
        Err(e) if e.starts_with("refused") => {
            let mark = read_mark(&folder.join("mark")).unwrap();
            let seen = verify_all(&*store, mark).map_or(true, |verified| !verified.is_whole());
            assert!(seen, "the operator's check sees nothing, yet: {e}");
            Ok("refused to read")
        }
        Err(e) => Err(e),
    }
}

fn run(subject: &Subject, at: &Path, closed: bool, seed: u64) -> BTreeMap<&'static str, u64> {
    let folder = || tempfile::tempdir_in(at).unwrap();
    let template = folder();
    fill(subject, template.path(), closed);
    let mark = read_mark(&template.path().join("mark")).unwrap().unwrap().seq;
    let names =
        files(template.path()).into_iter().filter(|f| !f.ends_with("LOCK") && !f.ends_with("store/lock"));
    let names: Vec<PathBuf> = names.filter(|f| std::fs::metadata(f).unwrap().len() > 0).collect();
    let journals: Vec<&PathBuf> = names.iter().filter(|f| (subject.is_log)(&f.to_string_lossy())).collect();
    let large: Vec<&PathBuf> = names.iter().filter(|f| (subject.is_table)(&f.to_string_lossy())).collect();
    assert!(
        journals.len() > 1 && !large.is_empty(),
        "the template has no sealed journal or no table files yet"
    );
    let mut dice = Dice(seed);
    let mut outcomes = BTreeMap::new();
    for trial in 0..trials() * subject.trials {
        let victim = match trial % 3 {
            0 => journals[dice.roll(journals.len() as u64) as usize],
            1 => large[dice.roll(large.len() as u64) as usize],
            _ => &names[dice.roll(names.len() as u64) as usize],
        };
        let trial_folder = folder();
        copy(subject, template.path(), trial_folder.path());
        let victim = victim.strip_prefix(template.path()).unwrap();
        let how = damage(&trial_folder.path().join(victim), &mut dice);
        let what = format!("trial {trial}, seed {seed}: {} {how}", victim.display());
        let result = outcome(subject.open, trial_folder.path(), subject.count, mark)
            .unwrap_or_else(|e| panic!("{what}: {e}"));
        eprintln!("{what}: {result}");
        *outcomes.entry(result).or_default() += 1;
    }
    eprintln!("closed {closed}: {outcomes:?}");
    outcomes
}

/// Damages a folder that was closed in good order.
///
/// # Panics
/// When it is served although something is missing.
pub fn damaged_after_an_orderly_end(subject: &Subject, at: &Path) {
    let outcomes = run(subject, at, true, 11);
    assert_eq!(outcomes.get("lost only what no mark covered"), None, "the mark covers everything");
}

/// Damages a folder whose mark lags behind.
///
/// # Panics
/// When it is served although something under the mark is missing.
pub fn damaged_after_a_kill(subject: &Subject, at: &Path) {
    run(subject, at, false, 12);
}
