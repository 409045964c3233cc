//! Where the load goes, and one measured run there: what `run` and `limit` share. A child of ours with a data folder of its
//! own, or a server that is already there. Judges nothing and writes no record.

use crate::events::{Events, Say};
use crate::exit::{Exit, Failure};
use harness::access_token::AccessTokens;
use harness::child::{HubPid, Server};
use harness::client::connector::Connector;
use harness::disk::bytes_on_disk;
use harness::engine::Live;
use harness::inject;
use harness::run::{RunError, Setting};
use reports::gate::AT_THE_END;
use run_record::{ALL, BudgetLine, Measured};
use scenarios::{Action, Model, Scenario, Target};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

/// Where the load goes.
pub struct Place {
    /// The address.
    pub address: SocketAddr,
    /// How it is spoken to.
    connector: Connector,
    tokens: AccessTokens,
    server: Option<Server>,
    data: Option<PathBuf>,
    /// Bytes on disk of the data folder when the hub was ready.
    data_bytes_before: Option<u64>,
}

/// Which program is the hub, where the scenario brings one of its own.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct HubProgram {
    /// The hub is this program, called as `PROGRAM hub --listen …` (another build of spinebench); this one unless given.
    #[arg(long = "hub", value_name = "PROGRAM")]
    program: Option<PathBuf>,
    /// An argument more for the hub, e.g. --hub-arg=--inject --hub-arg='work 25us'.
    #[arg(long = "hub-arg", value_name = "ARG", allow_hyphen_values = true)]
    args: Vec<String>,
}

impl HubProgram {
    fn is_default(&self) -> bool {
        self.program.is_none() && self.args.is_empty()
    }

    /// What it changes about the scenario as written, in sentences.
    pub fn changes(&self) -> Vec<String> {
        let program = self.program.as_ref().map(|p| format!("the hub is {}", p.display()));
        let args =
            (!self.args.is_empty()).then(|| format!("the hub is started with {}", self.args.join(" ")));
        program.into_iter().chain(args).collect()
    }
}

impl Place {
    /// The target of the scenario: an embedded hub is started, with its data below `folder`, and is ready when this returns.
    ///
    /// # Errors
    /// [`Exit::Unreachable`] or [`Exit::BadScenario`] with a sentence.
    pub fn of(scenario: &Scenario, hub: &HubProgram, folder: &Path, quiet: bool) -> Result<Self, Failure> {
        let tokens = AccessTokens::start(scenario).map_err(|e| Failure::new(Exit::Unreachable, e))?;
        match &scenario.target {
            Target::Embedded { store } => Self::embedded(scenario, (store, hub), folder, quiet, tokens),
            Target::Url { .. } if !hub.is_default() => {
                let message = "--hub, --hub-arg: the scenario sends to a server that already runs, allowed: with hub = \"embedded\"";
                Err(Failure::new(Exit::Usage, message))
            }
            Target::Url { host, port, .. } => {
                let unreachable =
                    |why: String| Failure::new(Exit::Unreachable, format!("{host}:{port}: {why}"));
                let mut found = (host.as_str(), *port)
                    .to_socket_addrs()
                    .map_err(|e| unreachable(format!("not found: {e}")))?;
                let address = found.next().ok_or_else(|| unreachable("has no address".into()))?;
                scenario.target.may_ask(address).map_err(|e| Failure::new(Exit::BadScenario, e))?;
                let connector = Connector::of(scenario, address, None).map_err(unusable)?;
                Ok(Place { address, connector, tokens, server: None, data: None, data_bytes_before: None })
            }
        }
    }

    fn embedded(
        scenario: &Scenario,
        (store, hub): (&str, &HubProgram),
        folder: &Path,
        quiet: bool,
        tokens: AccessTokens,
    ) -> Result<Self, Failure> {
        let program = match &hub.program {
            Some(program) => program.clone(),
            None => std::env::current_exe().map_err(|e| Failure::new(Exit::Bug, e))?,
        };
        let data = folder.join(format!(".hub-{}", std::process::id()));
        let sizes = scenario.population;
        let mut command = Command::new(program);
        command
            .args(["hub", "--listen", "127.0.0.1:0", "--store", store, "--data"])
            .arg(&data)
            .args(["--seed", &scenario.seed.to_string(), "--patients", &sizes.patients.to_string()])
            .args([
                "--organisations",
                &sizes.organisations.to_string(),
                "--endpoints",
                &sizes.endpoints.to_string(),
            ]);
        command.args(["--tls", scenario.tls.name(), "--connections", &scenario.load.connections.to_string()]);
        command.args(["--idle-time", &idle_s(scenario).to_string()]);
        if scenario.events.iter().any(|e| matches!(e.action, Action::Inject(_))) {
            command.arg("--admin");
        }
        if quiet {
            command.arg("--quiet");
        }
        command.args(&hub.args);
        let gone = |sentence| {
            let _ = std::fs::remove_dir_all(&data);
            Failure::new(Exit::Unreachable, sentence)
        };
        let server = Server::start(command).map_err(gone)?;
        let address = server.address;
        let connector = match Connector::of(scenario, address, Some(&data.join("certs"))) {
            Ok(connector) => connector.watching(Some(server.pid())),
            Err(sentence) => {
                drop(server); // before its folder goes
                return Err(gone(sentence));
            }
        };
        let data_bytes_before = Some(bytes_on_disk(&data));
        Ok(Place { address, connector, tokens, server: Some(server), data: Some(data), data_bytes_before })
    }

