//! Whether the names in a model mean something: every formula, option and scenario names what exists, nothing is named twice,
//! and no derived figure rests on itself. Called by `read` when all else is read; without it no graph could be built.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::{Reader, shown};
use super::{BenefitKind, Model};
use crate::expr::Expr;
use crate::{BASELINE_NAME, RESULT_NAMES};

/// Names that the graph uses for its own figures, or that formulas read as something else.
const RESERVED: [&str; 30] = [
    BASELINE_NAME,
    "year",
    "min",
    "max",
    "ceil",
    "if",
    "sum",
    "running",
    "product",
    "given",
    "scenario",
    "optimism_bias",
    "first_discount_year",
    "years_from_price_base",
    "inflation_rate",
    "price_level",
    "benefit",
    "metric",
    "present",
    "discounted",
    "nominal",
    "saving",
    "saving_nominal",
    "vat_nominal",
    "net_cash_running",
    "npsv_cash_low_rate",
    "npsv_all_low_rate",
    "bcr",
    "payback_years",
    "first_3_years",
];
/// The same for whatever begins so.
const RESERVED_PREFIXES: [&str; 3] = ["discount_", "price_index_", "from_"];
/// Names that a message lists before it stops: a screen's worth.
const LISTED_MAX: usize = 40;

/// Checks all names of a model; faults go to the reader.
pub(super) fn check_names(reader: &mut Reader<'_>, model: &Model) {
    let mut links = Links { figures: figures(reader, model), reader };
    let options: BTreeSet<&str> = model.options.iter().map(|option| option.name.as_str()).collect();
    links.blocks(model, &options);
    links.changes(model);
    if !options.contains(model.baseline.as_str()) {
        links.unknown("model.baseline", &model.baseline, "option", &options);
    }
    match model.assumptions.iter().find(|a| a.name == model.inflation) {
        Some(rate) if !rate.unit.is_one() => {
            let problem = format!("the unit is {}, allowed: a fraction a year", rate.unit);
            links.fault("model.inflation", problem);
        }
        Some(_) => {}
        None => {
            let known = model.assumptions.iter().map(|a| a.name.as_str()).collect();
            links.unknown("model.inflation", &model.inflation, "assumption", &known);
        }
    }
    cycles(&mut links, model);
}

/// Names of assumptions and derived figures, each checked to be free.
fn figures<'m>(reader: &mut Reader<'_>, model: &'m Model) -> BTreeSet<&'m str> {
    let mut known = BTreeSet::new();
    let assumptions = model.assumptions.iter().map(|a| ("assumption", &a.name, a.line));
    let derived = model.derived.iter().map(|d| ("derived", &d.name, d.line));
    for (kind, name, line) in assumptions.chain(derived) {
        reserve(reader, kind, name, line);
        if !known.insert(name.as_str()) {
            reader.to.add(line, format!("{kind}.{name}"), "an assumption has this name, allowed: another");
        }
    }
    let mut sets = BTreeSet::new();
    let options = model.options.iter().map(|o| ("option", &o.name, o.line));
    let scenarios = model.scenarios.iter().map(|s| ("scenario", &s.name, s.line));
    for (kind, name, line) in options.chain(scenarios) {
        reserve(reader, kind, name, line);
        if known.contains(name.as_str()) || !sets.insert(name.as_str()) {
            let problem = "an assumption, a derived figure or an option has this name, allowed: another";
            reader.to.add(line, format!("{kind}.{name}"), problem);
        }
    }
    known
}

fn reserve(reader: &mut Reader<'_>, kind: &str, name: &str, line: usize) {
    let prefixed = RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    if prefixed || RESERVED.contains(&name) || RESULT_NAMES.contains(&name) {
        let problem = "the name is kept for a figure of the appraisal, allowed: another";
        reader.to.add(line, format!("{kind}.{}", shown(name)), problem);
    }
}

struct Links<'r, 'a, 'm> {
    reader: &'r mut Reader<'a>,
    /// Names that every formula may use.
    figures: BTreeSet<&'m str>,
}

