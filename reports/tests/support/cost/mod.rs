//! A made-up appraisal for the tests of the cost report and for its sample page. The figures of the central case come from
//! the real engine; what varies is spread by a fixed rule, not drawn.

mod model;

use cost_model::appraisal::*;
use cost_model::model::Distribution;
use cost_model::{Appraisal, Measurement, Model, build};
use reports::cost::CostResults;

pub use model::{measurement, model};

/// Results of any model, spread by a fixed rule.
pub fn results_of(model: Model, measurement: Option<&Measurement>) -> CostResults {
    let appraisal = build(model, measurement).unwrap_or_else(|faults| panic!("{faults:?}"));
    let values = appraisal.graph.evaluate(&[(appraisal.switches.optimism_bias, 0.0)]);
    let others: Vec<usize> = (0..appraisal.options.len()).filter(|at| *at != appraisal.baseline).collect();
    let drawn = |option: usize| {
        let nodes = &appraisal.options[option];
        let hours = nodes.hours.map(|by_rule| spread(values.one(by_rule[0]) / 365.0));
        DrawnOption {
            option,
            npsv_cash: spread(values.one(nodes.npsv_cash)),
            npsv_all: spread(values.one(nodes.npsv_all)),
            whole_life_cost: spread(values.one(nodes.whole_life_cost)),
            hours_per_day: hours,
            net_cash_running: values.years(nodes.net_cash_running).into_iter().map(spread).collect(),
            rank_correlation: (0..appraisal.model.assumptions.len())
                .map(|at| (at, 0.9 - 0.1 * at as f64))
                .collect(),
        }
    };
    let monte_carlo = MonteCarlo {
        seed: appraisal.model.seed,
        draws: appraisal.model.draws,
        options: others.iter().map(|option| drawn(*option)).collect(),
    };
    let tornados = others.iter().map(|option| tornado(&appraisal, *option)).collect();
    let switching = others.iter().flat_map(|option| {
        (0..appraisal.model.assumptions.len().min(6)).map(|assumption| Switching {
            option: *option,
            assumption,
            central: appraisal.model.assumptions[assumption].value,
            value: (assumption % 2 == 0).then(|| appraisal.model.assumptions[assumption].value * 3.5),
        })
    });
    let switching = switching.collect();
    let scenarios = scenarios(&appraisal);
    CostResults {
        monte_carlo,
        tornados,
        switching,
        scenarios,
        appraisal,
        tool_version: "0.1.0".into(),
        command: "spinebench cost made-up.toml --run runs/latest --out out".into(),
        made: "2026-09-03T10:11:12Z".into(),
    }
}

/// Results of the made-up model with the made-up run.
pub fn results() -> CostResults {
    results_of(model(), Some(&measurement()))
}

fn spread(centre: f64) -> Spread {
    let at = |percent: f64| centre + centre.abs() * (percent - 50.0) / 80.0;
    Spread {
        mean: at(52.0),
        p10: at(10.0),
        p50: at(50.0),
        p90: at(90.0),
        above_zero: if centre > 0.0 { 0.97 } else { 0.03 },
        quantiles: (0..=100).map(|percent| at(f64::from(percent))).collect(),
    }
}

fn tornado(appraisal: &Appraisal, option: usize) -> Tornado {
    let nodes = &appraisal.options[option];
    let all = appraisal.model.assumptions.iter().zip(&appraisal.assumptions).enumerate();
    let mut bars: Vec<Bar> = all
        .filter_map(|(at, (assumption, inputs))| {
            let Some(Distribution::Pert(low, _, high)) = assumption.distribution else { return None };
            let at_value = |value: f64| appraisal.graph.evaluate(&[(inputs.given, value)]);
            let (low_values, high_values) = (at_value(low), at_value(high));
            Some(Bar {
                assumption: at,
                inputs: (low, high),
                npsv_cash: (low_values.one(nodes.npsv_cash), high_values.one(nodes.npsv_cash)),
                npsv_all: (low_values.one(nodes.npsv_all), high_values.one(nodes.npsv_all)),
            })
        })
        .collect();
    bars.retain(|bar| bar.npsv_cash.0 != bar.npsv_cash.1);
    let width = |bar: &Bar| (bar.npsv_cash.1 - bar.npsv_cash.0).abs();
    bars.sort_by(|a, b| width(b).total_cmp(&width(a)));
    Tornado { option, central: appraisal.values.one(nodes.npsv_cash), bars }
}

fn scenarios(appraisal: &Appraisal) -> Vec<ScenarioResult> {
    let central = [("central".to_owned(), "Central case".to_owned())];
    let named = appraisal.model.scenarios.iter().map(|s| (s.name.clone(), s.label.clone()));
    let all = central.into_iter().chain(named).enumerate();
    all.map(|(at, (name, label))| {
        let values = appraisal.graph.evaluate(&[(appraisal.switches.scenario, at as f64)]);
        let of = |o: &OptionNodes| (values.one(o.npsc), values.one(o.npsv_cash), values.one(o.npsv_all));
        ScenarioResult { name, label, options: appraisal.options.iter().map(of).collect() }
    })
    .collect()
}
