//! The tornado: how far each uncertain assumption alone moves the result of an option. Called by the command line; all
//! else stands at its central value, costs with optimism bias.

use crate::NodeId;
use crate::appraisal::{Appraisal, Bar, Tornado};

/// Share of the present cost under which a move is rounding, not a move.
const ROUNDING: f64 = 1e-11;

/// One bar for each uncertain assumption that moves either NPSV of the option, from its 10th to its 90th percentile: the
/// widest on cash alone first, then those that move only what releases no cash, the widest first. An assumption whose
/// percentiles give no finite result has no bar; the draws tell of it.
pub fn tornado(appraisal: &Appraisal, option: usize) -> Tornado {
    let of = &appraisal.options[option];
    let uncertain: Vec<(usize, NodeId, (f64, f64))> = appraisal
        .model
        .assumptions
        .iter()
        .zip(&appraisal.assumptions)
        .enumerate()
        .filter_map(|(at, (assumption, nodes))| {
            assumption.distribution.as_ref().map(|d| (at, nodes.given, d.p10_p90()))
        })
        .collect();
    let needed = appraisal.graph.needed_for(&[of.npsv_cash, of.npsv_all]);
    // Two lanes for each assumption; in all others it stays central.
    let lanes = 2 * uncertain.len();
    let inputs: Vec<Vec<f64>> = uncertain
        .iter()
        .enumerate()
        .map(|(row, (_, given, (p10, p90)))| {
            let mut values = vec![appraisal.values.one(*given); lanes];
            (values[2 * row], values[2 * row + 1]) = (*p10, *p90);
            values
        })
        .collect();
    let overrides: Vec<_> =
        uncertain.iter().zip(&inputs).map(|((_, given, _), values)| (*given, values.as_slice())).collect();
    let values = appraisal.graph.evaluate_lanes(lanes, &overrides, &needed);
    let lanes_of = |id: NodeId| values.lanes(id).next().unwrap_or_default();
    let (cash, all) = (lanes_of(of.npsv_cash), lanes_of(of.npsv_all));
    let at = |values: &[f64], row: usize| (values[2 * row], values[2 * row + 1]);
    let width = |ends: (f64, f64)| (ends.1 - ends.0).abs();
    let present = |option: usize| appraisal.values.one(appraisal.options[option].npsc).abs();
    let rounding = ROUNDING * present(option).max(present(appraisal.baseline));
    let moved = |ends: (f64, f64)| if width(ends) > rounding { width(ends) } else { 0.0 };
    let mut bars: Vec<Bar> = uncertain
        .iter()
        .enumerate()
        .map(|(row, (assumption, _, inputs))| Bar {
            assumption: *assumption,
            inputs: *inputs,
            npsv_cash: at(&cash, row),
            npsv_all: at(&all, row),
        })
        .filter(|bar| (width(bar.npsv_cash) + width(bar.npsv_all)).is_finite())
        .filter(|bar| moved(bar.npsv_cash) + moved(bar.npsv_all) > 0.0)
        .collect();
    // A stable sort: equal bars stay in the order of the model.
    bars.sort_by(|a, b| {
        let key = |bar: &Bar| (moved(bar.npsv_cash), moved(bar.npsv_all));
        key(b).partial_cmp(&key(a)).unwrap_or(std::cmp::Ordering::Equal)
    });
    Tornado { option, central: appraisal.values.one(of.npsv_cash), bars }
}
