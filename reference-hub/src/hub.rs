//! A hub from start to stop: folder, port, store, population, threads, drain.
//!
//! Called by `spinebench hub` through [`run`], and by tests and other programs that want a hub inside themselves.
//! Blocking: the caller's thread becomes the hub's admin thread.

use crate::audit::{Auditor, SALT_BYTES};
use crate::backup::Backups;
use crate::clock::{self, HubClock, Stopwatch};
use crate::committer::{Committer, OnFailure};
use crate::counts::{Counts, Totals};
use crate::domain::Interface;
use crate::error::{EXIT_STORE_FAILED, HubError};
use crate::folder;
use crate::inject::{Injector, Plan, SEED_DEFAULT};
use crate::interfaces::{INTERFACES, SEEDS, sandbox_rows};
use crate::limits::{Limits, TICK_PERIOD};
use crate::log::{self, access::AccessLog};
use crate::metrics::Metrics;
use crate::oauth;
use crate::operating::Operating;
use crate::security::Security;
use crate::seed::{Filled, fill, load_few};
use crate::server::addresses::Addresses;
use crate::server::rate::Rates;
use crate::server::service::{Hub, Refused};
use crate::server::upload::BlobRoom;
use crate::server::{openapi, socket, tend, threads};
use crate::stop::StopHandle;
use crate::stores::{STORES, StoreKind, refuse_anothers};
use crate::view::CachedView;
use hub_store::blobs::Blobs;
use hub_store::clock::fsync_probe;
use hub_store::{Store, StoreError};
use population::Population;
use std::collections::HashSet;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// What a hub is started with.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// Where to listen; port 0 means any free one.
    pub listen: SocketAddr,
    /// The data folder; made when it is not there.
    pub data: PathBuf,
    /// The engine, a row of [`crate::stores::STORES`].
    pub store: &'static StoreKind,
    /// Whom a new folder is filled with; `None` serves what is there.
    pub population: Option<Population>,
    /// The open sandbox that clients' examples expect.
    pub sandbox: bool,
    /// TLS, and what one client may do.
    pub security: Security,
    /// I/O threads; `None` means one for every core but one, at least one.
    pub io_threads: Option<usize>,
    /// Memory for rows that were read or written last, in bytes of value; `None` leaves
    /// [`crate::limits::READ_CACHE_BYTES_MAX`].
    pub cache_bytes: Option<u64>,
    /// Tell no progress of filling the store; warnings are told all the same.
    pub quiet: bool,
    /// Answer the admin addresses (backup, injection) to callers on this machine; a sandbox does in any case.
    pub admin: bool,
    /// Write one answer in so many to the access log; 0 writes none.
    pub access_log_every: u64,
    /// Faults to inject; the empty plan injects none.
    pub inject: Arc<Plan>,
    /// Decides which requests are met.
    pub inject_seed: u64,
    /// How long a stopping hub says that it is not ready, and closes each connection after its next answer, before it stops
    /// accepting: as long as whoever balances the load needs to see it. 0 stops accepting at once.
    pub drain_notice: Duration,
}

impl HubConfig {
    /// A hub on a free port of this machine with everything optional left out: no population, no sandbox, the default
    /// engine.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        HubConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: data.into(),
            store: &STORES[0],
            population: None,
            sandbox: false,
            security: Security::default(),
            io_threads: None,
            cache_bytes: None,
            quiet: false,
            admin: false,
            access_log_every: 0,
            inject: Arc::default(),
            inject_seed: SEED_DEFAULT,
            drain_notice: Duration::ZERO,
        }
    }
}

/// What a hub did.
#[derive(Debug, Clone, PartialEq)]
pub struct HubSummary {
    /// Answers given.
    pub answered: Totals,
    /// Last durable sequence number.
    pub head_seq: u64,
    /// Time the store took to fill, in seconds; 0 when it was already full.
    pub seed_s: f64,
}

/// What tests may change about a hub.
pub struct Parts {
    /// Limits in force.
    pub limits: Limits,
    /// The interfaces to route over.
    pub interfaces: &'static [&'static Interface],
    /// What to do when durability is unknown.
    pub on_failure: OnFailure,
}

impl Default for Parts {
    fn default() -> Self {
        Parts { limits: Limits::default(), interfaces: INTERFACES, on_failure: Box::new(end_process) }
    }
}

/// Nothing may be acknowledged any more, and what was in flight is unknown: the process ends at once, and the next
/// start recovers what is durable.
fn end_process(error: &StoreError) {
    log::error("store-failed", &format!("stopped at once, as it is not known what is durable: {error}"));
    std::process::exit(EXIT_STORE_FAILED);
}

/// Serves until `stop`; calls `ready` with the real address once the port is open.
///
/// # Errors
/// [`HubError`], one sentence each. After `ready` only the store's housekeeping can fail.
pub fn run(
    config: &HubConfig,
    ready: impl FnOnce(SocketAddr),
    stop: &StopHandle,
) -> Result<HubSummary, HubError> {
    run_with(config, Parts::default(), ready, stop)
}

