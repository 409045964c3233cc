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
use harness::clock::{self, Clock, process_cpu_s};
use harness::engine::{EngineFacts, Live, measured_window};
use harness::noise::{self, HubAt};
use harness::recorder::Recorder;
use harness::resources::Watch;
use harness::run::{End, RunError, Setting, finish, population_of, recorder_of};
use harness::stages::Stages;
use harness::{floor, status};
use run_record::Measured;
use scenarios::Scenario;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often progress is told and the end is looked for.
const TICK: Duration = Duration::from_millis(100);

/// What all users share.
pub(crate) struct Shared {
    scenario: Scenario,
    population: population::Population,
    target: std::net::SocketAddr,
    host: String,
    clock: Clock,
    /// (cumulative share, interaction), ascending.
    cumulative: Vec<(f64, usize)>,
    /// End of each phase, nanoseconds from the start.
    phase_ends_ns: Vec<u64>,
    book: Mutex<Book>,
    closing: AtomicBool,
    in_flight: AtomicUsize,
}

/// The part that changes: one lock, held for microseconds, never across a wait.
pub(crate) struct Book {
    pub(crate) recorder: Recorder,
    pub(crate) stages: Stages,
    pub(crate) seq: u64,
    pub(crate) ordinals: Vec<u64>,
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
    let Some(users) = scenario.load.users.first().cloned() else {
        return Err(RunError::Machine("model = \"users\" needs a [load.users] section".into()));
    };
    let started = clock::wall_now();
    let floor = floor::measure();
    let timers = floor::timers();
    let before = status::ask(setting.target);
    std::net::TcpStream::connect_timeout(&setting.target, harness::client::connection::CONNECT_TIMEOUT)
        .map_err(|e| harness::run::unreachable_sentence(setting.target, &e))?;
    let watch = Watch::start(setting.hub_pid);
    let noise = noise::Watch::start(HubAt::of(setting.hub_pid, setting.target), measured_window(scenario));
    let cpu_before_s = process_cpu_s();
    let shared = Arc::new(share(scenario, population, setting.target));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| RunError::Machine(format!("no runtime for the users: {e}")))?;
    let attack =
        attack(&shared, &users).map_err(|e| RunError::Machine(format!("goose refused the users: {e}")))?;
    let facts = runtime.block_on(watch_over(&shared, attack, setting));
    // Users that goose still holds are let go with the runtime; nothing of theirs is on the wire any more.
    runtime.shutdown_background();
    let recorder = {
        let mut book = shared.book();
        std::mem::replace(&mut book.recorder, recorder_of(scenario))
    };
    let end = End {
        started,
        facts: facts?,
        before,
        floor,
        timers,
        noise,
        harness_cpu_s: process_cpu_s() - cpu_before_s,
        watch,
    };
    Ok(finish(scenario, setting, recorder, end))
}

fn share(scenario: &Scenario, population: population::Population, target: std::net::SocketAddr) -> Shared {
    let mut sum = 0.0;
    let cumulative = scenario
        .mix
        .rows
        .iter()
        .map(|r| {
            sum += r.share;
            (sum, r.interaction)
        })
        .collect();
    let mut end_ns = 0u64;
    let phase_ends_ns = scenario
        .phases
        .iter()
        .map(|p| {
            end_ns += u64::try_from(p.duration.as_nanos()).unwrap_or(u64::MAX);
            end_ns
        })
        .collect();
    Shared {
        population,
        target,
        host: target.to_string(),
        clock: Clock::start(),
        cumulative,
        phase_ends_ns,
        book: Mutex::new(Book {
            recorder: recorder_of(scenario),
            stages: Stages::new(population, &scenario.interactions),
            seq: 0,
            ordinals: vec![0; scenario.interactions.len()],
        }),
        closing: AtomicBool::new(false),
        in_flight: AtomicUsize::new(0),
        scenario: scenario.clone(),
    }
}

fn attack(shared: &Arc<Shared>, users: &scenarios::Users) -> Result<GooseAttack, Box<GooseError>> {
    // The struct has private fields, so it cannot be written out whole.
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(format!("http://{}", shared.host));
    configuration.users = Some(users.count as usize);
    configuration.increase_rate = Some(users.hatch_per_s.to_string());
    configuration.quiet = 3;
    configuration.no_metrics = true;
    configuration.no_print_metrics = true;
    configuration.no_telnet = true;
    configuration.no_websocket = true;
    let for_users = Arc::clone(shared);
    let ask = Transaction::new(Arc::new(move |goose_user| {
        let shared = Arc::clone(&for_users);
        Box::pin(async move {
            user::ask(&shared, goose_user).await;
            Ok(())
        })
    }));
    let scenario = GooseScenario::new("users")
        .set_wait_time(users.think_min, users.think_max)
        .map_err(Box::new)?
        .register_transaction(ask);
    Ok(GooseAttack::initialize_with_config(configuration).map_err(Box::new)?.register_scenario(scenario))
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
    let patience_ns =
        shared.clock.now_ns() + u64::try_from(shared.scenario.load.timeout.as_nanos()).unwrap_or(u64::MAX);
    while shared.in_flight.load(Ordering::SeqCst) > 0 && shared.clock.now_ns() < patience_ns {
        tokio::time::sleep(TICK / 10).await;
    }
    users.abort();
    Ok(EngineFacts { measured_s: 0.0, cpu_share: 0.0, interrupted })
}

fn look(shared: &Shared, now_ns: u64) -> Live {
    let mut book = shared.book();
    book.recorder.seconds.seal(now_ns);
    Live {
        at_s: now_ns as f64 / 1e9,
        of_s: shared.end_ns() as f64 / 1e9,
        phase: shared.phase_at(now_ns).map_or("the end".into(), |p| shared.scenario.phases[p].name.clone()),
        counts: book.recorder.counts_all,
        in_flight: shared.in_flight.load(Ordering::Relaxed),
        waiting: 0,
        second: book.recorder.seconds.latest().cloned(),
    }
}
