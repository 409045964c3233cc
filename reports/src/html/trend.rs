//! The page of a trend: what changed, a chart for each metric of all requests, and for each other one that changed. In the style of the
//! run report; one self-contained file. Pure; every text from the records is escaped.

use run_record::ALL;

use super::parts::{Column, list, none, table_raw, tag};
use super::{STYLE, escape};
use crate::charts::trend_chart;
use crate::trend::{CAVEAT, Trend, TrendGroup, TrendSeries, change_words, figure};
use crate::units;

/// The whole page.
pub fn trend_html(trend: &Trend) -> String {
    let links: String = trend
        .groups
        .iter()
        .enumerate()
        .map(|(at, group)| format!("<a href=\"#group-{at}\">{}</a> ", escape(&group.title)))
        .collect();
    let groups: String = trend.groups.iter().enumerate().map(|(at, group)| group_html(at, group)).collect();
    let nothing = match trend.groups.is_empty() {
        true => tag("p", "No runs to follow: there is no valid run record here."),
        false => String::new(),
    };
    let left_out = match trend.left_out.is_empty() {
        true => String::new(),
        false => format!(
            "<section id=\"left-out\" aria-labelledby=\"left-out-h\">\n<h2 id=\"left-out-h\">Left out</h2>\n{}</section>\n",
            list(&trend.left_out)
        ),
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Trend - Spinebench report</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<p class=\"product\">Spinebench trend</p>\n<h1>Runs over time</h1>\n<p>{}</p>\n</header>\n\
         <nav aria-label=\"Groups of runs\">{links}</nav>\n<main>\n{nothing}{groups}{left_out}</main>\n\
         <footer><p>Change points by E-divisive (Matteson and James 2014), shuffled from a fixed seed. Figures of a synthetic \
         population; no patient data.</p></footer>\n</body>\n</html>\n",
        escape(&CAVEAT.replace('`', "")),
    )
}

fn group_html(at: usize, group: &TrendGroup) -> String {
    let drawn = group.series.iter().filter(|s| s.interaction == ALL || !s.changes.is_empty());
    let figures: String = drawn.enumerate().filter_map(|(n, series)| figure_html(at, n, series)).collect();
    format!(
        "<section id=\"group-{at}\" aria-labelledby=\"group-{at}-h\">\n<h2 id=\"group-{at}-h\">{}</h2>\n{}{}{figures}</section>\n",
        escape(&group.title),
        tag(
            "p",
            &format!(
                "{}, on {}; {}, scenario SHA-256 {}.",
                units::counted(group.runs.len() as u64, "run", "runs"),
                group.agreed("machine class"),
                group.agreed("kind of target"),
                group.agreed("scenario").chars().take(12).collect::<String>(),
            )
        ),
        changes(group),
    )
}

fn changes(group: &TrendGroup) -> String {
    let rows: Vec<Vec<String>> = group
        .series
        .iter()
        .flat_map(|series| series.changes.iter().map(move |change| (series, change)))
        .map(|(series, change)| {
            vec![
                escape(&series.interaction),
                escape(series.metric),
                escape(&figure(series, change.before)),
                escape(&figure(series, change.after)),
                escape(&change_words(change)),
                format!("{:.4}", change.p),
                escape(&change.run),
            ]
        })
        .collect();
    if rows.is_empty() {
        let why = group.series.iter().find_map(TrendSeries::too_short);
        return tag(
            "p",
            &why.map_or("No change found.".to_owned(), |why| format!("No change can be found: {why}.")),
        );
    }
    let columns = [
        Column::Words("interaction"),
        Column::Words("metric"),
        Column::Figures("median before"),
        Column::Figures("median after"),
        Column::Figures("change"),
        Column::Figures("p"),
        Column::Words("from run"),
    ];
    table_raw("Where something changed", &columns, &rows, none)
}

fn figure_html(group: usize, n: usize, series: &TrendSeries) -> Option<String> {
    let svg = trend_chart(series)?;
    let of = if series.interaction == ALL { "all requests" } else { &series.interaction };
    Some(format!(
        "<figure id=\"trend-{group}-{n}\">\n<figcaption><h3>{}, {}</h3></figcaption>\n<div class=\"wide\">\n{svg}</div></figure>\n",
        escape(series.metric),
        escape(of)
    ))
}
