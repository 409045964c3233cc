//! A MESH message's whole life (send, list, download, acknowledge) at the hub and at NHS England's own sandbox, asked by
//! one client. Called by the list of comparisons.

use super::drive::{Answer, Work, drive};
use super::requests::{Mailbox, MeshRequests};
use super::seeded::{self, Hub};
use super::{CLIENT_CPU, measure, median, row, sample, warm_s};
use crate::bench::Bench;
use crate::install;
use crate::pinned::Pinned;
use crate::table::{Row, Table, Target};
use harness::clock::{self, Clock};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The sandbox, and what its server runs fastest on.
const PACKAGES: [&str; 3] = ["mesh-sandbox==1.0.137", "uvloop==0.23.0", "httptools==0.9.0"];
/// Trips under way at a time: few, and as many as any MESH hub meets.
const LINES: [usize; 2] = [16, 256];
/// Bytes of a message.
const MESSAGE_BYTES: usize = 1_024;
/// The shared key of the sandbox's environment; anything will do.
const KEY: &str = "TestKey";
/// People of the hub: MESH has nothing to do with them.
const PEOPLE: u64 = 2_000;
/// How long the sandbox may take until it answers, seconds.
const START_S: f64 = 30.0;
/// Looks into an inbox until a message that was accepted must be there.
const LISTS_MAX: u32 = 1_000;
/// The target.
const RATIO_MIN: f64 = 50.0;
/// Figures of a whole trip of four requests.
const TRIP_CPU: &str = "server CPU us/trip";
/// See [`TRIP_CPU`].
const TRIPS: &str = "trips/s";

/// Where a message is on its way.
enum Step {
    Send,
    List(String, u32),
    Download(String),
    Acknowledge(String),
}

/// Trips, each line with a recipient of its own, so that it meets nobody else's messages.
struct Trips {
    requests: MeshRequests,
    mailboxes: Vec<Mailbox>,
    steps: Vec<Step>,
}

impl Trips {
    fn new(key: &str, mailboxes: Vec<Mailbox>) -> Result<Self, String> {
        let steps = mailboxes.iter().map(|_| Step::Send).collect();
        Ok(Trips { requests: MeshRequests::new(key, MESSAGE_BYTES)?, mailboxes, steps })
    }
}

impl Work for Trips {
    fn ask(&mut self, line: usize, out: &mut Vec<u8>) {
        let (own, from) = (&self.mailboxes[line], &self.mailboxes[(line + 1) % self.mailboxes.len()]);
        match &self.steps[line] {
            Step::Send => self.requests.send(from, &own.id, out),
            Step::List(..) => self.requests.list(own, out),
            Step::Download(id) => self.requests.download(own, id, out),
            Step::Acknowledge(id) => self.requests.acknowledge(own, id, out),
        }
    }

    fn take(&mut self, line: usize, answer: &Answer<'_>) -> Result<bool, String> {
        let step = std::mem::replace(&mut self.steps[line], Step::Send);
        self.steps[line] = match step {
            Step::Send => {
                answer.expect(202)?;
                let sent: serde_json::Value =
                    serde_json::from_slice(answer.body).map_err(|e| format!("the answer to a send: {e}"))?;
                let id = sent["message_id"].as_str().ok_or_else(|| format!("no message id in {sent}"))?;
                Step::List(id.to_owned(), 1)
            }
            Step::List(id, times) => {
                answer.expect(200)?;
                if String::from_utf8_lossy(answer.body).contains(&id) {
                    Step::Download(id)
                } else if times < LISTS_MAX {
                    // The sandbox delivers a message some time after it has accepted it.
                    Step::List(id, times + 1)
                } else {
                    return Err(format!("message {id} was not in its inbox in {times} looks"));
                }
            }
            Step::Download(id) => {
                answer.expect(200)?;
                if answer.body != self.requests.body() {
                    return Err(format!("message {id} came back as another"));
                }
                Step::Acknowledge(id)
            }
            Step::Acknowledge(_) => {
                answer.expect(200)?;
                return Ok(true);
            }
        };
        Ok(false)
    }
}

/// The sandbox as a running process.
struct Sandbox {
    process: Pinned,
    address: SocketAddr,
}

