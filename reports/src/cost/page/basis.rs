//! What the page rests on besides assumptions: published claims, sources, checks, and the files it was made from.

use cost_model::model::Provenance;

use super::CostResults;
use super::cells::{grade, small};
use crate::html::escape;
use crate::html::parts::Column::{Figures, Words};
use crate::html::parts::{none, pairs_raw, table_raw, tag};
use crate::units;

/// Claims that others published.
pub(super) fn claims(results: &CostResults) -> String {
    let rows: Vec<Vec<String>> = results
        .model()
        .claims
        .iter()
        .map(|(name, claim)| {
            let range = match (claim.low, claim.high) {
                (Some(low), Some(high)) => {
                    format!("{} to {}", units::significant(low), units::significant(high))
                }
                _ => "-".to_owned(),
            };
            let from = &claim.provenance;
            vec![
                escape(&name.replace('_', " ")),
                units::significant(claim.value),
                range,
                escape(&claim.unit),
                format!("{}{}{}", escape(&from.source), small(&from.url), small(&from.accessed)),
                grade(from.evidence),
            ]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let columns = [
        Words("claim"),
        Figures("value"),
        Figures("published range"),
        Words("unit"),
        Words("source"),
        Words("evidence"),
    ];
    tag("p", "No result rests on these; they stand here so that a reader may compare.")
        + &table_raw("Published claims", &columns, &rows, none)
}

/// Every source once, with how many figures rest on it.
pub(super) fn sources(results: &CostResults) -> String {
    let model = results.model();
    let mut sources: Vec<(String, &str, &str, usize)> = Vec::new();
    let mut add = |from: &'_ str, url, accessed| match sources
        .iter_mut()
        .find(|(s, u, a, _)| s == from && *u == url && *a == accessed)
    {
        Some((.., count)) => *count += 1,
        None => sources.push((from.to_owned(), url, accessed, 1)),
    };
    let all = model.assumptions.iter().map(|a| &a.provenance);
    for Provenance { source, url, accessed, .. } in all.chain(model.claims.values().map(|c| &c.provenance)) {
        add(source, url, accessed);
    }
    add(&format!("Discount rates {}: {}", model.schedule.id, model.schedule.source), "", "");
    add(&format!("Price index {}: {}", model.deflators.id, model.deflators.source), "", "");
    if !model.baseline_times.rows.is_empty() {
        add(&format!("Response times of the legacy system: {}", model.baseline_times.origin), "", "");
    }
    let rows: Vec<Vec<String>> = sources
        .iter()
        .map(|(source, url, accessed, count)| {
            let dash = |text: &str| if text.is_empty() { "-".to_owned() } else { escape(text) };
            vec![escape(source), dash(url), dash(accessed), units::whole(*count as u64)]
        })
        .collect();
    let columns = [Words("source"), Words("address"), Words("taken down"), Figures("figures")];
    table_raw("Sources, and how many figures rest on each", &columns, &rows, none)
}

/// The model's own checks, and who looked at it.
pub(super) fn checks(results: &CostResults) -> String {
    let rows: Vec<Vec<String>> = results
        .appraisal
        .checks
        .iter()
        .map(|(id, proves)| {
            vec![
                format!("{}{}", escape(proves), small(&results.appraisal.graph.node(*id).name)),
                units::significant(results.farthest(*id)),
                match results.holds(*id) {
                    true => "<span class=\"kept\">\u{2713} OK</span>".to_owned(),
                    false => "<span class=\"broken\">\u{2717} not 0</span>".to_owned(),
                },
            ]
        })
        .collect();
    let columns = [Words("check"), Figures("farthest from 0"), Words("outcome")];
    let mut html = table_raw("Figures that must be 0", &columns, &rows, none);
    let log = &results.model().qa_log;
    if log.is_empty() {
        return html + &tag("p", "The model names nobody who has checked it.");
    }
    let rows: Vec<Vec<String>> = log
        .iter()
        .map(|row| [&row.what, &row.date, &row.who, &row.outcome].map(|text| escape(text)).to_vec())
        .collect();
    let columns = [Words("what was checked"), Words("when"), Words("by whom"), Words("outcome")];
    html += &table_raw("Quality assurance", &columns, &rows, none);
    html
}

/// All that is needed to make the page again.
pub(super) fn manifest(results: &CostResults) -> String {
    let model = results.model();
    let code = |text: &str| format!("<code>{}</code>", escape(text));
    let mut html = pairs_raw(&[
        ("command", code(&results.command)),
        ("made", escape(&crate::html::facts::when(&results.made))),
        ("tool", escape(&format!("spinebench {}", results.tool_version))),
        ("model", escape(&format!("{} ({})", model.id, model.origin))),
        ("discount rates", escape(&model.schedule.id)),
        ("price index", escape(&model.deflators.id)),
        (
            "draws",
            escape(&format!(
                "{} with seed {}",
                units::whole(results.monte_carlo.draws as u64),
                results.monte_carlo.seed
            )),
        ),
    ]);
    let mut rows: Vec<Vec<String>> = model
        .inputs
        .iter()
        .map(|file| {
            let seal = format!("<code class=\"seal\">{}</code>", escape(&file.sha256));
            vec![escape(&file.name), units::whole(file.bytes), seal]
        })
        .collect();
    if let Some(m) = &results.appraisal.measurement {
        let seal = format!("<code class=\"seal\">{}</code>", escape(&m.sha256));
        rows.push(vec![format!("{}{}", escape(&m.origin), small("the run")), "-".to_owned(), seal]);
    }
    let columns = [Words("input"), Figures("bytes"), Words("SHA-256")];
    html += &table_raw("Every file that went in", &columns, &rows, none);
    html
}
