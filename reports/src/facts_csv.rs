//! Every figure of a record as one row of a CSV: part, name, metric, unit, value; for spreadsheets and scripts that want no JSON.
//! Numbers are bare, times in nanoseconds or seconds as the record has them. Pure.

use run_record::{Kind, Measured, Verdict};
use serde::Serialize;
use serde_json::Value;

/// A row.
#[derive(Serialize)]
struct Fact<'a> {
    part: &'a str,
    name: &'a str,
    metric: &'a str,
    unit: &'a str,
    value: String,
}

struct Facts {
    csv: csv::Writer<Vec<u8>>,
}

impl Facts {
    fn add(&mut self, part: &str, name: &str, metric: &str, unit: &str, value: impl ToString) {
        // Writing into memory fails only for rows of unequal length, and these are all of one type.
        let _ = self.csv.serialize(Fact { part, name, metric, unit, value: value.to_string() });
    }
}

/// The CSV.
pub(crate) fn facts_csv(run: &Measured) -> String {
    let record = &run.record;
    let mut facts = Facts { csv: csv::Writer::from_writer(Vec::new()) };
    let verdict = match record.verdict {
        Verdict::Pass => "pass",
        Verdict::OverBudget => "over-budget",
        Verdict::Invalid => "invalid",
    };
    facts.add("run", "all", "scenario", "", &record.scenario.title);
    facts.add("run", "all", "started", "", &record.started);
    facts.add("run", "all", "seed", "", record.seed);
    facts.add("run", "all", "verdict", "", verdict);
    facts.add("run", "all", "valid", "", record.validity.valid);
    facts.add("run", "all", "measured", "s", record.measured_s);
    let c = record.counts;
    for (metric, count) in [
        ("planned", c.planned),
        ("sent", c.sent),
        ("dropped", c.dropped),
        ("answered", c.answered),
        ("failed", c.failed),
    ] {
        facts.add("counts", "all", metric, "requests", count);
    }
    facts.add("rate", "all", "planned", "1/s", record.rate_per_s.planned);
    facts.add("rate", "all", "achieved", "1/s", record.rate_per_s.achieved);
    for row in &run.interactions {
        let part = row.kind.word();
        facts.add(part, &row.interaction, "count", "requests", row.count);
        if row.kind == Kind::Response {
            facts.add(part, &row.interaction, "failed", "requests", row.failed);
        }
        for (metric, ns) in [
            ("mean", row.mean_ns),
            ("p50", row.p50_ns),
            ("p90", row.p90_ns),
            ("p99", row.p99_ns),
            ("p99.9", row.p99_9_ns),
            ("p99.99", row.p99_99_ns),
            ("max", row.max_ns),
        ] {
            facts.add(part, &row.interaction, metric, "ns", ns);
        }
    }
    for budget in &record.budgets {
        facts.add(
            "budget limit",
            &budget.interaction,
            &budget.metric,
            budget_unit(&budget.metric),
            budget.limit,
        );
        if let Some(measured) = budget.measured {
            facts.add(
                "budget measured",
                &budget.interaction,
                &budget.metric,
                budget_unit(&budget.metric),
                measured,
            );
        }
        facts.add("budget met", &budget.interaction, &budget.metric, "", budget.met);
    }
    observed(&mut facts, run);
    let bytes = facts.csv.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn budget_unit(metric: &str) -> &'static str {
    match metric {
        "errors" => "share",
        "rate" => "1/s",
        _ => "ns",
    }
}

/// The observed parts field by field, under the names that `record.json` gives them: a new field comes by itself.
fn observed(facts: &mut Facts, run: &Measured) {
    let Ok(Value::Object(parts)) = serde_json::to_value(&run.record.observed) else { return };
    for (part, value) in &parts {
        match value {
            Value::Array(rows) => {
                for (at, row) in rows.iter().enumerate() {
                    // A row's first word is its name; events may share one, so they are numbered.
                    let named = ["journey", "name"].iter().find_map(|key| row[*key].as_str());
                    let name = named.map_or_else(|| (at + 1).to_string(), str::to_owned);
                    fields(facts, part, &name, row);
                }
            }
            value => fields(facts, part, "all", value),
        }
    }
}

fn fields(facts: &mut Facts, part: &str, name: &str, value: &Value) {
    let Value::Object(fields) = value else { return };
    for (field, value) in fields {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let (metric, unit) = match field.rsplit_once('_') {
            _ if field.ends_with("_per_s") => (field.as_str(), "1/s"),
            Some((metric, unit @ ("ns" | "s"))) => (metric, unit),
            Some((metric, "share")) => (metric, "share"),
            _ => (field.as_str(), ""),
        };
        facts.add(part, name, metric, unit, text);
    }
}
