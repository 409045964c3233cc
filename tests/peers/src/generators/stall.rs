//! Whether a generator tells the truth when the server stops for a second: 1,800 requests a second, and a freeze of 1 s in
//! every 10 s.

use super::contest::{OURS, contestants, median, rounds};
use super::{Ask, CONNECTIONS, Load, RATE, judge};
use crate::bench::Bench;
use crate::server::Server;
use crate::table::{Row, Table, Target};

/// Period and length of the server's freezes, and length of the load, seconds: whoever starts within two seconds meets
/// exactly one whole freeze, and has time after it to send what it held back.
const FULL: (u32, u32, u32) = (10, 1, 11);
/// The same for a smoke run.
const SMOKE: (u32, u32, u32) = (3, 1, 3);

const REPORTED: &str = "p99 reported ms";
const TRUE: &str = "p99 true ms";
const RATIO: &str = "reported/true";
const SENT: &str = "sent in the freeze %";
const NEVER: &str = "never sent";

/// The comparison.
///
/// # Errors
/// Never; whoever fails is told in the table.
pub fn compare(bench: &Bench) -> Result<Table, String> {
    let (period_s, length_s, seconds) = if bench.smoke { SMOKE } else { FULL };
    let loads = [Load::Rate(RATE), Load::Corrected(RATE)];
    let (mut all, missing) = contestants(bench, &loads, seconds);
    rounds(bench, &mut all, |bench, contestant| {
        let server = Server::known(bench, Some((period_s, length_s)))?;
        let ask = Ask { target: server.address, seconds, load: contestant.load };
        let outcome = contestant.measure(bench, &ask)?;
        let truth = server.truth()?;
        let seen = judge::requests(&truth.seen);
        let (Some(first), Some(last)) = (seen.first(), seen.last()) else {
            return Err(format!("no load reached the server; {}", outcome.ended.stderr));
        };
        let span = (first.arrived_ns, last.arrived_ns);
        let freeze = judge::freeze_between(truth.origin_ns, (period_s, length_s), span.0, span.1);
        let freeze = freeze.ok_or("no whole freeze fell into its load")?;
        let met = match &outcome.planned_ns {
            Some(planned_ns) => judge::met_with_plan(planned_ns, &seen, freeze),
            None => judge::met_even(&seen, freeze, RATE, seconds),
        };
        if let Some(p99_ms) = outcome.reported.p99_ms {
            contestant.add(REPORTED, p99_ms);
            contestant.add(RATIO, p99_ms / met.true_p99_ms);
        }
        contestant.add(TRUE, met.true_p99_ms);
        contestant.add(SENT, met.sent * 100.0);
        contestant.add(NEVER, met.never_sent as f64);
        Ok(())
    });
    let rows: Vec<Row> = all.into_iter().map(|c| c.row).collect();
    Ok(Table {
        name: "stall-1800".to_owned(),
        title: "Load generators: the truth about a server that stops for a second".to_owned(),
        method: format!(
            "1,800 requests a second for {seconds} s over {CONNECTIONS} connections (the product opens more when all wait), while the \
             server holds all answers back for {length_s} s in every {period_s} s. The true p99 is from the intended send times to \
             the answers: what people would have waited. Sent in the freeze: of the requests intended for it, how many reached the \
             server in it; never sent: of the plan, how many did not come at all. Where a row says corrected, the generator \
             computes what it did not measure. {}",
            missing.join(". ")
        ),
        against: String::new(),
        targets: target(&rows).into_iter().collect(),
        rows,
    })
}

fn target(rows: &[Row]) -> Option<Target> {
    let of = |column| median(rows, OURS, column);
    let (ratio, sent, never) = (of(RATIO)?, of(SENT)?, of(NEVER)?);
    Some(Target {
        what: "reported p99 is 0.98 to 1.02 of the true one, nothing is dropped, and at least 99 % of the planned requests are \
               sent during the freeze"
            .to_owned(),
        measured: format!("{ratio:.3}, {never:.0} never sent, {sent:.1} % sent during the freeze"),
        held: (0.98..=1.02).contains(&ratio) && never == 0.0 && sent >= 99.0,
    })
}
