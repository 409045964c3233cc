//! The seed table: each figure of the article that started this product, what this product gets for it, and whether that is measured,
//! derived under assumptions, or a published input. Pure; called by the command line with the run records it found. What no run
//! record shows is not claimed: the row then says the command that would measure it.

use cost_model::{Appraisal, Rule};
use run_record::{RunRecord, Verdict};
use serde::Serialize;

use crate::units;

/// What an answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// A valid run record of the scenario as written shows it.
    Measured,
    /// It follows from measured or published figures and from assumptions that nobody has published.
    DerivedUnderAssumptions,
    /// It was published by others and is put in, not got out.
    PublishedInput,
    /// Nothing shows it here yet.
    NotMeasured,
}

impl Basis {
    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Basis::Measured => "measured",
            Basis::DerivedUnderAssumptions => "derived under assumptions",
            Basis::PublishedInput => "published input",
            Basis::NotMeasured => "not measured here",
        }
    }
}

/// One row: a figure of the article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeedRow {
    /// The figure as the article has it.
    pub figure: String,
    /// What this product gets, one line an answer.
    pub got: Vec<SeedAnswer>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeedAnswer {
    /// What is got.
    pub what: String,
    /// What it rests on.
    pub basis: Basis,
    /// Where it comes from: a run record, a case, or the command that would measure it.
    pub from: String,
}

/// A run record and the folder it lies in.
pub type Found = (String, RunRecord);

/// The newest valid record of a scenario file, those of the scenario as written first.
fn newest<'a>(runs: &'a [Found], file: &str) -> Option<&'a Found> {
    let of = runs.iter().filter(|(_, record)| {
        let path = record.scenario.path.replace('\\', "/");
        record.validity.valid && path.rsplit('/').next() == Some(file)
    });
    of.max_by_key(|(_, record)| (record.scenario.changes.is_empty(), record.started.clone()))
}

fn measured(what: String, (folder, record): &Found) -> SeedAnswer {
    let short = match record.scenario.changes.is_empty() {
        true => String::new(),
        false => format!(" ({})", record.scenario.changes.join("; ")),
    };
    SeedAnswer { what: what + &short, basis: Basis::Measured, from: folder.clone() }
}

fn command(file: &str) -> SeedAnswer {
    SeedAnswer {
        what: "no valid run record of it".to_owned(),
        basis: Basis::NotMeasured,
        from: format!("cargo run --release -- run scenarios/{file}"),
    }
}

/// The answer of a scenario's newest record, or the command that would give one.
fn by_run(runs: &[Found], file: &str, what: impl Fn(&RunRecord) -> String) -> SeedAnswer {
    newest(runs, file).map_or_else(|| command(file), |found| measured(what(&found.1), found))
}

fn kept(record: &RunRecord) -> &'static str {
    match (record.verdict, record.budgets.is_empty()) {
        (_, true) => "no budget",
        (Verdict::Pass, false) => "budgets kept",
        (Verdict::OverBudget | Verdict::Invalid, false) => "budgets broken",
    }
}

fn carried(record: &RunRecord) -> String {
    format!(
        "{} achieved of {} planned over {}, {} dropped, {} failed, {}",
        units::per_s(record.rate_per_s.achieved),
        units::per_s(record.rate_per_s.planned),
        units::seconds(record.measured_s),
        units::whole(record.counts.dropped),
        units::whole(record.counts.failed),
        kept(record)
    )
}

/// A figure of a case's option.
fn metric(case: &Appraisal, option: &str, id: &str) -> Option<f64> {
    let option = case.options.iter().find(|o| o.name == option)?;
    let (_, node) = option.metrics.iter().find(|(at, _)| case.model.metrics[*at].id == id)?;
    Some(case.values.one(*node))
}

fn derived(what: String, case: &Appraisal) -> SeedAnswer {
    SeedAnswer { what, basis: Basis::DerivedUnderAssumptions, from: case.model.origin.clone() }
}

fn published(what: &str, from: &str) -> SeedAnswer {
    SeedAnswer { what: what.to_owned(), basis: Basis::PublishedInput, from: from.to_owned() }
}

