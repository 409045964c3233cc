//! Benefits of one option: money a year, or waiting time of staff counted by three rules and valued by one of them.

use super::inputs::reference;
use super::{At, Builder, Common};
use crate::appraisal::{BenefitNodes, Sheet};
use crate::expr::{Expr, Op};
use crate::model::{Benefit, BenefitKind, StaffTime};
use crate::rule::{ATTENTION_S, THOUGHT_S, UNNOTICED_S};
use crate::{Measurement, NodeId, Rule, Unit};

const SECONDS_PER_HOUR: f64 = 3600.0;
const MS_PER_S: f64 = 1000.0;
/// The name by which a formula of seconds before takes the baseline of its own interaction.
pub const BASELINE_NAME: &str = "baseline_s";
/// The word by which a benefit asks for every attended interaction of the measured mix.
pub(crate) const ATTENDED: &str = "attended";

/// One interaction whose waits are counted.
struct Row {
    /// Its name; empty when the benefit is one row.
    interaction: String,
    /// Its share of the volume; `None` is all of it.
    share: Option<f64>,
    /// Baseline seconds for each message, from the baseline file or else from the mix.
    before_s: Option<f64>,
    /// Counted seconds for each message as measured, by rule.
    now_s: Option<[f64; 3]>,
}

/// Where a row of staff time stands.
struct Slot<'a> {
    option: usize,
    name: String,
    label: String,
    heading: &'a str,
    line: usize,
}

impl Slot<'_> {
    fn at(&self) -> At<'_> {
        At { sheet: Sheet::Benefits, heading: self.heading, line: self.line }
    }
}