/// [`run`] with other limits or interfaces.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    config: &HubConfig,
    mut parts: Parts,
    ready: impl FnOnce(SocketAddr),
    stop: &StopHandle,
) -> Result<HubSummary, HubError> {
    let io_threads = config.io_threads.unwrap_or_else(io_threads_default).max(1);
    config.security.apply(&mut parts.limits);
    let tls = config.security.acceptor()?;
    let locked = folder::lock(&config.data)?;
    let bound = socket::bind(config.listen, io_threads).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => HubError::PortInUse(config.listen),
        _ => HubError::Listen(config.listen, error),
    })?;
    let of_store = |error| HubError::of_store(&config.data, error);
    let store = open(config.store, locked.path())?;
    let fsync_ns_p50 = if config.store.durable { probed_fsync(locked.path()).map_err(of_store)? } else { 0 };
    let (salt, seed_s) = prepare(store.as_ref(), config, stop)?;

    register(store.as_ref(), locked.path())?;
    let address = bound.address();
    let blobs = Arc::new(Blobs::open(locked.path()).map_err(of_store)?);
    sweep(&blobs, locked.path(), config.store.durable).map_err(of_store)?;
    let cache_bytes = config.cache_bytes.unwrap_or(parts.limits.read_cache_bytes_max);
    let view = Arc::new(CachedView::new(Arc::clone(&store), cache_bytes));
    let committer = Committer::start(Arc::clone(&store), Arc::clone(&view), &parts.limits, parts.on_failure)
        .map_err(HubError::Threads)?;
    let hub = Arc::new(Hub {
        interfaces: parts.interfaces,
        store: Arc::clone(&store),
        store_name: config.store.name,
        view,
        queue: committer.queue(),
        auditor: Auditor::new(salt),
        blobs: BlobRoom { blobs, folder: locked.path().join("blobs") },
        gathered: AtomicU64::new(0),
        limits: parts.limits,
        sandbox: config.sandbox,
        counts: Counts::new(io_threads),
        refused: Refused::default(),
        connections: AtomicUsize::new(0),
        addresses: Addresses::default(),
        tls,
        rates: Rates::new(parts.limits.rate_per_s, parts.limits.rate_clients_max),
        draining: AtomicBool::new(false),
        fsync_ns_p50,
        seed_s,
        nonce: u128::from_be_bytes(random()?),
        instance: format!("{:016x}", u64::from_be_bytes(random()?)),
        clock: HubClock::default(),
        openapi: {
            let own = openapi::Own { sandbox: config.sandbox, admin: config.admin };
            openapi::document(parts.interfaces, own).to_string().into()
        },
        tended: AtomicU64::new(0),
        data: locked.path().to_owned(),
        operating: Operating {
            metrics: Metrics::default(),
            access: AccessLog::start(config.access_log_every, io::stderr()).map_err(HubError::Threads)?,
            inject: Injector::new(Arc::clone(&config.inject), config.inject_seed),
            backups: Backups::default(),
            admin: config.admin,
        },
    });
    let listeners = bound.listen().map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => HubError::PortInUse(config.listen),
        _ => HubError::Listen(config.listen, error),
    })?;
    let served = serve(&hub, listeners, (stop, config.drain_notice), || ready(address));
    hub.draining.store(true, Relaxed);
    committer.finish();
    store.close().map_err(of_store)?;
    hub.operating.access.finish();
    served?;
    Ok(HubSummary { answered: hub.counts.totals(), head_seq: store.head().seq, seed_s })
}

/// Runs the I/O threads until the stop and through the drain; keeps the store's house meanwhile.
fn serve(
    hub: &Arc<Hub>,
    listeners: Vec<std::net::TcpListener>,
    (stop, notice): (&StopHandle, Duration),
    ready: impl FnOnce(),
) -> Result<(), HubError> {
    // What the I/O threads look at: the stop itself, or a later moment when notice is given.
    let closing = &if notice.is_zero() { stop.clone() } else { StopHandle::new() };
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        let admin = std::thread::current();
        for (index, listener) in listeners.into_iter().enumerate() {
            let name = format!("io-{index}");
            let admin = admin.clone();
            let io_thread = move || {
                let done = threads::run(hub, index, listener, closing.watch());
                stop.stop(); // one thread that cannot serve takes the others with it
                admin.unpark();
                done
            };
            match std::thread::Builder::new().name(name).spawn_scoped(scope, io_thread) {
                Ok(thread) => running.push(thread),
                Err(error) => {
                    stop.stop();
                    closing.stop();
                    return Err(HubError::Threads(error));
                }
            }
        }
        if let Err(error) =
            std::thread::Builder::new().name("tend".to_owned()).spawn_scoped(scope, || tend::run(hub))
        {
            stop.stop();
            closing.stop();
            return Err(HubError::Threads(error));
        }
        ready();
        let watch = Stopwatch::start();
        let (mut failed, mut noticed) = (None, None);
        while running.iter().any(|t| !t.is_finished()) {
            std::thread::park_timeout(if stop.is_stopped() { threads::DRAIN_POLL } else { TICK_PERIOD });
            if stop.is_stopped() {
                hub.draining.store(true, Relaxed);
                if noticed.get_or_insert_with(Stopwatch::start).elapsed() >= notice {
                    closing.stop();
                }
            }
            let now_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
            if let (Err(error), None) = (hub.store.tick(now_ms), &failed) {
                failed = Some(error);
                stop.stop();
            }
        }
        // All I/O threads may have ended between two looks at the stop: housekeeping must end all the same.
        hub.draining.store(true, Relaxed);
        for thread in running {
            match thread.join() {
                Ok(done) => done.map_err(HubError::Threads)?,
                Err(_) => {
                    return Err(HubError::Threads(io::Error::other("an I/O thread failed unexpectedly")));
                }
            }
        }
        failed.map_or(Ok(()), |error| Err(HubError::Store(error)))
    })
}