/// The table. `spine` is the calibration case, `hub` the case of the reference hub at today's prices.
pub fn seed_table(runs: &[Found], spine: &Appraisal, hub: &Appraisal) -> Vec<SeedRow> {
    let row = |figure: &str, got: Vec<SeedAnswer>| SeedRow { figure: figure.to_owned(), got };
    vec![
        row(
            "1,800 transactions per second at peak",
            vec![by_run(runs, "national-peak.toml", |record| {
                format!("{}; p99 response {}", carried(record), p99(record))
            })],
        ),
        row("about 400 million messages a month", traffic(runs, spine)),
        row("20,000 organisations, 28,000 end points", vec![by_run(runs, "all-endpoints.toml", endpoints)]),
        row("response times cut by almost 90 %", cut(runs, spine)),
        row("750 staff hours saved a day", hours(runs, spine)),
        row("21 million pounds saved in the first year", money(spine)),
        row(
            "available around the clock",
            ["rolling-restart.toml", "crash.toml"].map(|file| by_run(runs, file, available)).to_vec(),
        ),
        row("commodity hardware and open source", hardware(hub)),
    ]
}

fn p99(record: &RunRecord) -> String {
    let line = record.budgets.iter().find(|b| b.interaction == run_record::ALL && b.metric == "response-p99");
    let value = line.and_then(|line| line.measured);
    value.map_or("not judged".to_owned(), |ns| units::budget_figure("response-p99", ns))
}

fn traffic(runs: &[Found], spine: &Appraisal) -> Vec<SeedAnswer> {
    let of = |id: &str| metric(spine, "spine2", id);
    let mut got = vec![by_run(runs, "working-week.toml", carried)];
    if let (Some(day), Some(mean), Some(peak)) = (of("traffic_per_day"), of("mean_rate"), of("peak_to_mean"))
    {
        let what = format!(
            "{} messages a day, {}/s on average, the peak {} times that",
            units::number(day, 0),
            units::number(mean, 1),
            units::number(peak, 1)
        );
        got.push(derived(what, spine));
    }
    got
}

fn endpoints(record: &RunRecord) -> String {
    let seen = record.observed.connections.clone().unwrap_or_default();
    format!(
        "{} connections over {} at a time, {} identities, {} a second opened; {}",
        units::whole(seen.peak),
        seen.transport,
        units::whole(seen.identities),
        units::number(seen.handshakes_per_s, 0),
        carried(record)
    )
}

/// Means over the attended interactions by their stated shares, baseline against measured.
fn cut(runs: &[Found], spine: &Appraisal) -> Vec<SeedAnswer> {
    let mut got = Vec::new();
    match newest(runs, "national-peak.toml") {
        Some((folder, record)) if record.hours_per_day.is_some() => {
            let lines = record.hours_per_day.iter().flat_map(|hours| &hours.lines);
            let (mut before, mut now, mut share) = (0.0, 0.0, 0.0);
            for line in lines {
                before += line.messages_per_day * line.baseline_ms;
                now += line.messages_per_day * line.measured_mean_ms;
                share += line.messages_per_day;
            }
            let what = format!(
                "{} less: {} ms on average against {} ms, attended interactions by their shares; the baseline is an \
                 estimate and holds a network that this run does not",
                units::percent(1.0 - now / before, 1),
                units::number(now / share, 2),
                units::number(before / share, 0)
            );
            got.push(SeedAnswer { what, basis: Basis::DerivedUnderAssumptions, from: folder.clone() });
        }
        _ => got.push(command("national-peak.toml")),
    }
    if let Some(cut) = metric(spine, "spine2", "response_cut") {
        let what = format!("{}; no absolute time was published", units::percent(cut, 1));
        got.push(published(&what, &spine.model.origin));
    }
    got
}

