//! How well a generator keeps a steady rate, and what that costs: 1,800 requests a second for some seconds, held against the
//! log of a server that never sleeps.

use super::contest::{OURS, contestants, median, rounds};
use super::{Ask, CONNECTIONS, Load, RATE, judge, whole_seconds};
use crate::bench::Bench;
use crate::server::Server;
use crate::table::{Row, Table, Target};

const CORE: &str = "% of a core";
const P50: &str = "schedule deviation us p50";
const P99: &str = "schedule deviation us p99";
const MAX: &str = "schedule deviation us max";
const KEPT: &str = "requests/s";

/// The comparison.
///
/// # Errors
/// Never; whoever fails is told in the table.
pub fn compare(bench: &Bench) -> Result<Table, String> {
    let seconds = whole_seconds(bench);
    let (mut all, missing) = contestants(bench, &[Load::Rate(RATE)], seconds);
    rounds(bench, &mut all, |bench, contestant| {
        let server = Server::known(bench, None)?;
        let ask = Ask { target: server.address, seconds, load: contestant.load };
        let outcome = contestant.measure(bench, &ask)?;
        let truth = server.truth()?;
        let seen = judge::requests(&truth.seen);
        let kept = match &outcome.planned_ns {
            Some(planned_ns) => judge::against_plan(planned_ns, &seen),
            None => judge::against_even(&seen),
        };
        let (Some(first), Some(last), Some(kept)) = (seen.first(), seen.last(), kept) else {
            return Err(format!("no load reached the server; {}", outcome.ended.stderr));
        };
        let span_s = (last.arrived_ns - first.arrived_ns).max(1) as f64 / 1e9;
        contestant.add(CORE, outcome.ended.cpu_s_between(first.arrived_ns, last.arrived_ns) * 100.0 / span_s);
        contestant.add(P50, kept.p50_us);
        contestant.add(P99, kept.p99_us);
        contestant.add(MAX, kept.max_us);
        contestant.add(KEPT, (seen.len() - 1) as f64 / span_s);
        Ok(())
    });
    let rows: Vec<Row> = all.into_iter().map(|c| c.row).collect();
    Ok(Table {
        name: "steady-1800".to_owned(),
        title: "Load generators: keeping a steady rate of 1,800 requests a second".to_owned(),
        method: format!(
            "{CONNECTIONS} connections on one core against a server with a known truth on another, which answers at once and never \
             sleeps. The product sends Poisson arrivals and is held against its own plan, number by number. The others send \
             evenly and are held against the evenly spaced schedule that fits their arrivals best, so that an error of the rate \
             and a constant delay are forgiven them. CPU is counted from the first request to the last. {}",
            missing.join(". ")
        ),
        against: OURS.to_owned(),
        targets: targets(&rows),
        rows,
    })
}

fn targets(rows: &[Row]) -> Vec<Target> {
    let of = |who, column| median(rows, who, column);
    let mut all = Vec::new();
    if let (Some(p99), Some(core)) = (of(OURS, P99), of(OURS, CORE)) {
        all.push(Target {
            what: "the schedule is kept to p99 100 us at no more than 12 % of one core".to_owned(),
            measured: format!("p99 {p99:.0} us at {core:.1} % of a core"),
            held: p99 <= 100.0 && core <= 12.0,
        });
    }
    all
}
