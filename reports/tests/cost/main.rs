//! What the cost report promises in its forms for people and for machines: the page holds everything with the limits first,
//! is safe against hostile text and odd figures; the tables can be read back and add up to what the engine says.

#[path = "../support/html.rs"]
mod html_rules;
mod page;
#[path = "../support/cost/mod.rs"]
mod support;
mod tables;

use cost_model::Model;

/// Text that would do harm where it is not escaped.
const HOSTILE: &str = "<script>alert('x')</script>\"&\u{7}";

/// The made-up model with this text wherever a file may state one.
fn with_text(text: &str) -> Model {
    let mut model = support::model();
    let put = |field: &mut String| *field = text.to_owned();
    [&mut model.title, &mut model.what, &mut model.origin, &mut model.id].into_iter().for_each(put);
    model.limits.iter_mut().for_each(put);
    for a in &mut model.assumptions {
        let from = &mut a.provenance;
        [&mut a.label, &mut a.owner, &mut a.signed_off, &mut a.rag, &mut a.comment, &mut a.sunset]
            .into_iter()
            .for_each(put);
        [&mut from.source, &mut from.url, &mut from.accessed].into_iter().for_each(put);
    }
    for o in &mut model.options {
        // Labels must differ, as the reader demands.
        o.label = format!("{text} {}", o.name);
        [&mut o.kind, &mut o.what].into_iter().for_each(put);
    }
    for line in &mut model.costs {
        [&mut line.label, &mut line.bearer, &mut line.comment].into_iter().for_each(put);
    }
    for benefit in &mut model.benefits {
        [&mut benefit.label, &mut benefit.cash_evidence, &mut benefit.comment].into_iter().for_each(put);
    }
    for metric in &mut model.metrics {
        [&mut metric.label, &mut metric.comment].into_iter().for_each(put);
    }
    model.scenarios.iter_mut().for_each(|s| put(&mut s.label));
    for claim in model.claims.values_mut() {
        [&mut claim.unit, &mut claim.provenance.source, &mut claim.provenance.url].into_iter().for_each(put);
    }
    for row in &mut model.qa_log {
        [&mut row.date, &mut row.who, &mut row.what, &mut row.outcome].into_iter().for_each(put);
    }
    model.inputs.iter_mut().for_each(|file| put(&mut file.name));
    model
}