fn hours(runs: &[Found], spine: &Appraisal) -> Vec<SeedAnswer> {
    let mut got = Vec::new();
    let of = |id: &str| metric(spine, "spine2", id);
    if let (Some(hours), Some(isoquant)) = (of("hours_per_day"), of("isoquant")) {
        let what = format!(
            "{} hours a day, reproduced under assumptions and not confirmed: every pair of attended share and seconds saved \
             with the product {} s a message gives it",
            units::number(hours, 1),
            units::number(isoquant, 4)
        );
        got.push(derived(what, spine));
    }
    match newest(runs, "national-peak.toml").and_then(|(folder, r)| Some((folder, r.hours_per_day.clone()?)))
    {
        Some((folder, hours)) => {
            let each = [hours.linear, hours.above_1s, hours.tapered].map(|h| units::number(h, 0));
            let rules: Vec<String> =
                Rule::EACH.iter().zip(each).map(|(rule, h)| format!("{h} ({})", rule.words().1)).collect();
            let what = format!(
                "from the run's own times against the estimated baseline: {} hours a day; the baseline was tuned to the claim",
                rules.join(", ")
            );
            got.push(SeedAnswer { what, basis: Basis::DerivedUnderAssumptions, from: folder.clone() });
        }
        None => got.push(command("national-peak.toml")),
    }
    got
}

fn money(spine: &Appraisal) -> Vec<SeedAnswer> {
    let of = |id: &str| metric(spine, "spine2", id);
    let mut got = Vec::new();
    if let (Some(nominal), Some(real)) = (of("saving_published_prices"), of("saving_model_prices")) {
        let what = format!("£{}m a year in the prices of 2014-15", units::number(nominal / 1e6, 1));
        got.push(published(&what, &spine.model.origin));
        got.push(derived(format!("£{}m at 2024 prices", units::number(real / 1e6, 2)), spine));
    }
    if let Some(break_even) = of("build_cost_break_even") {
        let what = format!(
            "reproduced under assumptions and not confirmed: ten years of it repay a build of up to £{}m",
            units::number(break_even / 1e6, 1)
        );
        got.push(derived(what, spine));
    }
    got
}

fn available(record: &RunRecord) -> String {
    let Some(found) = &record.observed.resilience else { return carried(record) };
    format!(
        "{} of requests answered well; longest outage {}; of {} acknowledged writes looked up, {} lost and {} duplicated",
        units::percent(found.availability, 2),
        units::seconds(found.longest_outage_s),
        units::whole(found.writes_checked),
        units::whole(found.writes_lost),
        units::whole(found.duplicated)
    )
}

fn hardware(hub: &Appraisal) -> Vec<SeedAnswer> {
    let mut got: Vec<SeedAnswer> = hub
        .options
        .iter()
        .filter_map(|option| {
            let of = |id: &str| metric(hub, &option.name, id);
            let (per_tps, per_million) = (of("all_per_tps")?, of("cost_per_million")?);
            let what = format!(
                "{}: £{} for each transaction a second at capacity over three years, £{} a million messages at demand",
                option.label,
                units::number(per_tps, 0),
                units::number(per_million, 2)
            );
            Some(derived(what, hub))
        })
        .collect();
    got.extend(hub.substituted.iter().map(|sentence| SeedAnswer {
        what: sentence.clone(),
        basis: Basis::NotMeasured,
        from: "cargo run --release -- limit scenarios/ramp-to-limit.toml".to_owned(),
    }));
    got
}

/// The table as text for a terminal.
pub fn seed_text(rows: &[SeedRow]) -> String {
    let mut text = String::new();
    for row in rows {
        text += &format!("{}\n", row.figure);
        for answer in &row.got {
            let said = format!("{}: {} [{}]", answer.basis.words(), answer.what, answer.from);
            crate::text::wrapped(&mut text, "  ", &said);
        }
    }
    text
}

/// The table as markdown.
pub fn seed_markdown(rows: &[SeedRow]) -> String {
    let mut text = String::from("| figure | what this product gets | basis | from |\n|---|---|---|---|\n");
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    for row in rows {
        for (at, answer) in row.got.iter().enumerate() {
            let figure = if at == 0 { cell(&row.figure) } else { String::new() };
            text += &format!(
                "| {figure} | {} | {} | `{}` |\n",
                cell(&answer.what),
                answer.basis.words(),
                cell(&answer.from)
            );
        }
    }
    text
}
