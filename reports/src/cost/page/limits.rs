//! The top of the page: what it is, what must be assumed before anything is read, and what was measured.

use cost_model::{METRICS, Measurement, Rule};

use super::CostResults;
use super::cells::{grade, percent};
use crate::cost::view::with_unit;
use crate::html::escape;
use crate::html::facts::when;
use crate::html::parts::Column::{Figures, Words};
use crate::html::parts::{list, none, pairs_raw, table_raw, tag};
use crate::units;

/// Title, and the warning that stands over everything.
pub(super) fn head(results: &CostResults) -> String {
    let model = results.model();
    let (estimates, all) = (results.estimates().len(), model.assumptions.len());
    format!(
        "<header>\n<p class=\"product\">Spinebench cost report</p>\n<h1>{}</h1>\n<p class=\"when\">Made {}; {} from {}, {}, \
         {}</p>\n<div class=\"verdict invalid\" role=\"status\">\n<p class=\"word\"><span aria-hidden=\"true\">!</span> Under \
         assumptions</p>\n<p>Arithmetic on {} assumptions, {} of them estimates. It is no offer, no audit and no forecast, and it \
         confirms no published claim.</p>\n</div>\n</header>\n",
        escape(&model.title),
        escape(&when(&results.made)),
        escape(&results.horizon()),
        escape(&results.year(0)),
        escape(&model.currency),
        escape(&results.prices()),
        units::whole(all as u64),
        units::whole(estimates as u64),
    )
}

/// What it compares, what it must not be used for, and every estimate.
pub(super) fn limits(results: &CostResults) -> String {
    let model = results.model();
    let mut html = format!("<p class=\"lead\">{}</p>\n", escape(&model.what));
    html += &list(&model.limits);
    if !model.sunset.is_empty() {
        html += &tag("p", &format!("To be reviewed before it is used after {}.", model.sunset));
    }
    let estimates = results.estimates();
    if estimates.is_empty() {
        return html;
    }
    html += &tag("h3", "What must be assumed");
    html += &tag(
        "p",
        &format!(
            "{} of {} figures are estimates: nobody has measured, published or quoted them. Those that move the cash result most \
             stand first. Each can be replaced in the model; their sources stand in the table of assumptions.",
            units::whole(estimates.len() as u64),
            units::whole(model.assumptions.len() as u64)
        ),
    );
    let items: String = estimates
        .iter()
        .map(|(_, a)| {
            let own = model.options.iter().filter_map(|o| {
                let (_, value) = o.set.iter().find(|(name, _)| *name == a.name)?;
                Some(format!(", {} in {}", units::significant(*value), o.label))
            });
            let own: String = own.collect();
            let value = with_unit(a.value, &a.unit_text);
            format!("<li>{}: <strong>{}</strong>{}</li>\n", escape(&a.label), escape(&value), escape(&own))
        })
        .collect();
    html + &format!("<ul class=\"estimates\">\n{items}</ul>\n")
}

/// Where what is priced is not what was measured.
pub(super) fn substituted(results: &CostResults) -> String {
    match results.appraisal.substituted.is_empty() {
        true => String::new(),
        false => list(&results.appraisal.substituted),
    }
}

/// What the run gave, and on what it was measured.
pub(super) fn measured(results: &CostResults) -> String {
    let Some(m) = &results.appraisal.measurement else {
        return tag(
            "p",
            "Nothing: no run was given. Figures that a run would give stand at what the model states for that case.",
        );
    };
    let validity = if m.valid { "valid" } else { "not valid: its figures must not be used" };
    let text = |text: &str| escape(text);
    let mut html = pairs_raw(&[
        ("run", format!("{} ({validity})", text(&m.origin))),
        ("scenario", text(&m.scenario)),
        ("date", text(&m.date)),
        ("machine", format!("{}, {}", text(&m.cpu), units::counted(u64::from(m.cores), "core", "cores"))),
        (
            "hub",
            format!(
                "{}, store {}",
                units::counted(u64::from(m.nodes), "node", "nodes"),
                if m.store.is_empty() { "not said".to_owned() } else { text(&m.store) }
            ),
        ),
        ("seal (SHA-256)", format!("<code class=\"seal\">{}</code>", text(&m.sha256))),
    ]);
    if !m.warnings.is_empty() {
        html += &tag("h3", "To be known when reading it");
        html += &list(&m.warnings);
    }
    html + &metrics(m) + &bound(results) + &waits(m)
}

fn metrics(m: &Measurement) -> String {
    let rows: Vec<Vec<String>> = m
        .metrics
        .iter()
        .map(|(name, metric)| {
            let meaning = METRICS.iter().find(|(known, ..)| known == name).map_or(name.as_str(), |row| row.2);
            let low = metric.seen.iter().copied().fold(f64::INFINITY, f64::min);
            let high = metric.seen.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let spread = match metric.seen.len() {
                0 | 1 => "-".to_owned(),
                _ => format!("{} to {}", units::significant(low), units::significant(high)),
            };
            vec![escape(meaning), escape(&with_unit(metric.value, &metric.unit)), spread, escape(&metric.how)]
        })
        .collect();
    let columns =
        [Words("figure"), Figures("measured"), Figures("range over the run"), Words("how it was got")];
    if rows.is_empty() {
        String::new()
    } else {
        table_raw("Figures taken from the run", &columns, &rows, none)
    }
}

/// The assumptions that stand at a measured value, and those that should but do not.
fn bound(results: &CostResults) -> String {
    let bound = results.model().assumptions.iter().filter(|a| a.from.is_some());
    let rows: Vec<Vec<String>> = bound
        .map(|a| {
            let value = escape(&with_unit(a.value, &a.unit_text));
            vec![escape(&a.label), value, grade(a.provenance.evidence)]
        })
        .collect();
    let columns = [Words("assumption"), Figures("value"), Words("grade of evidence")];
    if rows.is_empty() {
        return String::new();
    }
    table_raw("Assumptions bound to the run", &columns, &rows, none)
}

fn waits(m: &Measurement) -> String {
    if m.waits.is_empty() {
        return String::new();
    }
    let seconds = |s: f64| units::significant(s);
    let rows: Vec<Vec<String>> = m
        .waits
        .iter()
        .map(|wait| {
            let mut cells = vec![escape(&wait.interaction), percent(wait.share)];
            for rule in 0..Rule::EACH.len() {
                cells.push(wait.before_s.map_or("-".to_owned(), |before| seconds(before[rule])));
                cells.push(seconds(wait.now_s[rule]));
            }
            cells
        })
        .collect();
    let columns = [
        Words("interaction"),
        Figures("share of messages"),
        Figures("before, every second alike"),
        Figures("now"),
        Figures("before, only above one second"),
        Figures("now"),
        Figures("before, tapered"),
        Figures("now"),
    ];
    table_raw("Mean waits of attended interactions in seconds, counted by three rules", &columns, &rows, none)
}
