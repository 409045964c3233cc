//! Where the load goes, and one measured run there: what `run` and `limit` share. A child of ours with a data folder of its
//! own, or a server that is already there. Judges nothing and writes no record.

use crate::exit::{Exit, Failure};
use harness::child::Server;
use harness::engine::Live;
use harness::run::{RunError, Setting};
use run_record::{ALL, BudgetLine, Measured};
use scenarios::{Model, Scenario, Target};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

/// Where the load goes.
pub struct Place {
    /// The address.
    pub address: SocketAddr,
    server: Option<Server>,
    data: Option<PathBuf>,
}

impl Place {
    /// The target of the scenario: an embedded hub is started, with its data below `folder`, and is ready when this returns.
    ///
    /// # Errors
    /// [`Exit::Unreachable`] with a sentence.
    pub fn of(scenario: &Scenario, folder: &Path, quiet: bool) -> Result<Self, Failure> {
        match &scenario.target {
            Target::Embedded { store } => Self::embedded(scenario, store, folder, quiet),
            Target::Url { host, port, .. } => {
                let unreachable =
                    |why: String| Failure::new(Exit::Unreachable, format!("{host}:{port}: {why}"));
                let mut found = (host.as_str(), *port)
                    .to_socket_addrs()
                    .map_err(|e| unreachable(format!("not found: {e}")))?;
                let address = found.next().ok_or_else(|| unreachable("has no address".into()))?;
                Ok(Place { address, server: None, data: None })
            }
        }
    }

    fn embedded(scenario: &Scenario, store: &str, folder: &Path, quiet: bool) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|e| Failure::new(Exit::Bug, e))?;
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
        if quiet {
            command.arg("--quiet");
        }
        let started = Server::start(command);
        match started {
            Ok(server) => Ok(Place { address: server.address, server: Some(server), data: Some(data) }),
            Err(sentence) => {
                let _ = std::fs::remove_dir_all(&data);
                Err(Failure::new(Exit::Unreachable, sentence))
            }
        }
    }

    /// Stops the child and removes its data folder: a fresh hub for every run.
    ///
    /// # Errors
    /// One sentence when it had to be killed or ended badly.
    pub fn close(self) -> Result<(), String> {
        let stopped = self.server.map_or(Ok(()), Server::stop);
        if let Some(data) = &self.data {
            let _ = std::fs::remove_dir_all(data);
        }
        stopped
    }
}

/// Runs the scenario's load against a place, by the model it names, and closes the place; a hub that ends badly makes the
/// run invalid. `live` is told about once a second.
///
/// # Errors
/// The target or the machine refused, or the population is impossible.
pub fn measure(
    scenario: &Scenario,
    place: Place,
    stop: &AtomicBool,
    live: &mut dyn FnMut(&Live),
) -> Result<Measured, Failure> {
    let mut setting = Setting {
        target: place.address,
        hub_pid: place.server.as_ref().map(Server::pid),
        command: std::env::args().collect::<Vec<_>>().join(" "),
        stop,
        live,
    };
    let measured = match scenario.load.model {
        Model::Open => harness::run::run_open(scenario, &mut setting),
        Model::Users => journeys::run_users(scenario, &mut setting),
    };
    let closed = place.close();
    let mut measured = measured.map_err(|e| match e {
        RunError::Unreachable(_) | RunError::Machine(_) => Failure::new(Exit::Unreachable, e),
        RunError::Population(_) => Failure::new(Exit::BadScenario, e),
    })?;
    if let Err(sentence) = closed {
        measured.record.validity.valid = false;
        measured.record.validity.reasons.push(format!("At the end of the run: {sentence}."));
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
