//! The sending threads of a run: each keeps its share of the plan over its share of the connections, and they meet in one
//! recorder and one series at the end. Called by `run`.
//!
//! Arrival `n` belongs to thread `n % workers`, so plan and bytes are the same whatever the number; what an interaction
//! takes from a stage waits in the thread that asked for it.

use crate::client::opening::OpeningError;
use crate::clock::Clock;
use crate::engine::{Engine, EngineFacts, Live, Note};
use crate::noise;
use crate::recorder::Recorder;
use crate::run::{RunError, Setting, recorder_of};
use crate::schedule::{ScheduleCheck, asked_by};
use crate::seconds::Series;
use crate::source::Source;
use population::Population;
use run_record::ConnectionFacts;
use scenarios::{Model, Scenario};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Barrier, OnceLock};

/// What the threads recorded together.
pub struct Gathered {
    /// Counts and times.
    pub recorder: Recorder,
    /// The per-second series.
    pub series: Series,
    /// What the threads know of themselves.
    pub facts: EngineFacts,
    /// The noise watch, still running.
    pub noise: noise::Watch,
    /// The check of the schedule.
    pub schedule: ScheduleCheck,
    /// Why a trace ended before its time, if it did.
    pub trace_fault: Option<String>,
    /// How the connections were opened.
    pub connections: ConnectionFacts,
}

/// The names of the phases and whether each is measured.
pub fn phases_of(scenario: &Scenario) -> Vec<(String, bool)> {
    scenario.phases.iter().map(|p| (p.name.clone(), p.measured)).collect()
}

