//! The shipped cases: the golden switching value, and what must hold of every option whatever the figures are.

use cost_model::{
    Appraisal, build, load_model, monte_carlo, scenario_results, switching, switching_of, tornado,
};
use std::path::Path;

fn case(name: &str) -> Appraisal {
    let model = load_model(None, Path::new(name)).unwrap_or_else(|faults| panic!("{faults}"));
    build(model, None).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_build_cost_that_uses_up_the_published_saving_is_the_golden_one() {
    let case = case("cases/spine-2015.toml");
    let build_cost = case.model.assumptions.iter().position(|a| a.name == "build_cost").expect("there");
    let option = case.options.iter().position(|o| o.name == "spine2").expect("there");
    let value = switching_of(&case, option, build_cost).value.expect("there is one");
    assert_eq!(format!("{:.1}", value / 1e6), "233.2");
}

#[test]
fn every_option_of_the_shipped_cases_has_finite_results_in_every_way_of_asking() {
    for name in ["cases/spine-2015.toml", "cases/hub-today.toml"] {
        let case = case(name);
        let drawn = monte_carlo(&case, case.model.seed, 1_000).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(drawn.options.len(), case.options.len() - 1);
        for of in &drawn.options {
            let cash = &of.npsv_cash;
            assert!(cash.quantiles.is_sorted() && (0.0..=1.0).contains(&cash.above_zero), "{name}: {cash:?}");
            assert!(cash.p10 < cash.p90, "{name}: it varies");
            assert!(of.rank_correlation.iter().all(|(_, r)| (-1.0..=1.0).contains(r)), "{name}");
            let tornado = tornado(&case, of.option);
            assert!(!tornado.bars.is_empty(), "{name}");
            let values =
                tornado.bars.iter().flat_map(|b| [b.npsv_cash.0, b.npsv_cash.1, b.npsv_all.0, b.npsv_all.1]);
            assert!(values.into_iter().all(f64::is_finite), "{name}");
            let switching = switching(&case, of.option);
            let npsv = case.options[of.option].npsv_cash;
            for found in switching.iter().filter_map(|s| Some((s, s.value?))) {
                let given = case.assumptions[found.0.assumption].given;
                let after = case.graph.evaluate(&[(given, found.1)]).one(npsv);
                assert!(after * case.values.one(npsv) <= 0.0, "{name}: {:?} gives {after}", found.0);
            }
        }
        for scenario in scenario_results(&case) {
            assert!(scenario.options.iter().all(|(c, n, a)| (c + n + a).is_finite()), "{name}: {scenario:?}");
        }
    }
}