/// The mailboxes of the sandbox, one for each line.
fn sandbox_mailboxes() -> Vec<Mailbox> {
    let one = |n: usize| Mailbox { id: format!("SPB{n:05}"), password: "password".to_owned() };
    (0..LINES.into_iter().max().unwrap_or(1)).map(one).collect()
}

/// The list of mailboxes that the installed package reads.
fn list_of_mailboxes(bin: &Path) -> Option<PathBuf> {
    let lib = bin.parent()?.join("lib");
    let python = std::fs::read_dir(lib).ok()?.flatten().next()?.path();
    Some(python.join("site-packages/mesh_sandbox/store/data/mailboxes.jsonl"))
}

impl Sandbox {
    fn start(bench: &Bench) -> Result<Self, String> {
        let bin = install::python(bench, &PACKAGES)?;
        let list = list_of_mailboxes(&bin).ok_or("the sandbox's list of mailboxes is not where it was")?;
        let lines: Vec<String> = sandbox_mailboxes()
            .iter()
            .map(|m| {
                let (id, password) = (&m.id, &m.password);
                format!(
                    r#"{{"mailbox_id": "{id}", "mailbox_name": "{id}", "billing_entity": "England", "ods_code": "SPB", "org_code": "SPB", "password": "{password}"}}"#
                )
            })
            .collect();
        // Its documentation says to put another list in the place of this file.
        std::fs::write(&list, lines.join("\n")).map_err(|e| format!("{}: {e}", list.display()))?;
        let store = bench.scratch.join("mesh-sandbox");
        let _ = std::fs::remove_dir_all(&store);
        std::fs::create_dir_all(&store).map_err(|e| format!("{}: {e}", store.display()))?;
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|l| l.local_addr());
        let address = free.map_err(|e| format!("no free port: {e}"))?;
        let mut command = Command::new(bin.join("uvicorn"));
        command.args([
            "mesh_sandbox.api:app",
            "--workers",
            "1",
            "--no-access-log",
            "--log-level",
            "critical",
        ]);
        command.args([
            "--loop",
            "uvloop",
            "--http",
            "httptools",
            "--timeout-keep-alive",
            "600",
            "--port",
            &address.port().to_string(),
        ]);
        command.envs([("STORE_MODE", "file"), ("AUTH_MODE", "full"), ("SHARED_KEY", KEY)]);
        command.env("MAILBOXES_DATA_DIR", &store);
        // It writes two lines for every request, which nobody reads.
        let mut quiet = Command::new("sh");
        quiet
            .args(["-c", r#"exec "$@" >/dev/null 2>&1"#, "sh"])
            .arg(command.get_program())
            .args(command.get_args());
        quiet.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let process = Pinned::start(&mut quiet, bench.server_core)?;
        let clock = Clock::start();
        while TcpStream::connect(address).is_err() {
            if process.look().is_none() || clock.now_ns() as f64 / 1e9 > START_S {
                return Err("mesh-sandbox does not listen".to_owned());
            }
            clock::sleep(Duration::from_millis(100));
        }
        Ok(Sandbox { process, address })
    }
}

/// Who is measured: the row, the process with its address, and what it is asked.
type Contestant = (Row, (u32, SocketAddr), Trips);

/// Everybody once.
fn one_round(bench: &Bench, contest: &mut [Contestant]) -> Result<(), String> {
    let client = [bench.client_core];
    for (row, server, trips) in contest {
        let lines = trips.mailboxes.len();
        let fault = |e: String| format!("{}: {e}", row.who);
        drive(server.1, lines, warm_s(bench), &client, trips).map_err(fault)?;
        let (driven, cpu_us) = measure(*server, lines, bench.seconds, &client, trips).map_err(fault)?;
        sample(row, TRIP_CPU, cpu_us);
        sample(row, TRIPS, driven.per_s());
        sample(row, "p50 ms of a request", driven.quantile_ms(0.5));
        sample(row, "p99 ms of a request", driven.quantile_ms(0.99));
        sample(row, CLIENT_CPU, driven.client_us / 4.0);
    }
    Ok(())
}

/// Measures.
///
/// # Errors
/// One sentence: the hub does not run, or answers what was not wanted. Without the sandbox its rows are missing.
pub fn run(bench: &Bench) -> Result<Table, String> {
    let version = install::version_of(&bench.spinebench, "--version");
    let population = seeded::population(PEOPLE)?;
    let of_hub = |i: usize| {
        let end_point = population.endpoint(i as u32);
        Mailbox { id: end_point.mailbox, password: end_point.mailbox_password }
    };
    let data = seeded::copy(bench, PEOPLE, "mesh-trips")?;
    let hub = Hub::start(bench, PEOPLE, &data, &[bench.server_core], &[])?;
    let sandbox = Sandbox::start(bench);
    let mut contest: Vec<Contestant> = Vec::new();
    for lines in LINES {
        if let Ok(sandbox) = &sandbox {
            let command = "STORE_MODE=file AUTH_MODE=full uvicorn mesh_sandbox.api:app --workers 1 --loop uvloop \
                           --http httptools --no-access-log";
            let row =
                row(&format!("mesh-sandbox, {lines} at a time"), &PACKAGES.join(" "), command.to_owned());
            let mailboxes = sandbox_mailboxes().into_iter().take(lines).collect();
            contest.push((row, (sandbox.process.pid(), sandbox.address), Trips::new(KEY, mailboxes)?));
        }
        let row = row(&format!("hub, {lines} at a time"), &version, seeded::command_line(PEOPLE, &[]));
        let mailboxes = (0..lines).map(of_hub).collect();
        contest.push((row, hub.server(), Trips::new(population::MESH_SHARED_KEY, mailboxes)?));
    }
    let mut cut_short = String::new();
    for round in 0..bench.rounds {
        bench.say(&format!("round {} of {}", round + 1, bench.rounds));
        match one_round(bench, &mut contest) {
            Ok(()) => {}
            Err(sentence) if round == 0 => return Err(sentence),
            // What the rounds before gave still stands.
            Err(sentence) => {
                cut_short = format!(" Round {} ended early: {sentence}.", round + 1);
                break;
            }
        }
    }
    hub.stop()?;
    let missing = sandbox.as_ref().err().map_or(String::new(), |e| format!(" The sandbox is missing: {e}."));
    drop(sandbox);
    for left in ["mesh-trips", "mesh-sandbox"] {
        let _ = std::fs::remove_dir_all(bench.scratch.join(left));
    }
    let rows: Vec<Row> = contest.into_iter().map(|(row, _, _)| row).collect();
    let best = |who: &str| {
        let of = rows.iter().filter(|r| r.who.starts_with(who));
        of.max_by(|a, b| median(a, TRIPS).total_cmp(&median(b, TRIPS)))
    };
    let (ours, theirs) = (best("hub"), best("mesh-sandbox"));
    let of = |row: Option<&Row>, column| row.map_or(f64::NAN, |r| median(r, column));
    let ratio = of(ours, TRIPS) / of(theirs, TRIPS);
    let cpu_ratio = of(theirs, TRIP_CPU) / of(ours, TRIP_CPU);
    let target = Target {
        what: format!("At least {RATIO_MIN} x the sandbox's trips a second, each in its better row"),
        measured: format!("{ratio:.1} x by trips a second, {cpu_ratio:.1} x by CPU time"),
        held: ratio >= RATIO_MIN,
    };
    Ok(Table {
        name: "mesh-trips".to_owned(),
        title: "MESH: send, list, download, acknowledge".to_owned(),
        method: format!(
            "One trip is four requests, one after the other, with a message of {MESSAGE_BYTES} bytes; every answer is \
             checked, the body too. Each trip under way has a mailbox of its own. Server on core {}, client on core {}. \
             The hub's answers mean that the message is on the disk; the sandbox (file store, which flushes nothing) \
             checks authorisation tokens, as the hub does. The sandbox delivers after it has answered: a look that \
             comes too early is repeated.{missing}{cut_short}",
            bench.server_core, bench.client_core
        ),
        against: theirs.map_or(String::new(), |r| r.who.clone()),
        targets: vec![target],
        rows,
    })
}