    /// Where the hub's process id can be read, 0 when it is not a child of ours.
    pub fn hub_pid(&self) -> HubPid {
        self.server.as_ref().map(Server::pid_watch).unwrap_or_default()
    }

    /// Stops the child and removes its data folder: a fresh hub for every run. Gives what went wrong, in sentences.
    fn close(self) -> Vec<String> {
        let stopped = self.server.map_or(Ok(()), Server::stop);
        if let Some(data) = &self.data {
            let _ = std::fs::remove_dir_all(data);
        }
        stopped.err().into_iter().chain(self.tokens.finish()).collect()
    }
}

/// Certificates, keys or source addresses that a run cannot begin with.
fn unusable(sentence: String) -> Failure {
    Failure::new(Exit::BadScenario, sentence)
}

/// Seconds for which a hub of our own lets a connection rest: all of the run and [`OPENING_S`] before it, because what a run
/// holds it must not lose.
fn idle_s(scenario: &Scenario) -> u64 {
    scenario.length().as_secs() + OPENING_S
}

/// Time in which all connections are open, seconds: 28,000 handshakes at 100 a second.
const OPENING_S: u64 = 280;

/// What is shown while a run is made ready and goes on.
pub struct Show<'a> {
    /// Told about once a second.
    pub live: &'a mut dyn FnMut(&Live),
    /// Told (open, wanted) while connections are opened.
    pub opening: &'a mut dyn FnMut(usize, usize),
    /// Told of the scenario's events.
    pub say: Say,
}

/// Runs the scenario's load against a place, by the model it names, with its events, and closes the place; a hub that ends
/// badly makes the run invalid.
///
/// # Errors
/// The target or the machine refused, or the population is impossible.
pub fn measure(
    scenario: &Scenario,
    mut place: Place,
    stop: &AtomicBool,
    show: Show<'_>,
) -> Result<Measured, Failure> {
    let connector = place.connector.clone();
    let inject = Box::new(move |rules: &str| inject::put(&connector, rules));
    let hub_pid = place.hub_pid();
    let events = Events::start(scenario.events.clone(), place.server.take(), inject, show.say);
    let mut setting = Setting {
        connector: place.connector.clone(),
        hub_pid,
        command: std::env::args().collect::<Vec<_>>().join(" "),
        stop,
        begin: &mut |clock| events.begin(clock),
        settle: &mut || events.settle(),
        opening: show.opening,
        live: show.live,
    };
    let measured = match scenario.load.model {
        Model::Open | Model::Closed => harness::run::run_open(scenario, &mut setting),
        Model::Users => journeys::run_users(scenario, &mut setting),
    };
    place.server = events.finish();
    let data_bytes = place.data_bytes_before.zip(place.data.as_deref().map(bytes_on_disk));
    let closed = place.close();
    let mut measured = measured.map_err(|e| match e {
        RunError::Unreachable(_) | RunError::Machine(_) => Failure::new(Exit::Unreachable, e),
        RunError::Population(_) => Failure::new(Exit::BadScenario, e),
    })?;
    if let (Some(hub), Some((before, after))) = (&mut measured.record.hub, data_bytes) {
        (hub.data_bytes_before, hub.data_bytes) = (Some(before), Some(after));
    }
    for sentence in closed {
        measured.record.validity.valid = false;
        measured.record.validity.reasons.push(format!("{AT_THE_END}: {sentence}."));
    }
    Ok(measured)
}

/// The scenario's budgets in the words of the record.
pub fn budget_lines(scenario: &Scenario) -> Vec<BudgetLine> {
    let line = |b: &scenarios::Budget| BudgetLine {
        interaction: b.interaction.clone(),
        metric: b.metric.clone(),
        limit: b.limit,
        limit_text: b.text.clone(),
    };
    scenario.budgets.iter().map(line).collect()
}

/// A time stamp as the beginning of a folder's name: 20261125T101500Z.
pub fn clock_name(started: &str) -> String {
    let digits: String =
        started.chars().take_while(|c| *c != '.').filter(|c| c.is_ascii_digit() || *c == 'T').collect();
    format!("{digits}Z")
}

/// The scenario's file name without its ending.
pub fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| ALL.to_owned(), |s| s.to_string_lossy().into_owned())
}
