//! Looks every acknowledged write up again, through the published interfaces and as any client would: is it there, and is
//! it there once?
//!
//! Called by `run` when all connections of the run are done and the hub's counts were asked for, so that its own requests
//! stand in no count. Measures nothing and judges nothing but what the answers show.

use crate::client::connection::{Connection, READ_BYTES};
use crate::client::once;
use crate::clock;
use crate::ledger::{Entry, Ledger};
use population::Population;
use run_record::Resilience;
use scenarios::{AnswerView, Given, Proven, RenderContext, Scenario};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Connections that ask at the same time: a few keep a hub busy, and nobody is waiting.
pub const LINES: usize = 8;
/// Attempts for each write: a connection may close, and a hub may say that it is busy; neither says that a write is lost.
const TRIES: u64 = 4;
/// Pause before another attempt.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a single answer may take to move on.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often progress is told.
const TELL_EVERY: usize = 1_000;
/// Different sentences told apart for each of: not found, not answered.
const DETAILS_MAX: usize = 10;
/// Arrival numbers of lookups begin here, so that none is one of the run's.
const SEQ_FIRST: u64 = 1 << 63;
/// The attempt stands here in the number: each is another request, with a token of its own.
const SEQ_TRY: u32 = 60;

/// Opens the connection of this number.
pub type Open<'a> = &'a (dyn Fn(usize) -> io::Result<Connection> + Sync);

/// Whom to ask, and as what.
pub struct Asking<'a> {
    /// The scenario that was run.
    pub scenario: &'a Scenario,
    /// Its population.
    pub population: &'a Population,
    /// For the `Host` header.
    pub host: &'a str,
    /// Opens connections.
    pub open: Open<'a>,
    /// Set to end early; what is not asked by then counts as not looked up.
    pub stop: &'a AtomicBool,
    /// Told now and then how many of how many were asked.
    pub tell: &'a (dyn Fn(usize, usize) + Sync),
}

/// What the answers showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tally {
    found: u64,
    several: u64,
    lost: u64,
    /// What the answers to those not found had in common: interaction and detail, with how many.
    missing: BTreeMap<(usize, String), u64>,
    /// Why no answer told anything.
    unanswered: BTreeMap<(usize, String), u64>,
}

enum Told {
    Proven(Proven),
    Nothing(String),
}

/// Looks up what the ledger holds and puts the counts, and what they rest on in sentences, into `into`.
pub fn look_up(ledger: &Ledger, asking: &Asking<'_>, into: &mut Resilience) {
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for line in 0..LINES.min(ledger.entries().len()) {
            let (next, tally) = (&next, &tally);
            scope.spawn(move || {
                let mine = ask_in_turn(line, ledger.entries(), next, asking);
                tally.lock().unwrap_or_else(PoisonError::into_inner).add(mine);
            });
        }
    });
    let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    into.writes_acknowledged = ledger.acknowledged().iter().map(|a| a.count).sum();
    into.writes_checked = tally.found + tally.several + tally.lost;
    into.writes_lost = tally.lost;
    into.duplicated = tally.several;
    into.basis.extend(basis(ledger, asking.scenario, &tally));
}

fn ask_in_turn(line: usize, entries: &[Entry], next: &AtomicUsize, asking: &Asking<'_>) -> Tally {
    let (mut connection, mut scratch, mut tally) = (None, vec![0; READ_BYTES], Tally::default());
    while !asking.stop.load(Ordering::Relaxed) {
        let nth = next.fetch_add(1, Ordering::Relaxed);
        let Some(entry) = entries.get(nth) else { break };
        match ask(line, entry, asking, &mut connection, &mut scratch) {
            Told::Proven(Proven::Once) => tally.found += 1,
            Told::Proven(Proven::Several) => tally.several += 1,
            Told::Proven(Proven::Missing(fault)) => {
                tally.lost += 1;
                note(&mut tally.missing, entry.interaction, fault.to_string());
            }
            Told::Nothing(why) => note(&mut tally.unanswered, entry.interaction, why),
        }
        if (nth + 1).is_multiple_of(TELL_EVERY) || nth + 1 == entries.len() {
            (asking.tell)(nth + 1, entries.len());
        }
    }
    tally
}

fn note(details: &mut BTreeMap<(usize, String), u64>, interaction: usize, detail: String) {
    let mut key = (interaction, detail);
    if details.len() >= DETAILS_MAX && !details.contains_key(&key) {
        "and others".clone_into(&mut key.1);
    }
    *details.entry(key).or_default() += 1;
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.found += other.found;
        self.several += other.several;
        self.lost += other.lost;
        for (mine, others) in [(&mut self.missing, other.missing), (&mut self.unanswered, other.unanswered)] {
            for (key, count) in others {
                *mine.entry(key).or_default() += count;
            }
        }
    }
}

