//! The page's head, tiles and facts: verdict, what ran, validity, resources, machine. Words and lists, no tables of figures.

use run_record::{ALL, Kind, Measured, RunRecord, Verdict};

use super::escape;
use super::parts::{list, pairs_raw, tag};
use crate::summary::{load_line, verdict};
use crate::units;

/// Title and verdict.
pub(super) fn head(run: &Measured) -> String {
    let record = &run.record;
    let (word, sentence) = verdict(record);
    let (class, sign) = match record.verdict {
        Verdict::Pass => ("pass", "\u{2713}"),
        Verdict::OverBudget => ("over", "\u{2717}"),
        Verdict::Invalid => ("invalid", "!"),
    };
    let cut_short = match record.interrupted {
        true => "<p><strong>The run was stopped before its plan ended.</strong></p>\n",
        false => "",
    };
    format!(
        "<header>\n<p class=\"product\">Spinebench run report</p>\n<h1>{}</h1>\n<p class=\"when\">{}</p>\n\
         <div class=\"verdict {class}\" role=\"status\">\n<p class=\"word\"><span aria-hidden=\"true\">{sign}</span> {word}</p>\n\
         <p>{}</p>\n{cut_short}</div>\n</header>\n",
        escape(&record.scenario.title),
        escape(&format!(
            "Run of {}, {}",
            when(&record.started),
            units::seconds(record.measured_s) + " measured"
        )),
        escape(&sentence),
    )
}

/// A time stamp as people read it; what cannot be read as one is shown as it stands.
pub(crate) fn when(started: &str) -> String {
    match started.parse::<jiff::Timestamp>() {
        Ok(time) => jiff::tz::TimeZone::UTC.to_datetime(time).strftime("%-d %B %Y, %H:%M:%S UTC").to_string(),
        Err(_) => started.to_owned(),
    }
}

/// The figures that most readers come for.
pub(super) fn tiles(run: &Measured) -> String {
    let record = &run.record;
    let c = record.counts;
    let all = run.interactions.iter().find(|row| row.interaction == ALL && row.kind == Kind::Response);
    let mut tiles = vec![
        (
            "achieved rate",
            units::per_s(record.rate_per_s.achieved),
            format!("planned {}", units::per_s(record.rate_per_s.planned)),
        ),
        (
            "answered",
            units::whole(c.answered),
            format!("of {} planned, {} sent", units::whole(c.planned), units::whole(c.sent)),
        ),
        (
            "failed or dropped",
            units::whole(c.failed + c.dropped),
            format!("{} failed, {} dropped", units::whole(c.failed), units::whole(c.dropped)),
        ),
    ];
    if let Some(all) = all.filter(|row| row.count > 0) {
        tiles.push((
            "response time, median",
            format!("{} ms", units::ms(all.p50_ns)),
            "half of all requests".to_owned(),
        ));
        tiles.push((
            "response time, p99",
            format!("{} ms", units::ms(all.p99_ns)),
            "99 of 100 requests".to_owned(),
        ));
    }
    if let Some(r) = &record.observed.resilience {
        tiles.push((
            "availability",
            units::share_floor(r.availability),
            format!("longest outage {} s", units::number(r.longest_outage_s, 2)),
        ));
        tiles.push((
            "writes lost",
            units::whole(r.writes_lost),
            format!(
                "of {} looked up again, {} twice",
                units::whole(r.writes_checked),
                units::whole(r.duplicated)
            ),
        ));
    }
    if let Some(hours) = &record.hours_per_day {
        tiles.push((
            "staff hours a day",
            units::number(hours.linear, 0),
            format!(
                "under assumptions; {} by the strictest rule",
                units::number(hours.above_1s.min(hours.tapered), 0)
            ),
        ));
    }
    let tiles: String = tiles
        .iter()
        .map(|(name, figure, note)| {
            format!(
                "<div><dt>{}</dt><dd><strong>{}</strong><small>{}</small></dd></div>\n",
                escape(name),
                escape(figure),
                escape(note)
            )
        })
        .collect();
    format!("<dl class=\"tiles\" aria-label=\"Main figures\">\n{tiles}</dl>\n")
}

/// Reasons and warnings.
pub(super) fn validity(run: &Measured) -> String {
    let validity = &run.record.validity;
    let mut html = match validity.valid {
        true => tag("p", "The run is valid: it kept its plan, and its counts agree."),
        false => tag("p", "The run is invalid. Its figures must not be used, for these reasons:"),
    };
    if !validity.reasons.is_empty() {
        html += &list(&validity.reasons);
    }
    if !validity.warnings.is_empty() {
        html += &tag("p", "To be known when reading the figures:");
        html += &list(&validity.warnings);
    }
    html
}

