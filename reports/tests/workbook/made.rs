//! Results to write workbooks from: models with everything that surrounds them. Static figures are made up here; what is
//! live comes from the model's own graph.

use std::collections::BTreeMap;
use std::path::Path;

use cost_model::appraisal::*;
use cost_model::{Measurement, Metric, Wait, build, load_model};
use reports::cost::CostResults;

/// A model that uses everything.
pub const EVERY_FEATURE: &str = "every-feature.toml";

fn spread(centre: f64) -> Spread {
    let quantiles: Vec<f64> = (0..=100).map(|p| centre * (0.5 + f64::from(p) / 100.0)).collect();
    Spread {
        mean: centre,
        p10: quantiles[10],
        p50: quantiles[50],
        p90: quantiles[90],
        above_zero: if centre > 0.0 { 1.0 } else { 0.0 },
        quantiles,
    }
}

/// A run of a machine that is not the priced one, with two attended interactions.
pub fn measured() -> Measurement {
    let metric = |value: f64, unit: &str, seen: &[f64]| Metric {
        value,
        unit: unit.to_owned(),
        seen: seen.to_vec(),
        how: "=made up".to_owned(),
    };
    let wait = |interaction: &str, share: f64, now_s: [f64; 3], before_s| Wait {
        interaction: interaction.to_owned(),
        share,
        now_s,
        before_s,
    };
    Measurement {
        origin: "runs/made-up".to_owned(),
        sha256: "ab".repeat(32),
        date: "2026-09-01".to_owned(),
        scenario: "National peak & more".to_owned(),
        valid: true,
        metrics: BTreeMap::from([(
            "capacity_per_s".to_owned(),
            metric(812.5, "message/s/node", &[790.0, 812.5, 830.0]),
        )]),
        waits: vec![
            wait("pds-retrieve", 0.21, [0.012, 0.0, 0.000_1], None),
            wait("made-up", 0.07, [0.4, 0.01, 0.02], Some([2.0, 1.1, 0.5])),
        ],
        cpu: "Other".to_owned(),
        cores: 4,
        store: "fjall".to_owned(),
        nodes: 1,
        warnings: vec!["=a warning of the run".to_owned()],
    }
}

/// The results of a model file, which is looked for beside these tests and then among the shipped ones.
pub fn results(model: &str, measurement: Option<&Measurement>) -> CostResults {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workbook");
    let model = load_model(Some(&folder), Path::new(model)).unwrap_or_else(|faults| panic!("{faults}"));
    let appraisal = build(model, measurement).unwrap_or_else(|faults| panic!("{faults}"));
    around(appraisal)
}

/// Everything that surrounds an appraisal.
pub fn around(appraisal: Appraisal) -> CostResults {
    let others: Vec<usize> = (0..appraisal.options.len()).filter(|at| *at != appraisal.baseline).collect();
    let drawn = others.iter().map(|at| {
        let (option, values) = (&appraisal.options[*at], &appraisal.values);
        DrawnOption {
            option: *at,
            npsv_cash: spread(values.one(option.npsv_cash)),
            npsv_all: spread(values.one(option.npsv_all)),
            whole_life_cost: spread(values.one(option.whole_life_cost)),
            hours_per_day: option.hours.map(|hours| spread(values.one(hours[0]) / 365.0)),
            net_cash_running: values.years(option.net_cash_running).into_iter().map(spread).collect(),
            rank_correlation: (0..appraisal.assumptions.len()).map(|at| (at, 0.1)).collect(),
        }
    });
    let monte_carlo =
        MonteCarlo { seed: appraisal.model.seed, draws: appraisal.model.draws, options: drawn.collect() };
    let bar =
        |at: usize| Bar { assumption: at, inputs: (1.0, 2.0), npsv_cash: (-3e6, 4e6), npsv_all: (-2e6, 5e6) };
    let tornado = |option: &usize| Tornado {
        option: *option,
        central: appraisal.values.one(appraisal.options[*option].npsv_cash),
        bars: (0..appraisal.assumptions.len().min(12)).map(bar).collect(),
    };
    let switch = |option: &usize| Switching { option: *option, assumption: 0, central: 1.0, value: None };
    let found = |option: &usize| Switching { option: *option, assumption: 1, central: 1.0, value: Some(2.5) };
    let tornados = others.iter().map(tornado).collect();
    let switching = others.iter().flat_map(|option| [switch(option), found(option)]).collect();
    let scenarios = scenarios(&appraisal);
    CostResults {
        appraisal,
        monte_carlo,
        tornados,
        switching,
        scenarios,
        tool_version: "0.1.0".to_owned(),
        command: "spinebench cost every-feature.toml --out DIR".to_owned(),
        made: "2026-09-01T12:34:56Z".to_owned(),
    }
}

fn scenarios(appraisal: &Appraisal) -> Vec<ScenarioResult> {
    let names = appraisal.model.scenarios.iter().map(|s| (s.name.clone(), s.label.clone()));
    let central = ("central".to_owned(), "Central case".to_owned());
    let all = std::iter::once(central).chain(names).enumerate();
    all.map(|(number, (name, label))| {
        let values = appraisal.graph.evaluate(&[(appraisal.switches.scenario, number as f64)]);
        let of = |o: &OptionNodes| (values.one(o.npsc), values.one(o.npsv_cash), values.one(o.npsv_all));
        ScenarioResult { name, label, options: appraisal.options.iter().map(of).collect() }
    })
    .collect()
}
