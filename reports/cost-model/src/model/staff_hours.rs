//! What a run's staff hours need of a model, and the sentences that must go with them. Called by the command line before a run
//! and by `reports` after it.

use super::{Assumption, Claim, Distribution, Model};
use crate::{Fault, Faults, Unit};

/// The assumptions behind staff hours a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StaffHours {
    /// Messages a day over all interactions.
    pub messages_per_day: f64,
    /// Fraction of the messages of attended interactions that a person really waits for.
    pub attended_share: f64,
    /// Fraction of those waits in which the person can do nothing else.
    pub blocking_share: f64,
}

const MONTHS_PER_YEAR: f64 = 12.0;

/// The assumptions that a model must hold for hours of a run: name, unit, and the range that makes sense.
const REQUIRED: [(&str, &str, f64, f64); 4] = [
    ("messages_per_month", "message/month", 0.0, 1e12),
    ("days_per_year", "day/yr", 1.0, 366.0),
    ("attended_share", "share", 0.0, 1.0),
    ("blocking_share", "share", 0.0, 1.0),
];

impl Model {
    /// The four assumptions behind staff hours, or what is missing or out of range, all at once.
    pub fn staff_hours(&self) -> Result<StaffHours, Faults> {
        let mut faults = Vec::new();
        let [messages, days, attended_share, blocking_share] = REQUIRED.map(|(name, unit, least, most)| {
            let mut fault = |line: usize, problem: String| {
                let what = format!("assumption.{name}");
                faults.push(Fault { file: self.origin.clone(), line, what, problem });
            };
            match self.assumption(name) {
                None => fault(
                    0,
                    format!("missing, which a run needs for its staff hours, allowed: a value in {unit}"),
                ),
                Some(a) if Unit::parse(unit).as_ref() != Ok(&a.unit) => {
                    fault(a.line, format!("got the unit {}, allowed: {unit}", a.unit));
                }
                Some(a) if !(least..=most).contains(&a.value) => {
                    fault(a.line, format!("out of range, got {}, allowed {least} to {most}", a.value));
                }
                Some(a) => return a.value,
            }
            least
        });
        match faults.is_empty() {
            true => {
                let messages_per_day = messages * MONTHS_PER_YEAR / days;
                Ok(StaffHours { messages_per_day, attended_share, blocking_share })
            }
            false => Err(Faults(faults)),
        }
    }

    /// Sentences on what staff hours of this model rest on: limits first, then each assumption behind them and each claim
    /// that is not of money, with its source.
    pub fn basis(&self) -> Vec<String> {
        let mut sentences = self.limits.clone();
        let figure = |kind: &str, name: &str, value: f64, unit: &str, range: Option<(f64, f64)>| {
            let range = range.filter(|(low, high)| low < high);
            let range = range.map_or(String::new(), |(low, high)| {
                format!(" (plausible {} to {})", plain(low), plain(high))
            });
            format!("{kind} {name}: {} {unit}{range}", plain(value))
        };
        for (name, ..) in REQUIRED {
            if let Some(a) = self.assumption(name) {
                let stated = figure("Assumed", name, a.value, &a.unit_text, range(a));
                sentences.push(format!("{stated}, {}: {}.", a.provenance.evidence, a.provenance.source));
            }
        }
        // What was claimed of money belongs to the report on costs.
        let of_money = |claim: &Claim| Unit::parse(&claim.unit).is_ok_and(|unit| unit.is_money());
        for (name, claim) in self.claims.iter().filter(|(_, claim)| !of_money(claim)) {
            let range = claim.low.zip(claim.high);
            let stated = figure("Claimed, not used:", name, claim.value, &claim.unit, range);
            sentences.push(format!("{stated}, {}: {}.", claim.provenance.evidence, claim.provenance.source));
        }
        sentences.push(format!("Case: {}. Baseline: {}.", self.origin, self.baseline_times.origin));
        sentences
    }

    /// The assumption of this name.
    pub fn assumption(&self, name: &str) -> Option<&Assumption> {
        self.assumptions.iter().find(|assumption| assumption.name == name)
    }
}

/// The ends of an assumption's spread, where it has ends.
fn range(assumption: &Assumption) -> Option<(f64, f64)> {
    match assumption.distribution {
        Some(Distribution::Pert(low, _, high) | Distribution::Triangular(low, _, high)) => Some((low, high)),
        Some(Distribution::Uniform(low, high)) => Some((low, high)),
        _ => None,
    }
}

/// A figure as it was meant, with thousands separators.
fn plain(value: f64) -> String {
    let text = value.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, String::new()), |(w, f)| (w, format!(".{f}")));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}