/// Opens the engine.
pub(crate) fn open(kind: &StoreKind, data: &Path) -> Result<Arc<dyn Store>, HubError> {
    refuse_anothers(kind, data)?;
    (kind.open)(data).map_err(|error| match HubError::of_store(data, error) {
        HubError::Store(StoreError(report)) => HubError::DataRefused(data.to_owned(), report),
        other => other,
    })
}

/// Fills a new folder, checks an old one. Returns the audit salt and the seconds that filling took.
fn prepare(
    store: &dyn Store,
    config: &HubConfig,
    stop: &StopHandle,
) -> Result<([u8; SALT_BYTES], f64), HubError> {
    let data = &config.data;
    let of_store = |error| HubError::of_store(data, error);
    let contents = match folder::contents(store, data)? {
        Some(contents) => contents,
        None => {
            folder::found(store, random()?).map_err(of_store)?;
            folder::contents(store, data)?
                .ok_or_else(|| StoreError("a row just loaded is not there".to_owned()))?
        }
    };
    if config.sandbox && !contents.sandbox {
        load_few(store, sandbox_rows()).map_err(of_store)?;
        folder::end_sandbox(store).map_err(of_store)?;
    }
    let Some(population) = &config.population else { return Ok((contents.salt, 0.0)) };
    let wanted = folder::described(population);
    if let Some(got) = contents.population.filter(|got| *got != wanted) {
        return Err(HubError::PopulationDiffers { data: data.clone(), got, wanted });
    }
    if contents.seeded {
        return Ok((contents.salt, 0.0));
    }
    let seq = store.head().seq;
    if seq > 0 {
        // Rows loaded now would replace what these transactions wrote.
        let got = format!("no population, but {seq} transactions");
        return Err(HubError::PopulationDiffers { data: data.clone(), got, wanted });
    }
    folder::begin_population(store, population).map_err(of_store)?;
    let tell = |line: &str| {
        if !config.quiet {
            log::info("fill", line)
        }
    };
    match fill(store, population, SEEDS, stop, &tell).map_err(of_store)? {
        Filled::Stopped => Err(HubError::StoppedWhileSeeding(data.clone())),
        Filled::Whole { rows, seconds } => {
            folder::end_population(store).map_err(of_store)?;
            tell(&format!("filled the store with {rows} rows in {seconds:.1} s ({wanted})"));
            Ok((contents.salt, seconds))
        }
    }
}

/// Makes the registered applications those of the data folder's `certs/clients`: new ones come, removed ones go.
fn register(store: &dyn Store, data: &Path) -> Result<(), HubError> {
    let rows = oauth::register::rows(store, &data.join("certs").join("clients"))?;
    if rows.is_empty() { Ok(()) } else { load_few(store, rows).map_err(|e| HubError::of_store(data, e)) }
}

/// Removes what an interrupted upload left; of a store that forgets, all blobs.
fn sweep(blobs: &Blobs, data: &Path, durable: bool) -> Result<(), StoreError> {
    let mut finished = HashSet::new();
    if durable {
        let folder = data.join("blobs");
        let cannot = |error: io::Error| StoreError::io(folder.display(), "cannot list the blobs", &error);
        for entry in std::fs::read_dir(&folder).map_err(cannot)? {
            finished.extend(entry.map_err(cannot)?.file_name().into_string().ok());
        }
    }
    blobs.sweep(&finished).map(|_| ())
}

fn probed_fsync(data: &Path) -> Result<u64, StoreError> {
    let probe = fsync_probe(data)?;
    if let Some(warning) = probe.warning {
        log::warn("fsync", &warning);
    }
    Ok(probe.p50_ns)
}

/// One core is left to the committer.
fn io_threads_default() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get().saturating_sub(1))
}

/// Bytes from the system's random source.
fn random<const N: usize>() -> Result<[u8; N], HubError> {
    let mut bytes = [0; N];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.map_err(|error| HubError::Store(StoreError(format!("/dev/urandom: cannot be read: {error}"))))?;
    Ok(bytes)
}

/// The hub's clock now, for callers that build requests with time in them (benches, tests).
pub fn now_ms() -> u64 {
    clock::now_ms()
}