/// Opens the connections, runs the plan on all threads, and gathers what they recorded.
///
/// # Errors
/// [`RunError`]; anything that happens to single requests is counted, not returned.
pub fn run(
    scenario: &Scenario,
    population: Population,
    setting: &mut Setting<'_>,
) -> Result<Gathered, RunError> {
    let workers = scenario.load.workers.max(1) as usize;
    let (engines, connections) = engines(scenario, population, workers, setting)?;
    let mut sources = Vec::with_capacity(workers);
    for _ in 0..workers {
        sources.push(Source::of(scenario, &population)?);
    }
    let noise = setting.watch_noise(scenario);
    let (barrier, clock) = (Barrier::new(workers + 1), OnceLock::new());
    let (asked, spaced) = asked_by(scenario);
    let closed = scenario.load.model == Model::Closed;
    let mut series = Series::new(phases_of(scenario), workers);
    let stop = setting.stop;
    let ended = std::thread::scope(|scope| {
        let (sender, receiver) = channel();
        let threads: Vec<_> = engines
            .into_iter()
            .zip(sources)
            .enumerate()
            .map(|(part, (mut engine, mut source))| {
                let (sender, barrier, clock, asked) = (sender.clone(), &barrier, &clock, &asked);
                scope.spawn(move || {
                    barrier.wait();
                    let clock = *clock.get_or_init(Clock::start);
                    // Every thread draws the whole plan and keeps its own; the first looks whether it is as it should be.
                    let mut check = (part == 0 && !closed).then(|| ScheduleCheck::new(asked.clone(), spaced));
                    let all = source.by_ref().inspect(|a| {
                        if let Some(check) = &mut check {
                            check.planned(a.planned_ns, a.phase);
                        }
                    });
                    let mine = all.filter(|a| a.seq % workers as u64 == part as u64);
                    let mut tell = |note| tell(&sender, part, note);
                    let facts = engine.run(clock, mine, stop, &mut tell)?;
                    Ok::<_, std::io::Error>((engine.recorder, facts, check, source.fault()))
                })
            })
            .collect();
        drop(sender);
        let started = *clock.get_or_init(Clock::start);
        barrier.wait();
        (setting.begin)(started);
        listen(scenario, &receiver, &mut series, workers, setting.live);
        threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let (recorder, facts) = (recorder_of(scenario), EngineFacts::default());
    let schedule = ScheduleCheck::new(Vec::new(), spaced);
    let trace_fault = None;
    let mut gathered = Gathered { recorder, series, facts, noise, schedule, trace_fault, connections };
    for thread in ended {
        let thread = thread.map_err(|_| RunError::Machine("a sending thread panicked".into()))?;
        let (recorder, facts, check, fault) =
            thread.map_err(|e| RunError::Machine(format!("the poller failed: {e}")))?;
        gathered.recorder.absorb(recorder);
        gathered.facts = gathered.facts.and(facts);
        if let Some(check) = check {
            gathered.schedule = check;
        }
        gathered.trace_fault = gathered.trace_fault.or(fault);
    }
    gathered.connections.opened = gathered.facts.opened;
    gathered.connections.peak = gathered.facts.peak;
    Ok(gathered)
}

fn engines<'s>(
    scenario: &'s Scenario,
    population: Population,
    workers: usize,
    setting: &mut Setting<'_>,
) -> Result<(Vec<Engine<'s>>, ConnectionFacts), RunError> {
    let connector = &setting.connector;
    let count = scenario.load.connections as usize;
    let (all, opening) = connector.open_all(count, setting.opening, setting.stop).map_err(|e| match e {
        OpeningError::Machine(s) => RunError::Machine(s),
        e => RunError::Unreachable(e.to_string()),
    })?;
    let mut open: Vec<Vec<_>> = (0..workers).map(|_| Vec::new()).collect();
    for (line, connection) in all.into_iter().enumerate() {
        open[line % workers].push(connection);
    }
    let engine = |(part, open)| {
        Engine::new(scenario, population, connector.clone(), open, recorder_of(scenario), (part, workers))
            .map_err(|e| RunError::Machine(format!("no poller is to be had: {e}")))
    };
    let engines = open.into_iter().enumerate().map(engine).collect::<Result<_, _>>()?;
    Ok((engines, opening.connections))
}

fn tell(sender: &Sender<(usize, Note)>, part: usize, note: Note) {
    // The listener lives as long as any sender, so this cannot fail before the run is over.
    let _ = sender.send((part, note));
}

/// Adds up what the threads tell until all have ended, and shows it.
fn listen(
    scenario: &Scenario,
    receiver: &Receiver<(usize, Note)>,
    series: &mut Series,
    workers: usize,
    live: &mut dyn FnMut(&Live),
) {
    let mut newest: Vec<Note> = (0..workers).map(|_| Note::default()).collect();
    while let Ok((part, mut note)) = receiver.recv() {
        series.add(std::mem::take(&mut note.sealed));
        newest[part] = note;
        if part == 0 {
            live(&look(scenario, &newest, series));
        }
    }
}

fn look(scenario: &Scenario, newest: &[Note], series: &Series) -> Live {
    let at_s = newest.first().map_or(0.0, |n| n.at_ns as f64 / 1e9);
    let mut counts = run_record::Counts::default();
    for note in newest {
        counts.planned += note.counts.planned;
        counts.sent += note.counts.sent;
        counts.dropped += note.counts.dropped;
        counts.answered += note.counts.answered;
        counts.failed += note.counts.failed;
    }
    let sum = |f: fn(&Note) -> usize| newest.iter().map(f).sum();
    let (phase, planned_per_s) = phase_and_rate(scenario, at_s);
    Live {
        at_s,
        of_s: scenario.length().as_secs_f64(),
        phase,
        planned_per_s,
        counts,
        in_flight: sum(|n| n.in_flight),
        waiting: sum(|n| n.waiting),
        connections: sum(|n| n.connections),
        journeys_under_way: sum(|n| n.under_way),
        newest_error: newest.iter().find_map(|n| n.newest_error.clone()),
        second: series.latest().cloned(),
    }
}

/// The phase at a moment of the run, and the rate that it asks for.
fn phase_and_rate(scenario: &Scenario, at_s: f64) -> (String, f64) {
    let mut start_s = 0.0;
    for phase in &scenario.phases {
        for piece in &phase.pieces {
            let piece_s = piece.duration.as_secs_f64();
            if at_s < start_s + piece_s {
                let into = (at_s - start_s) / piece_s;
                let rate = piece.rate.from_per_s + (piece.rate.to_per_s - piece.rate.from_per_s) * into;
                return (phase.name.clone(), rate);
            }
            start_s += piece_s;
        }
    }
    ("waiting for the last answers".into(), 0.0)
}
