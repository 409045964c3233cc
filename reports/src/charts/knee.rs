//! The knee: response times of every probe of a search over its rate, the budgets, and the rate that was confirmed.

use std::collections::BTreeMap;

use plotters::style::RGBColor;
use run_record::{ALL, LimitRecord, ProbeRow, ProbeVerdict};

use super::axis::Axis;
use super::canvas::{self, BLUE, ORANGE, PURPLE};
use crate::units;

const HEIGHT: i32 = 800;

/// A percentile that is drawn: its name, the metric of its budget, its colour, its value.
type Line = (&'static str, &'static str, RGBColor, fn(&ProbeRow) -> u64);
const LINES: [Line; 3] = [
    ("response p99.9", "response-p99.9", PURPLE, |row| row.response_p99_9_ns),
    ("response p99", "response-p99", ORANGE, |row| row.response_p99_ns),
    ("response p50", "response-p50", BLUE, |row| row.response_p50_ns),
];

/// Draws it, or nothing when no probe had an answer.
pub(crate) fn knee(record: &LimitRecord) -> Option<String> {
    let answered = |row: &&ProbeRow| row.response_p99_ns > 0;
    let probes: Vec<&ProbeRow> = record.probes.iter().filter(answered).collect();
    let fastest = probes.iter().map(|row| row.rate_per_s).reduce(f64::max)?;
    let limits: Vec<(f64, String, RGBColor)> = LINES
        .iter()
        .flat_map(|(name, metric, colour, _)| {
            let of = move |b: &&run_record::BudgetLine| b.interaction == ALL && b.metric == *metric;
            let told = move |b: &run_record::BudgetLine| {
                (b.limit, format!("budget {} {}", name, b.limit_text), *colour)
            };
            record.budgets.iter().filter(of).map(told)
        })
        .collect();
    let times = probes.iter().flat_map(|row| LINES.map(|(_, _, _, of)| of(row).max(1_000)));
    let y = Axis::log_ms(times.chain(limits.iter().map(|(ns, _, _)| *ns as u64)))?;
    let x = Axis::even("requests a second, as planned", 0.0, fastest, |rate| units::number(rate, 0));
    canvas::draw(&alt(record), HEIGHT, x, y, |canvas| {
        for (ns, name, colour) in &limits {
            canvas.level(*ns, name, *colour)?;
        }
        if let Some(rate) = record.capacity_per_s {
            let least = if record.at_least { "at least " } else { "" };
            canvas.moment(rate, &format!("confirmed: {least}{}", units::per_s(rate)), 0)?;
        }
        for (_, _, colour, of) in LINES {
            canvas.line(medians(&probes, of).into_iter(), colour, 5)?;
            for row in &probes {
                canvas.dot(row.rate_per_s, of(row) as f64, colour, !believed(row))?;
            }
        }
        canvas.legend(&LINES.map(|(name, _, colour, _)| (name, colour)))
    })
}

fn believed(row: &ProbeRow) -> bool {
    matches!(row.verdict, ProbeVerdict::Met | ProbeVerdict::OverBudget)
}

/// The median of the valid probes at each rate, by rate.
fn medians(probes: &[&ProbeRow], of: fn(&ProbeRow) -> u64) -> Vec<(f64, f64)> {
    let mut rates: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for row in probes.iter().filter(|row| believed(row)) {
        // The bits of positive numbers sort as the numbers do.
        rates.entry(row.rate_per_s.max(0.0).to_bits()).or_default().push(of(row));
    }
    let median = |(rate, mut times): (u64, Vec<u64>)| {
        times.sort_unstable();
        (f64::from_bits(rate), times[times.len() / 2] as f64)
    };
    rates.into_iter().map(median).collect()
}

fn alt(record: &LimitRecord) -> String {
    let found = match record.capacity_per_s {
        Some(rate) => format!("the rate confirmed is {}", units::per_s(rate)),
        None => "no rate was confirmed".to_owned(),
    };
    format!("Response times of {} probes over the rate asked for; {found}.", record.probes.len())
}
