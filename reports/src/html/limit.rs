//! The page of a search for the limit: the rate found, the knee, every probe, how it was found. In the style of the run
//! report; one self-contained file.

use run_record::{LimitRecord, LimitedBy, ProbeRow, ProbeVerdict};

use super::parts::{Column, Part, figure as figure_of, list, pairs_raw, table_raw};
use super::{Document, escape};
use crate::charts::knee;
use crate::limit::{limit_verdict, verdict_word};
use crate::units;

const KNEE_NOTE: &str = "Each probe is a run of its own at one rate; the lines join the medians of valid probes at each rate. Hollow dots \
                         are probes that were invalid and say nothing about the hub. Dashed lines across are budgets on all \
                         requests; the upright one is the rate that was confirmed. Past the knee, requests queue and response times \
                         leave their level.";

/// The whole page.
pub fn limit_html(record: &LimitRecord) -> String {
    let parts = vec![
        Part { id: "knee", heading: "The knee", content: figure(record) },
        Part { id: "probes", heading: "Every probe", content: probes(&record.probes) },
        Part { id: "basis", heading: "How it was found", content: list(&record.basis) },
        Part { id: "ran", heading: "What ran", content: ran(record) },
    ];
    let foot = format!(
        "<footer><p>Drawn by spinebench {} from limit.json beside this file. Seed {}. Figures of a synthetic population; no \
         patient data.</p></footer>\n",
        escape(&record.tool.version),
        record.seed,
    );
    let title = format!("{} - limit - Spinebench report", record.scenario.title);
    Document { title, style: "", head: head(record), tiles: tiles(record), parts, foot }.html()
}

fn head(record: &LimitRecord) -> String {
    let (word, sentence) = limit_verdict(record);
    let class = match record.limited_by {
        LimitedBy::Budgets | LimitedBy::Range => "pass",
        LimitedBy::BelowRange => "over",
        LimitedBy::Generator | LimitedBy::Failure | LimitedBy::NothingValid | LimitedBy::Unsettled => {
            "invalid"
        }
    };
    format!(
        "<header>\n<p class=\"product\">Spinebench limit</p>\n<h1>{}</h1>\n<p class=\"when\">Search of {}</p>\n\
         <div class=\"verdict {class}\" role=\"status\">\n<p class=\"word\">{}</p>\n<p>{}</p>\n</div>\n</header>\n",
        escape(&record.scenario.title),
        escape(&super::facts::when(&record.started)),
        escape(&word),
        escape(&sentence),
    )
}

fn tiles(record: &LimitRecord) -> String {
    let Some(at) = &record.at_capacity else { return String::new() };
    let mut tiles = vec![
        ("achieved there", units::per_s(at.achieved_per_s), "median of the confirmation runs".to_owned()),
        (
            "response time, median",
            format!("{} ms", units::ms(at.response_p50_ns)),
            "at the rate found".into(),
        ),
        ("response time, p99", format!("{} ms", units::ms(at.response_p99_ns)), "at the rate found".into()),
        (
            "response time, p99.9",
            format!("{} ms", units::ms(at.response_p99_9_ns)),
            "at the rate found".into(),
        ),
    ];
    if let Some(hub) = at.hub_cores {
        let each = hub * 1e6 / at.achieved_per_s.max(f64::MIN_POSITIVE);
        tiles.push((
            "processor of the hub",
            format!("{} cores", units::number(hub, 2)),
            format!("{} µs a request", units::number(each, 0)),
        ));
    }
    let tiles = tiles.iter().map(|(name, figure, note)| {
        format!(
            "<div><dt>{}</dt><dd><strong>{}</strong><small>{}</small></dd></div>\n",
            escape(name),
            escape(figure),
            escape(note)
        )
    });
    format!("<dl class=\"tiles\" aria-label=\"Main figures\">\n{}</dl>\n", tiles.collect::<String>())
}

fn figure(record: &LimitRecord) -> String {
    knee(record)
        .map_or(String::new(), |svg| figure_of("knee-chart", "Response time over rate", KNEE_NOTE, &svg))
}

fn probes(rows: &[ProbeRow]) -> String {
    let columns = [
        Column::Figures("probe"),
        Column::Words("why"),
        Column::Figures("rate"),
        Column::Words("outcome"),
        Column::Figures("achieved"),
        Column::Figures("p50, ms"),
        Column::Figures("p99, ms"),
        Column::Figures("p99.9, ms"),
        Column::Figures("send lag p99.9, ms"),
        Column::Figures("hub, cores"),
        Column::Figures("harness, cores"),
        Column::Words("what broke"),
    ];
    let used = |cores: Option<f64>| cores.map_or("-".to_owned(), |c| units::number(c, 2));
    let cells = |row: &ProbeRow| {
        let class = if row.verdict == ProbeVerdict::Met { "kept" } else { "broken" };
        vec![
            format!("<a href=\"{}/report.html\">{}</a>", escape(&row.folder), row.number),
            escape(&row.why),
            units::per_s(row.rate_per_s),
            format!("<span class=\"{class}\">{}</span>", verdict_word(row.verdict)),
            units::per_s(row.achieved_per_s),
            units::ms(row.response_p50_ns),
            units::ms(row.response_p99_ns),
            units::ms(row.response_p99_9_ns),
            units::ms(row.send_lag_p99_9_ns),
            used(row.hub_cores),
            used(row.harness_cores),
            escape(&row.trouble),
        ]
    };
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    table_raw(
        "The probes in order; times are response times of all requests",
        &columns,
        &rows,
        super::parts::none,
    )
}

fn ran(record: &LimitRecord) -> String {
    let host = &record.host;
    let budgets = record.budgets.iter().map(|b| format!("{} {} {}", b.interaction, b.metric, b.limit_text));
    let mut pairs = vec![
        ("Scenario", escape(&record.scenario.path)),
        ("Scenario SHA-256", format!("<code>{}</code>", escape(&record.scenario.sha256))),
        ("Budgets", budgets.map(|b| escape(&b)).collect::<Vec<_>>().join("<br>")),
        (
            "Probes",
            escape(&format!(
                "{} of warm-up, {} measured, between {} and {}, to within {}",
                units::seconds(record.warm_up_s),
                units::seconds(record.step_s),
                units::per_s(record.from_per_s),
                units::per_s(record.to_per_s),
                units::percent(record.precision, 1)
            )),
        ),
        ("Target", escape(&format!("{} {}", record.target.kind, record.target.url))),
        (
            "Processor",
            escape(&format!("{}, {}", host.cpu, units::counted(u64::from(host.cores), "core", "cores"))),
        ),
        ("Memory", escape(&units::mib(host.memory_bytes))),
        ("System", escape(&format!("{}, kernel {}", host.os, host.kernel))),
        ("Program", escape(&format!("spinebench {}, {} build", record.tool.version, record.tool.profile))),
        ("Seed", record.seed.to_string()),
        ("Command", format!("<code>{}</code>", escape(&record.command))),
    ];
    if let Some(store) = &record.store {
        pairs.insert(5, ("Store of the hub", escape(store)));
    }
    pairs_raw(&pairs)
}