/// Scenario, load, phases, target, command.
pub(super) fn ran(run: &Measured) -> String {
    let record = &run.record;
    let target = match record.target.kind.as_str() {
        "embedded" => format!("reference hub as a child process, {}", record.target.url),
        _ => record.target.url.clone(),
    };
    let authorised =
        record.target.authorised.as_ref().map_or(String::new(), |who| format!(", authorised by: {who}"));
    let store = record.hub.as_ref().and_then(|hub| hub.store.clone());
    let phases = record.phases.iter().map(|phase| {
        let rate = match (phase.from_per_s, phase.to_per_s) {
            (from, to) if (from - to).abs() < f64::EPSILON => format!("at {}", units::per_s(to)),
            (from, to) => format!("from {} to {}", units::per_s(from), units::per_s(to)),
        };
        // The shape as written says more than the ends; older records have none.
        let rate = if phase.shape.is_empty() { rate } else { phase.shape.clone() };
        let counts = if phase.measured { "measured" } else { "not measured" };
        format!("{}: {}, {rate}, {counts}", phase.name, units::seconds(phase.duration_s))
    });
    let phases: Vec<String> = phases.collect();
    let c = record.counts_all;
    let mut pairs = vec![
        ("Scenario", escape(&record.scenario.path)),
        ("Load", escape(&load_line(record))),
        ("Phases", phases.iter().map(|phase| escape(phase)).collect::<Vec<_>>().join("<br>")),
        ("Target", escape(&format!("{target}{authorised}"))),
    ];
    if let Some(store) = store {
        pairs.push(("Store of the hub", escape(&store)));
    }
    pairs.extend([
        ("Interactions", format!("{} of the mix; see <a href=\"#mix\">mix</a>", record.mix.len())),
        (
            "Whole run",
            escape(&format!(
                "{} planned, {} sent, {} answered, warm-up included",
                units::whole(c.planned),
                units::whole(c.sent),
                units::whole(c.answered)
            )),
        ),
        ("Seed", record.seed.to_string()),
        ("Command", format!("<code>{}</code>", escape(&record.command))),
    ]);
    pairs_raw(&pairs)
}

/// What hub and harness used.
pub(super) fn resources(run: &Measured) -> String {
    let record = &run.record;
    let requests = record.counts_all.answered.max(1) as f64; // processor time is of the whole run, warm-up included
    let per_request =
        |cpu_seconds: f64| format!("{} µs a request", units::number(cpu_seconds * 1e6 / requests, 1));
    let mut pairs = Vec::new();
    if let Some(hub) = &record.hub {
        let mut said = vec![
            format!(
                "{} of processor time in the whole run, {}",
                units::seconds(hub.cpu_seconds),
                per_request(hub.cpu_seconds)
            ),
            format!("memory up to {}", units::mib(hub.rss_bytes_peak)),
        ];
        said.extend(hub.seed_s.map(|s| format!("ready after {}", units::seconds(s))));
        said.extend(hub.fsync_ns_p50.map(|ns| format!("one fsync took {} ms (median)", units::ms(ns))));
        if let (Some(before), Some(after)) = (hub.data_bytes_before, hub.data_bytes) {
            said.push(format!("data folder from {} to {}", units::mib(before), units::mib(after)));
        }
        said.push(format!(
            "counted {} itself over the whole run",
            units::counted(hub.total, "transaction", "transactions")
        ));
        pairs.push(("Hub", escape(&said.join("; "))));
    }
    let h = &record.harness;
    let mut said = vec![
        format!(
            "{} of processor time in the whole run, {}",
            units::seconds(h.cpu_seconds),
            per_request(h.cpu_seconds)
        ),
        format!("memory up to {}", units::mib(h.rss_bytes_peak)),
        units::counted(u64::from(h.workers), "worker", "workers"),
    ];
    said.extend(h.clock_read_ns.map(|ns| format!("reading the clock costs {} ns", units::whole(ns))));
    if let Some((p50, p99)) = h.wake_late_ns_p50.zip(h.wake_late_ns_p99) {
        said.push(format!("sleeps end {} ms late (median), {} ms (p99)", units::ms(p50), units::ms(p99)));
    }
    pairs.push(("Harness", escape(&said.join("; "))));
    if let Some(floor) = h.floor {
        pairs.push((
            "Floor",
            escape(&format!(
                "the same client against a server that does nothing: service {} ms (median), {} ms (p99) over {}",
                units::ms(floor.service_p50_ns),
                units::ms(floor.service_p99_ns),
                units::counted(floor.count, "request", "requests")
            )),
        ));
    }
    pairs_raw(&pairs)
}

/// Machine, versions, hashes, and the scenario's text.
pub(super) fn machine(run: &Measured) -> String {
    let record = &run.record;
    let host = &record.host;
    let pairs = [
        (
            "Processor",
            escape(&format!("{}, {}", host.cpu, units::counted(u64::from(host.cores), "core", "cores"))),
        ),
        ("Memory", escape(&units::mib(host.memory_bytes))),
        ("System", escape(&format!("{}, kernel {}", host.os, host.kernel))),
        ("Program", escape(&format!("spinebench {}, {} build", record.tool.version, record.tool.profile))),
        ("Record format", record.format_version.to_string()),
        ("Scenario SHA-256", format!("<code>{}</code>", escape(&record.scenario.sha256))),
    ];
    let text = escape(&record.scenario.text);
    format!("{}<h3>The scenario as it was read</h3>\n<pre>{text}</pre>\n", pairs_raw(&pairs))
}

/// The last line.
pub(super) fn foot(run: &Measured) -> String {
    let RunRecord { tool, seed, .. } = &run.record;
    format!(
        "<footer><p>{}</p></footer>\n",
        escape(&format!(
            "Drawn by spinebench {} from the run record beside this file (record.json, interactions.csv, series.csv, \
             resources.csv, errors.csv, heatmap.csv, latency.hlog). Seed {seed}. Figures of a synthetic population; no \
             patient data.",
            tool.version
        ))
    )
}