impl Builder<'_> {
    /// All benefits of an option; what is not monetised has no figure.
    pub(crate) fn benefits(
        &mut self,
        option: usize,
        measurement: Option<&Measurement>,
        common: &Common,
    ) -> Vec<BenefitNodes> {
        let model = self.model;
        let name = &model.options[option].name;
        let mut all = Vec::new();
        for (at, benefit) in model.benefits.iter().enumerate().filter(|(_, b)| b.options.contains(name)) {
            match &benefit.kind {
                BenefitKind::Unmonetised(_) => {}
                BenefitKind::Amount(amount) => all.extend(self.amount(option, at, benefit, amount, common)),
                BenefitKind::StaffTime(staff) => {
                    for row in self.rows(benefit, staff, measurement) {
                        all.extend(self.staff_time(option, at, benefit, staff, &row, common));
                    }
                }
            }
        }
        all
    }

    fn slot<'b>(&self, option: usize, benefit: &Benefit, interaction: &str) -> Slot<'b>
    where
        Self: 'b,
    {
        let of = &self.model.options[option];
        let (suffix, said) = match interaction {
            "" => (String::new(), String::new()),
            name => (format!(".{}", name.replace('-', "_")), format!(", {name}")),
        };
        Slot {
            option,
            name: format!("{}.benefit.{}{suffix}", of.name, benefit.id),
            label: format!("{}{said} ({})", benefit.label, of.label),
            heading: &of.label,
            line: benefit.line,
        }
    }

    fn tree(
        &mut self,
        slot: &Slot<'_>,
        part: &str,
        of: &Expr<String>,
        local: &[(&str, NodeId)],
    ) -> Option<Expr<NodeId>> {
        let resolved = self.names.resolve(of, Some(slot.option), local);
        resolved.map_err(|problem| self.fault(slot.line, &format!("{}.{part}", slot.name), problem)).ok()
    }

    fn amount(
        &mut self,
        option: usize,
        benefit_at: usize,
        benefit: &Benefit,
        amount: &Expr<String>,
        common: &Common,
    ) -> Option<BenefitNodes> {
        let slot = self.slot(option, benefit, "");
        let amount = self.tree(&slot, "amount", amount, &[])?;
        let amount = self.money(amount);
        let value = self.realised(&slot, benefit, "", "", amount)?;
        let present = self.present(&slot, value, common);
        Some(BenefitNodes {
            benefit: benefit_at,
            interaction: String::new(),
            class: benefit.class,
            value,
            present,
            hours: None,
            value_full: None,
        })
    }

    /// Yearly value: what it would be, times the share realised, times the share reached in the year.
    fn realised(
        &mut self,
        slot: &Slot<'_>,
        benefit: &Benefit,
        part: &str,
        said: &str,
        money: Expr<NodeId>,
    ) -> Option<NodeId> {
        let realisation = self.tree(slot, "realisation", &benefit.realisation, &[])?;
        let ramp_name = format!("benefit.{}.ramp", benefit.id);
        let ramp = self.graph.find(&ramp_name).unwrap_or_else(|| {
            let last = benefit.ramp.last().copied().unwrap_or(1.0);
            let reached = (0..self.model.horizon).map(|year| benefit.ramp.get(year).copied().unwrap_or(last));
            let at = At { sheet: Sheet::Benefits, heading: "Ramp", line: benefit.line };
            let label = format!("{}: share reached in the year", benefit.label);
            self.input(at, &ramp_name, &label, Unit::one(), reached.collect())
        });
        let currency = self.currency();
        let value = Expr::product_of([money, realisation, reference(ramp)]);
        let (name, label) = (format!("{}{part}", slot.name), format!("{}{said}", slot.label));
        Some(self.formula(slot.at(), &name, &label, Some(&currency), value))
    }

    fn present(&mut self, slot: &Slot<'_>, value: NodeId, common: &Common) -> NodeId {
        let currency = self.currency();
        let at = At { sheet: Sheet::Npsv, ..slot.at() };
        let discounted = Expr::binary(Op::Mul, reference(value), reference(common.discount));
        let (name, label) = (format!("{}.discounted", slot.name), format!("{}, discounted", slot.label));
        let discounted = self.formula(at, &name, &label, Some(&currency), discounted);
        let (name, label) = (format!("{}.present", slot.name), format!("{}, present value", slot.label));
        self.formula(at, &name, &label, Some(&currency), Expr::Sum(discounted))
    }

    /// The interactions that a benefit counts: one, or every attended one that was measured.
    fn rows(&mut self, benefit: &Benefit, staff: &StaffTime, measurement: Option<&Measurement>) -> Vec<Row> {
        let baseline = |name: &str| self.model.baseline_times.row(name).map(|row| row.legacy_ms / MS_PER_S);
        let waits = measurement.map_or(&[][..], |m| &m.waits);
        let row = |wait: &crate::Wait, share: Option<f64>| Row {
            interaction: wait.interaction.clone(),
            share,
            before_s: baseline(&wait.interaction).or(wait.before_s.map(|by_rule| by_rule[0])),
            now_s: Some(wait.now_s),
        };
        if staff.interaction == ATTENDED {
            return waits.iter().map(|wait| row(wait, Some(wait.share))).collect();
        }
        let measured = waits.iter().find(|wait| wait.interaction == staff.interaction);
        match (measured, &staff.now) {
            (Some(wait), _) => vec![Row { interaction: String::new(), ..row(wait, None) }],
            (None, Some(_)) => {
                let before_s = baseline(&staff.interaction);
                vec![Row { interaction: String::new(), share: None, before_s, now_s: None }]
            }
            (None, None) => {
                if measurement.is_some() {
                    let problem = format!(
                        "the run has no attended interaction {:?}, allowed: {}",
                        staff.interaction,
                        waits.iter().map(|w| w.interaction.as_str()).collect::<Vec<_>>().join(", ")
                    );
                    self.fault(benefit.line, &format!("benefit.{}.interaction", benefit.id), problem);
                }
                Vec::new()
            }
        }
    }

    fn staff_time(
        &mut self,
        option: usize,
        benefit_at: usize,
        benefit: &Benefit,
        staff: &StaffTime,
        row: &Row,
        common: &Common,
    ) -> Option<BenefitNodes> {
        let slot = self.slot(option, benefit, &row.interaction);
        let before = self.before(&slot, staff, row)?;
        let now = self.now(&slot, staff, row)?;
        let mut volume = self.tree(&slot, "volume", &staff.volume, &[])?;
        if let Some(share) = row.share {
            let name = format!("benefit.{}.{}.share", benefit.id, row.interaction.replace('-', "_"));
            let share =
                self.shared(&slot, &name, &format!("{}: share of all messages", row.interaction), share);
            volume = Expr::binary(Op::Mul, volume, reference(share));
        }
        let attended = self.tree(&slot, "attended", &staff.attended, &[])?;
        let blocking = self.tree(&slot, "blocking", &staff.blocking, &[])?;
        let waits = Expr::product_of([volume, attended, blocking]);
        let (name, label) = (format!("{}.waits", slot.name), format!("{}: waits a year", slot.label));
        let per_year = Unit::symbol("message").over(&Unit::symbol("yr"));
        let waits = self.formula(slot.at(), &name, &label, Some(&per_year), waits);
        let per_hour = Unit::symbol("s").over(&Unit::symbol("h"));
        let hours_a_year = Unit::symbol("h").over(&Unit::symbol("yr"));
        let hours = [0, 1, 2].map(|rule| {
            let saved = Expr::binary(Op::Sub, reference(before[rule]), reference(now[rule]));
            let seconds = Expr::binary(Op::Mul, reference(waits), saved);
            let tree = Expr::binary(Op::Div, seconds, Expr::Number(SECONDS_PER_HOUR, per_hour.clone()));
            let (word, said) = Rule::EACH[rule].words();
            let (name, label) =
                (format!("{}.hours_{word}", slot.name), format!("{}: hours a year, {said}", slot.label));
            self.formula(slot.at(), &name, &label, Some(&hours_a_year), tree)
        });
        let counted = Rule::EACH.iter().position(|rule| *rule == staff.rule).unwrap_or(0);
        let hourly = self.tree(&slot, "hourly", &staff.hourly, &[])?;
        let money = self.money(Expr::binary(Op::Mul, reference(hours[counted]), hourly));
        let value = self.realised(&slot, benefit, "", "", money)?;
        let value_full = match &staff.hourly_full {
            None => None,
            Some(full) => {
                let full = self.tree(&slot, "hourly_full", full, &[])?;
                let money = self.money(Expr::binary(Op::Mul, reference(hours[counted]), full));
                self.realised(&slot, benefit, ".full", ", at full unit cost", money)
            }
        };
        let present = self.present(&slot, value, common);
        Some(BenefitNodes {
            benefit: benefit_at,
            interaction: row.interaction.clone(),
            class: benefit.class,
            value,
            present,
            hours: Some(hours),
            value_full,
        })
    }

    /// An input that all options share.
    fn shared(&mut self, slot: &Slot<'_>, name: &str, label: &str, value: f64) -> NodeId {
        self.graph.find(name).unwrap_or_else(|| {
            let at = At { sheet: Sheet::Benefits, heading: "Shares of the mix", line: slot.line };
            self.input(at, name, label, Unit::one(), vec![value])
        })
    }

    /// Counted seconds before, by rule. `baseline_s` in the model's formula is the baseline of the row.
    fn before(&mut self, slot: &Slot<'_>, staff: &StaffTime, row: &Row) -> Option<[NodeId; 3]> {
        let (name, label) = (format!("{}.before", slot.name), format!("{}: seconds before", slot.label));
        let unit = seconds_each();
        let local = row.before_s.map(|seconds| {
            let name = format!("{name}.baseline");
            self.input(slot.at(), &name, &format!("{label}, baseline"), unit.clone(), vec![seconds])
        });
        let tree = match (&staff.before, local) {
            (Some(formula), local) => {
                let local: Vec<(&str, NodeId)> = local.map(|id| (BASELINE_NAME, id)).into_iter().collect();
                self.tree(slot, "before", formula, &local)?
            }
            (None, Some(local)) => reference(local),
            (None, None) => {
                let problem = format!(
                    "no baseline time for {:?}, allowed: `before`, or a row of the baseline file",
                    if row.interaction.is_empty() { &staff.interaction } else { &row.interaction }
                );
                self.fault(slot.line, &slot.name.clone(), problem);
                return None;
            }
        };
        let seconds = self.formula(slot.at(), &name, &label, Some(&unit), tree);
        Some(self.counted(slot, seconds, &name, &label))
    }

    /// Counted seconds now, by rule: from the whole histogram of the run, or from one stated time.
    fn now(&mut self, slot: &Slot<'_>, staff: &StaffTime, row: &Row) -> Option<[NodeId; 3]> {
        let (name, label) = (format!("{}.now", slot.name), format!("{}: seconds now", slot.label));
        let unit = seconds_each();
        if let Some(by_rule) = row.now_s {
            return Some([0, 1, 2].map(|rule| {
                let (word, said) = Rule::EACH[rule].words();
                let (name, label) = (format!("{name}_{word}"), format!("{label}, measured, {said}"));
                self.input(slot.at(), &name, &label, unit.clone(), vec![by_rule[rule]])
            }));
        }
        let tree = self.tree(slot, "now", staff.now.as_ref()?, &[])?;
        let seconds = self.formula(slot.at(), &name, &label, Some(&unit), tree);
        Some(self.counted(slot, seconds, &name, &label))
    }

    /// What a wait counts for by each rule, as formulas of one wait: see [`Rule::counted_s`].
    fn counted(&mut self, slot: &Slot<'_>, seconds: NodeId, name: &str, label: &str) -> [NodeId; 3] {
        let unit = seconds_each();
        let limit = |value: f64| Expr::Number(value, unit.clone());
        let over = Expr::binary(Op::Sub, reference(seconds), limit(THOUGHT_S));
        let above_1s = Expr::Max(vec![Expr::number(0.0), over]);
        let noticed = Expr::binary(Op::Sub, reference(seconds), limit(UNNOTICED_S));
        let weight = Expr::binary(Op::Div, noticed, limit(ATTENTION_S - UNNOTICED_S));
        let weight = Expr::Min(vec![Expr::number(1.0), Expr::Max(vec![Expr::number(0.0), weight])]);
        let tapered = Expr::binary(Op::Mul, reference(seconds), weight);
        let mut of = |rule: Rule, tree: Expr<NodeId>| {
            let (word, said) = rule.words();
            self.formula(slot.at(), &format!("{name}_{word}"), &format!("{label}, {said}"), Some(&unit), tree)
        };
        [seconds, of(Rule::Above1S, above_1s), of(Rule::Tapered, tapered)]
    }
}

/// Seconds of waiting for each message.
fn seconds_each() -> Unit {
    Unit::symbol("s").over(&Unit::symbol("message"))
}
