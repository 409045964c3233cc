//! The spreadsheet is the engine: computed anew by an independent engine, with the inputs as written and with inputs changed
//! at random, every figure comes out as the model's own graph has it.

use cost_model::model::Distribution;
use cost_model::{Appraisal, NodeId, Source};
use ironcalc::base::cell::CellValue;
use reports::cost::{CostResults, workbook};

use crate::made::{self, EVERY_FEATURE};
use crate::opened::Opened;

/// Rounds of random changes of each model.
const ROUNDS: u64 = 12;

/// A small generator, so that a failure can be had again (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Between these two.
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Random inputs: assumptions within what they may be, everything else near what it was, the switches anything allowed.
pub fn changes(appraisal: &Appraisal, dice: &mut Dice) -> Vec<(NodeId, f64)> {
    let mut changes = Vec::new();
    for (assumption, nodes) in appraisal.model.assumptions.iter().zip(&appraisal.assumptions) {
        let (low, high) = range(assumption.distribution.as_ref(), assumption.value);
        changes.push((nodes.given, dice.between(low, high)));
    }
    let switches = appraisal.switches;
    let scenarios = appraisal.model.scenarios.len() as u64;
    changes.push((switches.scenario, (dice.next() % (scenarios + 1)) as f64));
    changes.push((switches.optimism_bias, (dice.next() % 2) as f64));
    for id in appraisal.graph.ids() {
        let node = appraisal.graph.node(id);
        let Source::Input(given) = &node.source else { continue };
        if changes.iter().any(|(changed, _)| *changed == id) || dice.next().is_multiple_of(2) {
            continue;
        }
        // One value for all years: that is how the engine replaces a yearly input.
        changes.push((id, given[0] * dice.between(0.7, 1.3)));
    }
    changes
}

fn range(distribution: Option<&Distribution>, value: f64) -> (f64, f64) {
    match distribution {
        Some(Distribution::Pert(low, _, high) | Distribution::Triangular(low, _, high)) => (*low, *high),
        Some(Distribution::Uniform(low, high)) => (*low, *high),
        Some(Distribution::Normal(mean, sd)) => (mean - 2.0 * sd, mean + 2.0 * sd),
        Some(Distribution::Lognormal(median, p90)) => (median * median / p90, *p90),
        Some(Distribution::Seen(seen)) => {
            (seen.iter().copied().fold(f64::MAX, f64::min), seen.iter().copied().fold(f64::MIN, f64::max))
        }
        None => (value * 0.8, value * 1.2),
    }
}

fn holds_as_written(results: &CostResults) {
    let appraisal = &results.appraisal;
    let mut opened = Opened::of(&workbook(results).unwrap(), appraisal);
    let compared = opened.compare(appraisal, &appraisal.values, "results stored in the file");
    assert!(compared > appraisal.graph.nodes().len(), "{compared} cells");
    let stored = formulas(&opened);
    opened.model.evaluate();
    opened.compare(appraisal, &appraisal.values, "computed anew");
    // Links, totals and sentences that are no figure of the model are as stored too.
    for ((cell, was), (_, is)) in stored.iter().zip(formulas(&opened)) {
        let same = match (was, &is) {
            (CellValue::Number(was), CellValue::Number(is)) => (was - is).abs() <= 1e-9 * was.abs() + 1e-3,
            (was, is) => was == is,
        };
        assert!(same, "{cell:?} {:?}: stored {was:?}, computed {is:?}", opened.formula(*cell));
    }
}

fn formulas(opened: &Opened) -> Vec<((u32, i32, i32), CellValue)> {
    let cells = opened.model.get_all_cells().into_iter().map(|cell| (cell.index, cell.row, cell.column));
    let formulas = cells.filter(|cell| opened.formula(*cell).is_some());
    formulas.map(|cell| (cell, opened.value(cell))).collect()
}

fn holds_when_changed(results: &CostResults, seed: u64) {
    let appraisal = &results.appraisal;
    let mut opened = Opened::of(&workbook(results).unwrap(), appraisal);
    let mut dice = Dice(seed);
    for round in 0..ROUNDS {
        let changes = changes(appraisal, &mut dice);
        for (id, value) in &changes {
            opened.set(*id, *value);
        }
        opened.model.evaluate();
        let values = appraisal.graph.evaluate(&changes);
        assert_eq!(values.not_finite().count(), 0, "round {round} gives no number");
        opened.compare(appraisal, &values, &format!("round {round} of seed {seed}"));
        assert_eq!(opened.text("Cover!B5"), "OK", "round {round}: all checks");
        // Back to what was written, so that rounds do not lean on each other.
        for (id, _) in &changes {
            if let Source::Input(given) = &appraisal.graph.node(*id).source {
                let cells = opened.cells[id.index()].clone();
                for ((sheet, row, column), value) in cells.into_iter().zip(given) {
                    opened.model.update_cell_with_number(sheet, row, column, *value).unwrap();
                }
            }
        }
    }
}

#[test]
fn every_formula_gives_what_the_engine_gives() {
    holds_as_written(&made::results(EVERY_FEATURE, None));
    holds_as_written(&made::results(EVERY_FEATURE, Some(&made::measured())));
}

#[test]
fn every_formula_follows_changed_inputs_as_the_engine_does() {
    holds_when_changed(&made::results(EVERY_FEATURE, None), 1);
    holds_when_changed(&made::results(EVERY_FEATURE, Some(&made::measured())), 2);
}

#[test]
fn the_shipped_cases_are_their_engine() {
    let measured = made::measured();
    let cases = [
        ("cases/spine-2015.toml", None),
        ("cases/hub-today.toml", None),
        ("cases/hub-today.toml", Some(&measured)),
    ];
    for (seed, (case, measured)) in (3..).zip(cases) {
        let results = made::results(case, measured);
        holds_as_written(&results);
        holds_when_changed(&results, seed);
    }
}
