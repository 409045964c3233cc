//! A trend for the terminal: what changed first, then each series of all requests. Pure, plain text.

use run_record::ALL;

use super::{CAVEAT, Trend, TrendChange, TrendGroup, TrendSeries};
use crate::text::{aligned, heading, line, wrapped};
use crate::units;

/// The text.
pub fn trend_text(trend: &Trend) -> String {
    let mut text = String::new();
    if trend.groups.is_empty() {
        line(&mut text, "No runs to follow: there is no valid run record here.".to_owned());
    }
    for group in &trend.groups {
        group_text(&mut text, group);
        line(&mut text, String::new());
    }
    if !trend.left_out.is_empty() {
        line(&mut text, "Left out".to_owned());
        trend.left_out.iter().for_each(|sentence| wrapped(&mut text, "  - ", sentence));
        line(&mut text, String::new());
    }
    wrapped(&mut text, "", CAVEAT);
    text
}

fn group_text(text: &mut String, group: &TrendGroup) {
    let runs = units::counted(group.runs.len() as u64, "run", "runs");
    line(text, format!("TREND: {}, {runs}", group.title));
    line(text, format!("  {}", group.agreed("machine class")));
    let ends = group.runs.first().zip(group.runs.last());
    if let Some((first, last)) = ends {
        line(text, format!("  {first} to {last}"));
    }
    heading(text, "Changes");
    let changes: Vec<(&TrendSeries, &TrendChange)> = group
        .series
        .iter()
        .flat_map(|series| series.changes.iter().map(move |change| (series, change)))
        .collect();
    let short = group.series.iter().find_map(TrendSeries::too_short);
    match (changes.is_empty(), short) {
        (true, Some(why)) => line(text, format!("  none can be found: {why}")),
        (true, None) => line(text, "  none found".to_owned()),
        (false, _) => {
            let mut table = vec![["", "before", "after", "change", "p", "from run"].map(str::to_owned)];
            for (series, change) in changes {
                table.push([
                    format!("{} {}", series.interaction, series.metric),
                    figure(series, change.before),
                    figure(series, change.after),
                    change_words(change),
                    format!("{:.4}", change.p),
                    change.run.clone(),
                ]);
            }
            aligned(text, &table);
        }
    }
    heading(text, "All requests");
    let mut table = vec![["", "first", "least", "most", "last"].map(str::to_owned)];
    for series in group.series.iter().filter(|series| series.interaction == ALL) {
        let values = || series.points.iter().map(|point| point.value);
        let of = |value: Option<f64>| value.map_or("-".to_owned(), |value| figure(series, value));
        table.push([
            series.metric.to_owned(),
            of(values().next()),
            of(values().reduce(f64::min)),
            of(values().reduce(f64::max)),
            of(values().next_back()),
        ]);
    }
    aligned(text, &table);
}

/// A figure of a series with its unit.
pub(crate) fn figure(series: &TrendSeries, value: f64) -> String {
    match series.unit {
        "ns" if series.metric == "cpu-per-transaction" => format!("{} µs", units::number(value / 1e3, 1)),
        "ns" => format!("{} ms", units::ms_f64(value)),
        "share" => units::percent(value, 3),
        "bytes" => units::mib(value.max(0.0) as u64),
        _ => units::per_s(value),
    }
}

/// What a change moved by.
pub(crate) fn change_words(change: &TrendChange) -> String {
    match change.change {
        Some(part) if part > 0.0 => format!("+{}", units::percent(part, 1)),
        Some(part) => units::percent(part, 1),
        None => "from zero".to_owned(),
    }
}
