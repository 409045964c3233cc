//! The closed model: users with think time, on goose. Goose owns the users and their pacing and nothing else; requests
//! go through our client's parser into our recorder, because goose's own measuring is coarser and costs more than the
//! whole open-model engine (facts on load generators: about 16 µs of CPU a request).
//!
//! Called by the command line for `model = "users"`. In a closed model a slow answer delays the next question of the
//! same user, so response time equals service time plus what our own scheduling added; the report says which model ran.

mod line;
mod user;

use goose::config::GooseConfiguration;
use goose::goose::{Scenario as GooseScenario, Transaction};
use goose::{GooseAttack, GooseError};
use harness::begin::Begun;
use harness::client::connector::Connector;
use harness::clock::Clock;
use harness::engine::{EngineFacts, Live};
use harness::finish::{End, finish};
use harness::recorder::Recorder;
use harness::run::{RunError, Setting, population_of, recorder_of};
use harness::seconds::Series;
use harness::stages::Stages;
use harness::workers::phases_of;
use run_record::{ConnectionFacts, Measured, Observed, UsersRow};
use scenarios::{Scenario, What};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often progress is told and the end is looked for.
const TICK: Duration = Duration::from_millis(100);

/// What all users share.
pub(crate) struct Shared {
    scenario: Scenario,
    population: population::Population,
    connector: Connector,
    host: String,
    clock: Clock,
    /// For each kind of users: (cumulative weight, what), ascending.
    does: Vec<Vec<(f64, What)>>,
    /// End of each phase, nanoseconds from the start.
    phase_ends_ns: Vec<u64>,
    book: Mutex<Book>,
    closing: AtomicBool,
    in_flight: AtomicUsize,
    /// Connections opened so far.
    opened: AtomicUsize,
}

/// The part that changes: one lock, held for microseconds, never across a wait.
pub(crate) struct Book {
    pub(crate) recorder: Recorder,
    pub(crate) stages: Stages,
    pub(crate) series: Series,
    pub(crate) seq: u64,
    pub(crate) ordinals: Vec<u64>,
    pub(crate) users: Vec<Kind>,
}

/// What the users of one kind did in measured phases.
#[derive(Default)]
pub(crate) struct Kind {
    pub(crate) requests: u64,
    pub(crate) failed: u64,
    pub(crate) sessions: u64,
    thoughts: u64,
    thought_ns: u64,
}

impl Kind {
    pub(crate) fn thought(&mut self, ns: u64) {
        self.thoughts += 1;
        self.thought_ns += ns;
    }

    fn row(&self, users: &scenarios::Users) -> UsersRow {
        UsersRow {
            name: users.name.clone(),
            count: users.count,
            requests: self.requests,
            failed: self.failed,
            sessions: self.sessions,
            think_mean_s: self.thought_ns as f64 / 1e9 / self.thoughts.max(1) as f64,
        }
    }
}

impl Shared {
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The phase that a moment falls in; `None` when the run is over.
    pub(crate) fn phase_at(&self, now_ns: u64) -> Option<usize> {
        self.phase_ends_ns.iter().position(|end| now_ns < *end)
    }

    fn end_ns(&self) -> u64 {
        self.phase_ends_ns.last().copied().unwrap_or(0)
    }
}