impl Links<'_, '_, '_> {
    fn fault(&mut self, what: &str, problem: String) {
        let line = super::line_of(&self.reader.lines, what);
        self.reader.to.add(line, what, problem);
    }

    fn unknown(&mut self, what: &str, got: &str, kind: &str, known: &BTreeSet<&str>) {
        // What is empty was told as missing.
        if got.is_empty() {
            return;
        }
        let listed: Vec<&str> = known.iter().take(LISTED_MAX).copied().collect();
        let more = if known.len() > LISTED_MAX { ", …" } else { "" };
        let allowed =
            if listed.is_empty() { "none, the file has none".to_owned() } else { listed.join(", ") };
        self.fault(what, format!("unknown {kind}, got {:?}, allowed: {allowed}{more}", shown(got)));
    }

    fn formula(&mut self, what: &str, formula: &Expr<String>, more: &[&str]) {
        let mut names = Vec::new();
        formula.references(&mut names);
        let names: BTreeSet<&str> = names.into_iter().map(String::as_str).collect();
        for name in names {
            if !self.figures.contains(name) && !more.contains(&name) {
                let known = self.figures.iter().chain(more).copied().collect();
                self.unknown(what, name, "name", &known);
            }
        }
    }

    /// Formulas and options of derived figures, cost lines, benefits and metrics.
    fn blocks(&mut self, model: &Model, options: &BTreeSet<&str>) {
        for derived in &model.derived {
            self.formula(&format!("derived.{}.formula", derived.name), &derived.formula, &[]);
        }
        let mut bearing = Vec::new();
        for cost in &model.costs {
            self.formula(&format!("cost.{}.quantity", cost.id), &cost.quantity, &[]);
            self.formula(&format!("cost.{}.unit_price", cost.id), &cost.unit_price, &[]);
            bearing.push((format!("cost.{}.option", cost.id), &cost.options));
        }
        for benefit in &model.benefits {
            let what = |key: &str| format!("benefit.{}.{key}", benefit.id);
            self.formula(&what("realisation"), &benefit.realisation, &[]);
            for (key, formula) in parts(&benefit.kind) {
                let own: &[&str] = if key == "before" { &[BASELINE_NAME] } else { &[] };
                self.formula(&what(key), formula, own);
            }
            bearing.push((what("option"), &benefit.options));
        }
        for metric in &model.metrics {
            self.formula(&format!("metric.{}.formula", metric.id), &metric.formula, &RESULT_NAMES);
            bearing.push((format!("metric.{}.option", metric.id), &metric.options));
        }
        for (what, names) in bearing {
            for name in names.iter().filter(|name| !options.contains(name.as_str())) {
                self.unknown(&what, name, "option", options);
            }
        }
    }

    /// What options and scenarios change.
    fn changes(&mut self, model: &Model) {
        let assumptions: BTreeSet<&str> = model.assumptions.iter().map(|a| a.name.as_str()).collect();
        let options = model.options.iter().map(|o| (format!("option.{}.set", o.name), &o.set));
        let set = model.scenarios.iter().map(|s| (format!("scenario.{}.set", s.name), &s.set));
        let scale = model.scenarios.iter().map(|s| (format!("scenario.{}.scale", s.name), &s.scale));
        for (what, changes) in options.chain(set).chain(scale) {
            for (name, _) in changes.iter().filter(|(name, _)| !assumptions.contains(name.as_str())) {
                self.unknown(&format!("{what}.{}", shown(name)), name, "assumption", &assumptions);
            }
        }
        for scenario in &model.scenarios {
            for (name, _) in
                scenario.scale.iter().filter(|(name, _)| scenario.set.iter().any(|s| s.0 == *name))
            {
                let what = format!("scenario.{}.scale.{name}", scenario.name);
                self.fault(&what, "stands in set as well, allowed: one of the two".to_owned());
            }
        }
    }
}

/// The formulas of a benefit with their keys.
pub(super) fn parts(kind: &BenefitKind) -> Vec<(&'static str, &Expr<String>)> {
    match kind {
        BenefitKind::Amount(amount) => vec![("amount", amount)],
        BenefitKind::Unmonetised(_) => Vec::new(),
        BenefitKind::StaffTime(staff) => {
            let always = [
                ("volume", &staff.volume),
                ("attended", &staff.attended),
                ("blocking", &staff.blocking),
                ("hourly", &staff.hourly),
            ];
            let sometimes =
                [("before", &staff.before), ("now", &staff.now), ("hourly_full", &staff.hourly_full)];
            let sometimes = sometimes.into_iter().filter_map(|(key, formula)| Some((key, formula.as_ref()?)));
            always.into_iter().chain(sometimes).collect()
        }
    }
}

/// Tells each ring of derived figures that rest on one another, once. Without recursion: a chain may be long.
fn cycles(links: &mut Links<'_, '_, '_>, model: &Model) {
    let rests_on: BTreeMap<&str, Vec<&str>> = model
        .derived
        .iter()
        .map(|derived| {
            let mut names = Vec::new();
            derived.formula.references(&mut names);
            (derived.name.as_str(), names.into_iter().map(String::as_str).collect())
        })
        .collect();
    let mut done = BTreeSet::new();
    for start in rests_on.keys() {
        // The way from the start to where we are, each with what is still to be looked at.
        let mut way: Vec<(&str, std::slice::Iter<'_, &str>)> = vec![(start, rests_on[start].iter())];
        while let Some((at, rest)) = way.last_mut() {
            let Some(next) = rest.next() else {
                done.insert(*at);
                way.pop();
                continue;
            };
            if let Some(first) = way.iter().position(|(name, _)| name == next) {
                let ring: Vec<&str> = way[first..].iter().map(|(name, _)| *name).chain([*next]).collect();
                let what = format!("derived.{next}.formula");
                links.fault(&what, format!("rests on itself, got {}, allowed: no ring", ring.join(" -> ")));
            } else if let (Some(names), false) = (rests_on.get(next), done.contains(next)) {
                way.push((next, names.iter()));
            }
        }
    }
}