/// One write; an answer that says nothing about it is asked for again.
fn ask(
    line: usize,
    entry: &Entry,
    asking: &Asking<'_>,
    connection: &mut Option<Connection>,
    scratch: &mut [u8],
) -> Told {
    let Some(proof) = asking.scenario.interactions[entry.interaction].proof() else {
        return Told::Nothing("it has no proof".to_owned());
    };
    let mut why = String::new();
    for attempt in 0..TRIES {
        if attempt > 0 {
            clock::sleep(PAUSE);
        }
        let mut open = match connection.take().map_or_else(|| (asking.open)(line), Ok) {
            Ok(open) => open,
            Err(e) => {
                why = format!("connecting: {}", e.kind());
                continue;
            }
        };
        let context = RenderContext {
            population: asking.population,
            seed: asking.scenario.seed,
            seq: SEQ_FIRST | attempt << SEQ_TRY | entry.seq,
            ordinal: entry.seq,
            taken: Some(&entry.kept),
            given: Given::default(),
            now: clock::wall_now(),
            host: asking.host,
        };
        proof.render(&context, open.request());
        let head = proof.method() == "HEAD";
        let told = exchange(&mut open, scratch, head, |answer| match answer.status {
            // Busy, too slow, broken: nothing about the write.
            status @ (408 | 429 | 500..) => Err(format!("answered {status}")),
            _ => Ok(proof.judge(answer, &context)),
        });
        match told {
            Ok((told, keep_alive)) => {
                *connection = keep_alive.then_some(open);
                match told {
                    Ok(proven) => return Told::Proven(proven),
                    Err(sentence) => why = sentence,
                }
            }
            Err(sentence) => why = sentence,
        }
    }
    Told::Nothing(why)
}

/// Sends what is pending and hands the answer on; true when the connection can be used again.
fn exchange<T>(
    connection: &mut Connection,
    scratch: &mut [u8],
    head: bool,
    then: impl Fn(&AnswerView<'_>) -> T,
) -> Result<(T, bool), String> {
    once::exchange(connection, scratch, head, || Ok(PATIENCE), then).map_err(|e| match e.kind() {
        ErrorKind::TimedOut => format!("no answer within {} s", PATIENCE.as_secs()),
        _ => e.to_string(),
    })
}

/// What the counts rest on.
fn basis(ledger: &Ledger, scenario: &Scenario, tally: &Tally) -> Vec<String> {
    let mut said = Vec::new();
    let written: Vec<(usize, u64, u64)> = (ledger.acknowledged().iter().enumerate())
        .filter(|(_, a)| a.count > 0)
        .map(|(i, a)| (i, a.count, a.unkept))
        .collect();
    let name = |i: usize| scenario.interactions[i].name.as_str();
    let proven: Vec<String> = (written.iter())
        .filter(|(i, ..)| scenario.interactions[*i].proof().is_some())
        .map(|(i, count, _)| format!("{count} {}", name(*i)))
        .collect();
    if !proven.is_empty() {
        let which = match ledger.every() {
            1 => "Acknowledged writes were".to_owned(),
            every => format!("There were too many acknowledged writes to keep, so one in {every} was"),
        };
        said.push(format!(
            "{which} looked up through the published interfaces after the run: {}.",
            proven.join(", ")
        ));
    }
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (i, count, _) in &written {
        if let Some(why) = scenario.interactions[*i].unproven() {
            reasons.entry(why).or_default().push(format!("{count} {}", name(*i)));
        }
    }
    for (why, names) in reasons {
        said.push(format!("Not looked up: {} ({why}).", names.join(", ")));
    }
    let telling: BTreeSet<&str> = (written.iter())
        .filter(|(i, ..)| scenario.interactions[*i].proof().is_some_and(scenarios::Proof::tells_duplicates))
        .map(|(i, ..)| name(*i))
        .collect();
    said.push(match telling.is_empty() {
        true => "None of these interfaces would show a write that is there more than once.".to_owned(),
        false => format!(
            "A write that is there more than once would show for: {}.",
            telling.into_iter().collect::<Vec<_>>().join(", ")
        ),
    });
    for (i, _, unkept) in written.iter().filter(|(.., unkept)| *unkept > 0) {
        said.push(format!("{unkept} answers to {} lacked what is needed to look the write up.", name(*i)));
    }
    for ((i, detail), count) in &tally.missing {
        said.push(format!("LOST: {count} {}, as their lookup says: {detail}.", name(*i)));
    }
    for ((i, why), count) in &tally.unanswered {
        said.push(format!("{count} {} could not be looked up: {why}.", name(*i)));
    }
    let asked = tally.found + tally.several + tally.lost + tally.unanswered.values().sum::<u64>();
    let left = (ledger.entries().len() as u64).saturating_sub(asked);
    if left > 0 {
        said.push(format!("{left} were not looked up: the lookup was interrupted."));
    }
    said
}

#[cfg(test)]
pub(crate) mod tests;
