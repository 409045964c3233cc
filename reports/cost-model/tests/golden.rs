//! The golden values of the calibration case, to the printed digit, through the engine and nothing else; and what must hold
//! whatever the figures are.

use cost_model::appraisal::{Appraisal, OptionNodes};
use cost_model::{Model, build, load_model};
use std::path::Path;

fn model() -> Model {
    load_model(None, Path::new("cases/spine-2015.toml")).unwrap_or_else(|faults| panic!("{faults}"))
}

fn built() -> Appraisal {
    build(model(), None).unwrap_or_else(|faults| panic!("{faults}"))
}

fn spine2(of: &Appraisal) -> &OptionNodes {
    of.options.iter().find(|option| option.name == "spine2").expect("the option is there")
}

fn metric(of: &Appraisal, id: &str) -> f64 {
    let found = spine2(of).metrics.iter().find(|(at, _)| of.model.metrics[*at].id == id);
    of.values.one(found.unwrap_or_else(|| panic!("no metric {id}")).1)
}

#[track_caller]
fn printed(value: f64, decimals: usize, golden: &str) {
    assert_eq!(format!("{value:.decimals$}"), golden);
}

#[test]
fn the_golden_values_hold_to_the_printed_digit() {
    let case = built();
    let of = |id: &str| metric(&case, id);
    printed(of("traffic_per_day"), 0, "13150685");
    printed(of("mean_rate"), 3, "152.207");
    printed(of("peak_to_mean"), 3, "11.826");
    printed(of("hours_per_day"), 1, "750.0");
    printed(of("response_cut") * 100.0, 1, "89.0");
    printed(of("saving_published_prices") / 1e6, 1, "21.0");
    printed(of("saving_model_prices") / 1e6, 2, "28.04");
    printed(of("pv_years_1_to_10"), 2, "174648711.77");
    printed(of("pv_years_0_to_9"), 2, "180761416.69");
    printed(of("pv_low_rate"), 2, "179134259.57");
    printed(of("isoquant"), 4, "0.2053");
    printed(of("seconds_per_user_day"), 1, "10.8");
    printed(of("fte_equivalent"), 0, "174");
    printed(of("saving_per_million"), 0, "4375");
    printed(of("saving_per_message"), 2, "0.44");
    printed(of("build_cost_break_even") / 1e6, 1, "233.2");
    let before = case.graph.find("seconds_before").map(|id| case.values.one(id)).expect("derived");
    let now = case.graph.find("seconds_now").map(|id| case.values.one(id)).expect("derived");
    printed(before, 4, "1.2135");
    printed(now, 4, "0.1335");
}

#[test]
fn the_cash_flow_itself_comes_to_the_same_present_value() {
    let case = built();
    let option = spine2(&case);
    let saving = case.values.years(option.saving);
    assert_eq!(saving.len(), 11);
    printed(saving[1] / 1e6, 2, "28.04");
    let discounted: f64 = (1..=10).map(|year| saving[year] * 1.035f64.powi(-(year as i32))).sum();
    let npsv = case.values.one(option.npsv_cash);
    let build_cost = case.graph.find("build_cost").map(|id| case.values.one(id)).expect("an assumption");
    assert!((npsv - (discounted - build_cost)).abs() < 1e-3, "{npsv} {discounted} {build_cost}");
}

#[test]
fn discount_factors_follow_the_schedule_beyond_its_bands() {
    let mut model = model();
    model.horizon = 80;
    let case = build(model, None).unwrap_or_else(|faults| panic!("{faults}"));
    let factors = case.values.years(case.discount.0);
    printed(factors[0], 6, "1.000000");
    printed(factors[10], 6, "0.708919");
    printed(factors[30], 6, "0.356278");
    printed(factors[31], 6, "0.345901");
    printed(factors[76], 6, "0.091916");
    let low = case.values.years(case.discount.1);
    assert!((low[10] - 1.03f64.powi(-10)).abs() < 1e-12);
}

#[test]
fn all_checks_are_zero_and_the_baseline_saves_nothing_against_itself() {
    let case = built();
    for (id, what) in &case.checks {
        let scale = case.values.one(spine2(&case).npsc).abs().max(1.0);
        assert!(case.values.one(*id).abs() < 1e-9 * scale, "{what}: {}", case.values.one(*id));
    }
    let baseline = &case.options[case.baseline];
    assert_eq!(case.values.one(baseline.npsv_cash), 0.0);
}

#[test]
fn the_baseline_and_the_option_swapped_negate_what_is_saved() {
    let (one, other) = (built(), {
        let mut model = model();
        model.baseline = "spine2".to_owned();
        build(model, None).unwrap_or_else(|faults| panic!("{faults}"))
    });
    let legacy = other.options.iter().find(|o| o.name == "legacy").expect("there");
    let (there, back) = (one.values.years(spine2(&one).saving), other.values.years(legacy.saving));
    assert!(there.iter().any(|saved| *saved != 0.0));
    for (there, back) in there.iter().zip(back) {
        assert_eq!(*there, -back);
    }
}

#[test]
fn a_slower_system_gives_negative_hours() {
    let case = built();
    let saved =
        case.graph.find("seconds_saved").or_else(|| case.graph.find("seconds_saved.given")).expect("there");
    let given = case
        .model
        .assumptions
        .iter()
        .position(|a| a.name == "seconds_saved")
        .map(|at| case.assumptions[at].given)
        .unwrap_or(saved);
    let slower = case.graph.evaluate(&[(given, -1.08)]);
    let hours = spine2(&case).hours.expect("staff time");
    let (before, after) = (case.values.one(hours[0]), slower.one(hours[0]));
    assert!(before > 0.0 && after < 0.0, "{before} {after}");
    assert!((before + after).abs() < 1e-6 * before);
}

#[test]
fn twice_the_volume_is_twice_the_hours_and_leaves_what_does_not_depend_on_it() {
    let case = built();
    let at = case.model.assumptions.iter().position(|a| a.name == "daily_users").expect("there");
    let users = case.model.assumptions[at].value;
    let twice = case.graph.evaluate(&[(case.assumptions[at].given, users * 2.0)]);
    let option = spine2(&case);
    for hours in option.hours.expect("staff time") {
        assert!((twice.one(hours) - 2.0 * case.values.one(hours)).abs() < 1e-6);
    }
    for benefit in &option.benefits {
        let (one, two) = (case.values.years(benefit.value), twice.years(benefit.value));
        assert!(one.iter().zip(&two).all(|(one, two)| (two - 2.0 * one).abs() < 1e-6 * one.abs().max(1.0)));
    }
    assert_eq!(twice.one(option.npsc), case.values.one(option.npsc));
}
