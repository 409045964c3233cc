//! Reads assumptions, what is derived from them, and published claims. Called by `read`; judges form, not provenance, which
//! is `check`'s.

use std::collections::BTreeMap;

use super::reader::{Reader, Section, shown};
use super::{Assumption, Claim, Derived, Distribution, From, Provenance};
use crate::provenance::{check_evidence, check_range};
use crate::{Evidence, METRICS, PriceRow, Prices, Unit};

/// Keys that a price row stands for.
const FROM_ROW: [&str; 9] =
    ["value", "unit", "from", "source", "url", "accessed", "price_base", "evidence", "run_sha256"];
/// Hex digits of a SHA-256.
const SHA256_DIGITS: usize = 64;

impl Reader<'_> {
    /// All assumptions; one that names a price row takes everything from it.
    pub(super) fn assumptions(&mut self, file: &Section<'_>, prices: &[Prices]) -> Vec<Assumption> {
        let tables = self.named(file, "assumption");
        tables.into_iter().map(|(name, of)| self.assumption(name, &of, prices)).collect()
    }

    fn assumption(&mut self, name: String, of: &Section<'_>, prices: &[Prices]) -> Assumption {
        self.name(&name, &of.path, of.line);
        let row = if of.has("price") { self.price_row(of, prices) } else { None };
        let (value, (unit, unit_text), provenance, spread) = match (row, of.has("price")) {
            (Some(row), _) => self.taken_from_row(of, row),
            // The fault is told; what a row would give stands empty.
            (None, true) => (0.0, (Unit::one(), String::new()), nowhere(), None),
            (None, false) => {
                let value = self.value(of, "value");
                (value, self.unit(of, "unit"), self.provenance(of), None)
            }
        };
        let stated = self.table(of, "dist", "assumption.NAME.dist").and_then(|dist| self.distribution(&dist));
        let from = self.table(of, "from", "assumption.NAME.from").map(|from| self.from(&from, &unit));
        let rag = [("", ""), ("red", "red"), ("amber", "amber"), ("green", "green")];
        Assumption {
            label: self.label(of, &name),
            value,
            unit,
            unit_text,
            distribution: stated.or(spread),
            provenance,
            from,
            owner: self.text_or_empty(of, "owner"),
            signed_off: self.text_or_empty(of, "signed_off"),
            rag: self.choice(of, "rag", &rag, true).to_owned(),
            comment: self.text_or_empty(of, "comment"),
            sunset: self.date_or_empty(of, "sunset"),
            line: of.line,
            name,
        }
    }

    fn value(&mut self, of: &Section<'_>, key: &str) -> f64 {
        if !of.has(key) {
            self.fault(of, key, "missing, allowed: a number");
        }
        self.number(of, key).unwrap_or(0.0)
    }

    fn price_row<'p>(&mut self, of: &Section<'_>, prices: &'p [Prices]) -> Option<&'p PriceRow> {
        for key in FROM_ROW.into_iter().filter(|key| of.has(key)) {
            self.fault(of, key, "stands beside price, allowed: either; the price row says it already");
        }
        let name = self.text(of, "price");
        let found: Vec<(&Prices, &PriceRow)> =
            prices.iter().filter_map(|file| Some((file, file.rows.get(&name)?))).collect();
        let files = |of: Vec<&str>| {
            if of.is_empty() { "none, name one in model.prices".to_owned() } else { of.join(", ") }
        };
        match found.as_slice() {
            [(_, row)] => Some(row),
            [] => {
                let searched = files(prices.iter().map(|file| file.origin.as_str()).collect());
                let problem =
                    format!("unknown price row, got {:?}, allowed: a name in {searched}", shown(&name));
                self.fault(of, "price", problem);
                None
            }
            several => {
                let where_ = files(several.iter().map(|(file, _)| file.origin.as_str()).collect());
                self.fault(of, "price", format!("{name:?} stands in {where_}, allowed: one file"));
                None
            }
        }
    }

    fn taken_from_row(
        &mut self,
        of: &Section<'_>,
        row: &PriceRow,
    ) -> (f64, (Unit, String), Provenance, Option<Distribution>) {
        let unit = Unit::parse(&row.unit).unwrap_or_else(|problem| {
            self.fault(of, "price", format!("the unit of the price row cannot be read: {problem}"));
            Unit::one()
        });
        let (low, high) = (row.low.unwrap_or(row.value), row.high.unwrap_or(row.value));
        let spread = (low < high).then_some(Distribution::Pert(low, row.value, high));
        let provenance = Provenance {
            source: row.source.clone(),
            url: row.url.clone(),
            accessed: row.accessed.clone(),
            price_base: row.price_base.clone(),
            evidence: row.evidence,
            run_sha256: None,
        };
        (row.value, (unit, row.unit.clone()), provenance, spread)
    }

    fn provenance(&mut self, of: &Section<'_>) -> Provenance {
        let word = self.text_or_empty(of, "evidence");
        let line = of.get("evidence").map_or(of.line, |value| self.line(value));
        let hash = self.text_or_empty(of, "run_sha256");
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if !hash.is_empty() && (hash.len() != SHA256_DIGITS || !hash.chars().all(hex)) {
            let problem = format!(
                "got {:?}, allowed: the seal of a run record, {SHA256_DIGITS} hex digits",
                shown(&hash)
            );
            self.fault(of, "run_sha256", problem);
        }
        Provenance {
            source: self.text_or_empty(of, "source"),
            url: self.text_or_empty(of, "url"),
            accessed: self.date_or_empty(of, "accessed"),
            price_base: self.text_or_empty(of, "price_base").trim().to_owned(),
            evidence: check_evidence(&mut self.to, line, &of.what("evidence"), &word),
            run_sha256: (!hash.is_empty()).then_some(hash),
        }
    }

    fn from(&mut self, of: &Section<'_>, unit: &Unit) -> From {
        let metric = self.text(of, "metric");
        match METRICS.iter().find(|(name, ..)| *name == metric) {
            None if metric.is_empty() => {}
            None => {
                let known: Vec<&str> = METRICS.iter().map(|(name, ..)| *name).collect();
                let problem =
                    format!("unknown metric, got {:?}, allowed: {}", shown(&metric), known.join(", "));
                self.fault(of, "metric", problem);
            }
            Some((_, measured, _)) if Unit::parse(measured).as_ref() != Ok(unit) => {
                self.fault(
                    of,
                    "metric",
                    format!("the unit is {unit}, allowed: {measured}, in which it is measured"),
                );
            }
            Some(_) => {}
        }
        From { metric, run: of.has("run").then(|| self.text(of, "run")) }
    }

    fn distribution(&mut self, of: &Section<'_>) -> Option<Distribution> {
        let kinds = ["pert", "triangular", "uniform", "normal", "lognormal"];
        let stated: Vec<&str> = kinds.into_iter().filter(|kind| of.has(kind)).collect();
        let [kind] = stated[..] else {
            self.to.add(
                of.line,
                &of.path,
                format!("got {}, allowed: one of {}", stated.len(), kinds.join(", ")),
            );
            return None;
        };
        let (found, allowed) = match kind {
            "normal" | "lognormal" => {
                let inner = self.table(of, kind, &format!("assumption.NAME.dist.{kind}"))?;
                let (first, second) = if kind == "normal" { ("mean", "sd") } else { ("median", "p90") };
                let (a, b) = (self.value(&inner, first), self.value(&inner, second));
                match kind {
                    "normal" => ((b > 0.0).then_some(Distribution::Normal(a, b)), "sd above 0"),
                    _ => ((0.0 < a && a < b).then_some(Distribution::Lognormal(a, b)), "0 < median < p90"),
                }
            }
            _ => {
                let numbers = self.numbers(of, kind);
                match (kind, &numbers[..]) {
                    ("uniform", [a, b]) if a < b => (Some(Distribution::Uniform(*a, *b)), ""),
                    ("uniform", _) => (None, "[lowest, highest], ascending"),
                    (_, [a, m, b]) if a <= m && m <= b && a < b => match kind {
                        "pert" => (Some(Distribution::Pert(*a, *m, *b)), ""),
                        _ => (Some(Distribution::Triangular(*a, *m, *b)), ""),
                    },
                    _ => (None, "[lowest, most likely, highest], ascending"),
                }
            }
        };
        if found.is_none() {
            self.fault(of, kind, format!("allowed: {allowed}"));
        }
        found
    }

    /// All derived figures.
    pub(super) fn derived(&mut self, file: &Section<'_>) -> Vec<Derived> {
        let mut all = Vec::new();
        for (name, of) in self.named(file, "derived") {
            self.name(&name, &of.path, of.line);
            let (unit, _) = self.unit(&of, "unit");
            let (label, formula) = (self.label(&of, &name), self.formula(&of, "formula"));
            all.push(Derived { name, label, unit, formula, line: of.line });
        }
        all
    }

    /// All published claims.
    pub(super) fn claims(&mut self, file: &Section<'_>) -> BTreeMap<String, Claim> {
        let mut all = BTreeMap::new();
        for (name, of) in self.named(file, "claim") {
            let value = self.value(&of, "value");
            let (low, high) = (self.number(&of, "low"), self.number(&of, "high"));
            check_range(&mut self.to, of.line, &of.what("value"), value, low, high);
            let (unit, provenance) = (self.text(&of, "unit"), self.provenance(&of));
            all.insert(name, Claim { value, low, high, unit, provenance });
        }
        all
    }
}

/// The provenance of a price row that was not found.
fn nowhere() -> Provenance {
    Provenance {
        source: String::new(),
        url: String::new(),
        accessed: String::new(),
        price_base: String::new(),
        evidence: Evidence::Estimate,
        run_sha256: None,
    }
}
