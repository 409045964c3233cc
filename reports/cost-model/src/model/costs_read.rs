//! Reads cost lines, benefits and metrics. Called by `read`; whether the names in them exist is `links`'s to say.

use super::reader::{Reader, Section, shown};
use super::{Benefit, BenefitClass, BenefitKind, CATEGORIES, CostLine, Metric, Spending, StaffTime, Timing};
use crate::expr::Expr;
use crate::{OptimismBias, Rule};

/// Most years of a model: the last band of the discount rates begins at 301.
pub(super) const HORIZON_MAX: u64 = 400;
/// What rounding may add to contributions that are meant to sum to 1.
const SUM_SLACK: f64 = 1e-9;

impl Reader<'_> {
    /// All cost lines.
    pub(super) fn costs(&mut self, file: &Section<'_>, horizon: usize, bias: &OptimismBias) -> Vec<CostLine> {
        let tables = self.listed(file, "cost");
        tables.iter().map(|of| self.cost(of, horizon, bias)).collect()
    }

    fn cost(&mut self, of: &Section<'_>, horizon: usize, bias: &OptimismBias) -> CostLine {
        let id = self.id(of);
        let spending = [("capex", Spending::Capex), ("opex", Spending::Opex)];
        let categories = CATEGORIES.map(|(category, _)| (category, category));
        let ob_class = of.has("ob").then(|| self.text(of, "ob"));
        if let Some(class) = ob_class.as_ref().filter(|class| !bias.classes.contains_key(*class)) {
            let known: Vec<&str> = bias.classes.keys().map(String::as_str).collect();
            let problem = format!("unknown class, got {:?}, allowed: {}", shown(class), known.join(", "));
            self.fault(of, "ob", problem);
        }
        CostLine {
            label: self.label(of, &id),
            options: self.options_of(of, true),
            spending: self.choice(of, "class", &spending, false),
            category: self.choice(of, "category", &categories, false).to_owned(),
            timing: self.timing(of, horizon),
            quantity: self.formula(of, "quantity"),
            unit_price: self.formula(of, "unit_price"),
            ob_mitigation: self.mitigation(of, ob_class.is_some()),
            ob_class,
            bearer: self.text_or_empty(of, "bearer"),
            vat: self.within(of, "vat", 0.0, 1.0).unwrap_or(0.0),
            zero_reason: self.text_or_empty(of, "zero_reason"),
            comment: self.text_or_empty(of, "comment"),
            line: of.line,
            id,
        }
    }

    fn id(&mut self, of: &Section<'_>) -> String {
        let id = self.text(of, "id");
        if !id.is_empty() {
            self.name(&id, &of.what("id"), of.line);
        }
        id
    }

    /// Options of a block; a name twice would count twice.
    fn options_of(&mut self, of: &Section<'_>, needed: bool) -> Vec<String> {
        let names = self.texts(of, "option");
        if needed && names.is_empty() {
            self.fault(of, "option", "missing, allowed: a list of options such as [\"hub_ha\"]");
        }
        if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            self.fault(of, "option", format!("{:?} stands here twice, allowed: once", shown(twice.1)));
        }
        names
    }

    fn timing(&mut self, of: &Section<'_>, horizon: usize) -> Timing {
        let last = horizon.saturating_sub(1);
        let Some(timing) = self.table(of, "timing", "cost.timing") else { return Timing::Span(0, last) };
        let span = timing.has("from") || timing.has("to");
        let stated = [span, timing.has("every"), timing.has("years")];
        if stated.iter().filter(|stated| **stated).count() != 1 {
            let problem = "allowed: one of { every = n }, { from = a, to = b }, { years = [0, 1] }";
            self.to.add(timing.line, &timing.path, problem);
        }
        if timing.has("every") {
            return Timing::Every(self.whole(&timing, "every", [1, HORIZON_MAX], None) as usize);
        }
        if timing.has("years") {
            let years = self.numbers(&timing, "years");
            let good = |year: &f64| (0.0..=last as f64).contains(year) && year.fract() == 0.0;
            let ascending = years.windows(2).all(|pair| pair[0] < pair[1]);
            if years.is_empty() || !years.iter().all(good) || !ascending {
                let problem = format!("got {years:?}, allowed: years from 0 to {last}, ascending");
                self.fault(&timing, "years", problem);
                return Timing::Years(Vec::new());
            }
            return Timing::Years(years.into_iter().map(|year| year as usize).collect());
        }
        let from = self.whole(&timing, "from", [0, last as u64], Some(0)) as usize;
        let to = self.whole(&timing, "to", [0, last as u64], Some(last as u64)) as usize;
        if from > to {
            self.fault(&timing, "from", format!("got {from} to {to}, allowed: the earlier year first"));
        }
        Timing::Span(from, to)
    }

    fn mitigation(&mut self, of: &Section<'_>, has_class: bool) -> Vec<(String, f64, f64)> {
        let mut all = Vec::new();
        for (name, value, line) in self.entries(of, "ob_mitigation") {
            let path = format!("{}.{}", of.what("ob_mitigation"), shown(&name));
            let factor = self.open(value, "cost.ob_mitigation.NAME", path, line);
            let mut share = |key: &str| {
                if !factor.has(key) {
                    self.fault(&factor, key, "missing, allowed: a fraction from 0 to 1");
                }
                self.within(&factor, key, 0.0, 1.0).unwrap_or(0.0)
            };
            let (contribution, mitigation) = (share("contribution"), share("mitigation"));
            all.push((name, contribution, mitigation));
        }
        let total: f64 = all.iter().map(|(_, contribution, _)| contribution).sum();
        if total > 1.0 + SUM_SLACK {
            self.fault(of, "ob_mitigation", format!("contributions sum to {total}, allowed: up to 1"));
        }
        if !all.is_empty() && !has_class {
            self.fault(of, "ob_mitigation", "stands without ob, allowed: beside the class that it mitigates");
        }
        all
    }

    /// All benefits.
    pub(super) fn benefits(&mut self, file: &Section<'_>, horizon: usize) -> Vec<Benefit> {
        let tables = self.listed(file, "benefit");
        tables.iter().map(|of| self.benefit(of, horizon)).collect()
    }

    fn benefit(&mut self, of: &Section<'_>, horizon: usize) -> Benefit {
        let id = self.id(of);
        let classes = [
            ("CRB", BenefitClass::Crb),
            ("nCRB", BenefitClass::Ncrb),
            ("SB", BenefitClass::Sb),
            ("UB", BenefitClass::Ub),
        ];
        let class = self.choice(of, "class", &classes, false);
        let kind = self.kind(of);
        let in_words = matches!(kind, BenefitKind::Unmonetised(_));
        if in_words != (class == BenefitClass::Ub) {
            self.fault(of, "class", "UB and words go together, allowed: both or neither");
        }
        // A share that is not stated would be taken for the whole, which no evidence supports.
        let realisation = match in_words && !of.has("realisation") {
            true => Expr::number(1.0),
            false => self.formula(of, "realisation"),
        };
        Benefit {
            label: self.label(of, &id),
            options: self.options_of(of, true),
            class,
            kind,
            realisation,
            ramp: self.ramp(of, horizon),
            cash_evidence: self.text_or_empty(of, "cash_evidence"),
            comment: self.text_or_empty(of, "comment"),
            line: of.line,
            id,
        }
    }

    fn kind(&mut self, of: &Section<'_>) -> BenefitKind {
        let kinds = ["amount", "words", "interaction"];
        let stated: Vec<&str> = kinds.into_iter().filter(|kind| of.has(kind)).collect();
        if stated.len() != 1 {
            self.to.add(
                of.line,
                &of.path,
                format!("got {} of, allowed: one of amount, words, interaction", stated.len()),
            );
        }
        let staff =
            ["role", "volume", "attended", "blocking", "before", "now", "rule", "hourly", "hourly_full"];
        if stated.first() != Some(&"interaction") {
            for key in staff.into_iter().filter(|key| of.has(key)) {
                self.fault(of, key, "stands without interaction, allowed: in a benefit of staff time");
            }
        }
        match stated.first() {
            Some(&"amount") => BenefitKind::Amount(self.formula(of, "amount")),
            Some(&"interaction") => BenefitKind::StaffTime(Box::new(self.staff_time(of))),
            Some(_) => BenefitKind::Unmonetised(self.text(of, "words")),
            None => BenefitKind::Unmonetised(String::new()),
        }
    }

    fn staff_time(&mut self, of: &Section<'_>) -> StaffTime {
        let rules = [("linear", Rule::Linear), ("above_1s", Rule::Above1S), ("tapered", Rule::Tapered)];
        StaffTime {
            interaction: self.text(of, "interaction"),
            role: self.text(of, "role"),
            volume: self.formula(of, "volume"),
            attended: self.formula(of, "attended"),
            blocking: self.formula(of, "blocking"),
            before: self.formula_or_none(of, "before"),
            now: self.formula_or_none(of, "now"),
            rule: self.choice(of, "rule", &rules, true),
            hourly: self.formula(of, "hourly"),
            hourly_full: self.formula_or_none(of, "hourly_full"),
        }
    }

    fn ramp(&mut self, of: &Section<'_>, horizon: usize) -> Vec<f64> {
        if !of.has("ramp") {
            return vec![1.0];
        }
        let ramp = self.numbers(of, "ramp");
        let share = |share: &f64| (0.0..=1.0).contains(share);
        if ramp.is_empty() || ramp.len() > horizon || !ramp.iter().all(share) {
            let problem =
                format!("got {ramp:?}, allowed: 1 to {horizon} fractions from 0 to 1, the last goes on");
            self.fault(of, "ramp", problem);
        }
        ramp
    }

    /// All further figures.
    pub(super) fn metrics(&mut self, file: &Section<'_>) -> Vec<Metric> {
        let mut all = Vec::new();
        for of in self.listed(file, "metric") {
            let id = self.id(&of);
            let (unit, unit_text) = self.unit(&of, "unit");
            all.push(Metric {
                label: self.label(&of, &id),
                unit,
                unit_text,
                formula: self.formula(&of, "formula"),
                options: self.options_of(&of, false),
                comment: self.text_or_empty(&of, "comment"),
                line: of.line,
                id,
            });
        }
        all
    }
}
