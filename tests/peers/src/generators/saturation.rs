//! How much a generator costs: as many small GETs as 60 connections carry, on one core, against the echo server on another.

use super::contest::{self, Contestant, OURS, add, contestants, median};
use super::{Ask, CONNECTIONS, Load, shown, whole_seconds};
use crate::bench::Bench;
use crate::pinned::{Ended, Look, Pinned};
use crate::server::{Server, this_program};
use crate::table::{Row, Table, Target};
use std::time::Duration;

/// Length of the answers' bodies: small, as the cost is that of asking.
const BODY_BYTES: usize = 2;
/// The null client's row.
const FLOOR: &str = "null client";
const CPU: &str = "client CPU us/request";
const RATE: &str = "requests/s";
const SERVER: &str = "server core %";
/// CPU of the server for each request it answered.
pub const SERVER_CPU: &str = "server CPU us/request";
const RSS: &str = "client memory MB";

/// The comparison.
///
/// # Errors
/// A sentence: our own small programs cannot be started.
pub fn compare(bench: &Bench) -> Result<Table, String> {
    let seconds = whole_seconds(bench);
    let (mut all, missing) = contestants(bench, &[Load::Saturate], seconds);
    let mut floor = floor_row(seconds);
    for _ in 0..bench.rounds.min(1) {
        // A first, short turn that does not count: the machine wakes up.
        measure(bench, &mut floor.clone(), BODY_BYTES, |server| null_client(bench, server, 1))?;
    }
    contest::rounds(bench, &mut all, |bench, contestant: &mut Contestant| {
        if contestant.row.who == OURS {
            measure(bench, &mut floor, BODY_BYTES, |server| null_client(bench, server, seconds))?;
        }
        let ask = |target| Ask { target, seconds, load: contestant.load };
        let mut row = contestant.row.clone();
        measure(bench, &mut row, BODY_BYTES, |server| {
            Ok(contestant.measure(bench, &ask(server.address))?.ended)
        })?;
        contestant.row = row;
        Ok(())
    });
    let rows: Vec<Row> = std::iter::once(floor).chain(all.into_iter().map(|c| c.row)).collect();
    Ok(Table {
        name: "saturation".to_owned(),
        title: "Load generators: the cost of a request".to_owned(),
        method: format!(
            "{CONNECTIONS} keep-alive connections, each asking a small GET again as soon as it is answered, on one core; the echo \
             server on another core. CPU and rate are counted from the first to the last request that the server saw, so no \
             start and no report counts. {}",
            missing.join(". ")
        ),
        against: FLOOR.to_owned(),
        targets: target(&rows).into_iter().collect(),
        rows,
    })
}

fn floor_row(seconds: u32) -> Row {
    Row {
        who: FLOOR.to_owned(),
        version: String::new(),
        command: shown(std::path::Path::new("spinebench-peers"), &null_words("127.0.0.1:8080", seconds)),
        figures: Vec::new(),
        note: "the product's own connections, asking one prepared request; no plan, no check, no record"
            .to_owned(),
    }
}

fn null_words(target: &str, seconds: u32) -> Vec<String> {
    let words = format!("floor-client --target {target} --connections {CONNECTIONS} --seconds {seconds}");
    words.split(' ').map(str::to_owned).collect()
}

/// The null client for some seconds.
///
/// # Errors
/// A sentence: it does not start or end.
pub fn null_client(bench: &Bench, server: &Server, seconds: u32) -> Result<Ended, String> {
    let words = null_words(&server.address.to_string(), seconds);
    let child = Pinned::start(&mut this_program(&words)?, bench.client_core)?;
    child.finish(Duration::from_secs(u64::from(seconds) + 10))
}

/// One measurement: a fresh echo server with bodies of `bytes`, the client, and what both took between the first and the
/// last request, added to the row.
///
/// # Errors
/// A sentence: one of the two failed.
pub fn measure(
    bench: &Bench,
    row: &mut Row,
    bytes: usize,
    client: impl FnOnce(&Server) -> Result<Ended, String>,
) -> Result<(), String> {
    let server = Server::echo(bench, bytes)?;
    let before = server.look();
    let ended = client(&server)?;
    let after = server.look();
    let saw = server.saw()?;
    let span_s = saw.last_ns.saturating_sub(saw.first_ns) as f64 / 1e9;
    if saw.requests == 0 || span_s <= 0.0 {
        return Err(format!("no load reached the server; {}", ended.stderr));
    }
    let requests = saw.requests as f64;
    add(row, CPU, ended.cpu_s_between(saw.first_ns, saw.last_ns) * 1e6 / requests);
    add(row, RATE, requests / span_s);
    if let (Some(Look { cpu_s: a, .. }), Some(Look { cpu_s: b, .. })) = (before, after) {
        add(row, SERVER_CPU, (b - a) * 1e6 / requests);
        add(row, SERVER, (b - a) * 100.0 / span_s);
    }
    add(row, RSS, ended.rss_bytes_peak() as f64 / 1e6);
    Ok(())
}

fn target(rows: &[Row]) -> Option<Target> {
    let (ours, wrk) = (median(rows, OURS, CPU)?, median(rows, "wrk", CPU)?);
    Some(Target {
        what: "CPU per request at saturation is at most wrk's, with everything recorded and checked"
            .to_owned(),
        measured: format!("{ours:.2} us, wrk {wrk:.2} us: {:.2} x", ours / wrk),
        held: ours <= wrk,
    })
}