/// Runs the closed model to its end.
///
/// # Errors
/// [`RunError`]; what happens to single requests is counted, not returned.
pub fn run_users(scenario: &Scenario, setting: &mut Setting<'_>) -> Result<Measured, RunError> {
    let population = population_of(scenario)?;
    let begun = Begun::new(setting)?;
    let shared = Arc::new(share(scenario, population, setting.connector.clone()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| RunError::Machine(format!("no runtime for the users: {e}")))?;
    let attack = attack(&shared).map_err(|e| RunError::Machine(format!("goose refused the users: {e}")))?;
    let noise = setting.watch_noise(scenario);
    (setting.begin)(shared.clock);
    let facts = runtime.block_on(watch_over(&shared, attack, setting));
    // Users that goose still holds are let go with the runtime; nothing of theirs is on the wire any more.
    runtime.shutdown_background();
    let (recorder, series, users) = {
        let mut book = shared.book();
        let users = book.users.iter().zip(&scenario.load.users).map(|(k, users)| k.row(users)).collect();
        let sealed = book.recorder.seconds.seal_all();
        book.series.add(sealed);
        let empty = Series::new(Vec::new(), 1);
        (
            std::mem::replace(&mut book.recorder, recorder_of(scenario)),
            std::mem::replace(&mut book.series, empty),
            users,
        )
    };
    let facts = facts?;
    let connections = ConnectionFacts {
        transport: setting.connector.transport().into(),
        opened: facts.opened,
        peak: facts.peak,
        sources: setting.connector.sources(),
        identities: setting.connector.identities().map_or(0, |i| i.len() as u64),
        ..ConnectionFacts::default()
    };
    let observed = Observed { users, connections: Some(connections), ..Observed::default() };
    let end = End { begun, facts, noise, schedule: None, trace_fault: None, observed };
    Ok(finish(scenario, setting, recorder, series, end))
}

fn share(scenario: &Scenario, population: population::Population, connector: Connector) -> Shared {
    let does = |users: &scenarios::Users| {
        let mut sum = 0.0;
        let all: Vec<(usize, f64)> = scenario.items.iter().map(|i| i.share).enumerate().collect();
        let chosen = if users.does.is_empty() { &all } else { &users.does };
        let total: f64 = chosen.iter().map(|(_, weight)| weight).sum();
        let each = chosen.iter().map(|(item, weight)| {
            sum += weight / total;
            (sum, scenario.items[*item].what)
        });
        each.collect()
    };
    Shared {
        population,
        host: connector.target().to_string(),
        connector,
        clock: Clock::start(),
        does: scenario.load.users.iter().map(does).collect(),
        phase_ends_ns: scenario.phase_ends_ns(),
        book: Mutex::new(Book {
            recorder: recorder_of(scenario),
            stages: Stages::new(population, &scenario.interactions, (0, 1)),
            series: Series::new(phases_of(scenario), 1),
            seq: 0,
            ordinals: vec![0; scenario.interactions.len()],
            users: scenario.load.users.iter().map(|_| Kind::default()).collect(),
        }),
        closing: AtomicBool::new(false),
        in_flight: AtomicUsize::new(0),
        opened: AtomicUsize::new(0),
        scenario: scenario.clone(),
    }
}

fn attack(shared: &Arc<Shared>) -> Result<GooseAttack, Box<GooseError>> {
    let kinds = &shared.scenario.load.users;
    // The struct has private fields, so it cannot be written out whole.
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(format!("http://{}", shared.host));
    configuration.users = Some(kinds.iter().map(|k| k.count as usize).sum());
    configuration.increase_rate = Some(kinds.iter().map(|k| k.hatch_per_s).sum::<f64>().to_string());
    configuration.quiet = 3;
    configuration.no_metrics = true;
    configuration.no_print_metrics = true;
    configuration.no_telnet = true;
    configuration.no_websocket = true;
    let mut attack = GooseAttack::initialize_with_config(configuration).map_err(Box::new)?;
    for (kind, users) in kinds.iter().enumerate() {
        let for_users = Arc::clone(shared);
        let act = Transaction::new(Arc::new(move |goose_user| {
            let shared = Arc::clone(&for_users);
            Box::pin(async move {
                user::act(&shared, goose_user, kind).await;
                Ok(())
            })
        }));
        // Weights are the numbers of users, which goose then hands out exactly.
        let scenario = GooseScenario::new(&users.name)
            .set_weight(users.count as usize)
            .and_then(|s| s.set_wait_time(users.think_min, users.think_max))
            .map_err(Box::new)?
            .register_transaction(act);
        attack = attack.register_scenario(scenario);
    }
    Ok(attack)
}

/// Lets the users run until the phases are over or a stop is asked for, then waits for what is on the wire.
async fn watch_over(
    shared: &Arc<Shared>,
    attack: GooseAttack,
    setting: &mut Setting<'_>,
) -> Result<EngineFacts, RunError> {
    let users = tokio::spawn(attack.execute());
    let mut next_live_ns = 0;
    let mut interrupted = false;
    loop {
        tokio::time::sleep(TICK).await;
        let now_ns = shared.clock.now_ns();
        if now_ns >= next_live_ns {
            next_live_ns = now_ns + 1_000_000_000;
            (setting.live)(&look(shared, now_ns));
        }
        if users.is_finished() {
            let ended = users.await;
            return Err(RunError::Machine(match ended {
                Ok(Err(e)) => format!("goose ended early: {e}"),
                _ => "goose ended before the phases were over".to_owned(),
            }));
        }
        if setting.stop.load(Ordering::Relaxed) {
            interrupted = true;
            break;
        }
        if now_ns >= shared.end_ns() {
            break;
        }
    }
    shared.closing.store(true, Ordering::SeqCst);
    let patience_ns = shared.clock.now_ns() + scenarios::nanoseconds(shared.scenario.load.timeout);
    while shared.in_flight.load(Ordering::SeqCst) > 0 && shared.clock.now_ns() < patience_ns {
        tokio::time::sleep(TICK / 10).await;
    }
    users.abort();
    let opened = shared.opened.load(Ordering::Relaxed) as u64;
    let origin_ns = shared.clock.origin_ns();
    Ok(EngineFacts { interrupted, origin_ns, opened, peak: opened, ..EngineFacts::default() })
}

fn look(shared: &Shared, now_ns: u64) -> Live {
    let mut book = shared.book();
    let phase = shared.phase_at(now_ns).unwrap_or(shared.phase_ends_ns.len().saturating_sub(1));
    let sealed = book.recorder.seconds.seal(now_ns, phase);
    book.series.add(sealed);
    Live {
        at_s: now_ns as f64 / 1e9,
        of_s: shared.end_ns() as f64 / 1e9,
        phase: shared.phase_at(now_ns).map_or("the end".into(), |p| shared.scenario.phases[p].name.clone()),
        counts: book.recorder.counts_all,
        in_flight: shared.in_flight.load(Ordering::Relaxed),
        newest_error: book.recorder.newest_error.clone(),
        second: book.series.latest().cloned(),
        ..Live::default()
    }
}
