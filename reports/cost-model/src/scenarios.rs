//! Results of the named scenarios, by the same switch that the workbook has. Called by the command line; costs stand with
//! optimism bias.

use crate::appraisal::{Appraisal, ScenarioResult};

/// The central case first, then every scenario in the order of the model. A scenario in which something is divided by zero
/// gives no finite numbers.
pub fn scenario_results(appraisal: &Appraisal) -> Vec<ScenarioResult> {
    let model = &appraisal.model;
    let wanted: Vec<_> = appraisal.options.iter().flat_map(|o| [o.npsc, o.npsv_cash, o.npsv_all]).collect();
    let needed = appraisal.graph.needed_for(&wanted);
    let names = std::iter::once(("central", "Central case"));
    let names = names.chain(model.scenarios.iter().map(|s| (s.name.as_str(), s.label.as_str())));
    let each = names.enumerate().map(|(number, (name, label))| {
        let switched = [(appraisal.switches.scenario, &[number as f64][..])];
        let values = appraisal.graph.evaluate_lanes(1, &switched, &needed);
        let of = appraisal.options.iter();
        ScenarioResult {
            name: name.to_owned(),
            label: label.to_owned(),
            options: of
                .map(|o| (values.one(o.npsc), values.one(o.npsv_cash), values.one(o.npsv_all)))
                .collect(),
        }
    });
    each.collect()
}
