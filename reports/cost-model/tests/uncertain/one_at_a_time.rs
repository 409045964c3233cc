//! One assumption at a time: tornado and switching values against closed forms; and the named scenarios.

use cost_model::appraisal::Switching;
use cost_model::model::Distribution;
use cost_model::{Appraisal, scenario_results, switching, switching_of, tornado};

use crate::made::{assumption, built, cost, full, head};
use crate::{close, difference};

const HUB: usize = 1;

fn at(made: &Appraisal, name: &str) -> usize {
    made.model.assumptions.iter().position(|a| a.name == name).expect("an assumption")
}

fn sought(made: &Appraisal, name: &str) -> Switching {
    switching_of(made, HUB, at(made, name))
}

#[test]
fn bars_go_from_the_10th_to_the_90th_percentile_the_widest_first() {
    let made = built(&difference((100.0, "uniform = [90, 110]"), (60.0, "uniform = [0, 100]")));
    let of = tornado(&made, HUB);
    assert_eq!((of.option, of.central), (HUB, 40.0));
    let names: Vec<&str> =
        of.bars.iter().map(|b| made.model.assumptions[b.assumption].name.as_str()).collect();
    assert_eq!(names, ["now", "before"]);
    let (now, before) = (&of.bars[0], &of.bars[1]);
    close(now.inputs.0, 10.0, 1e-12);
    close(now.inputs.1, 90.0, 1e-12);
    close(now.npsv_cash.0, 90.0, 1e-12);
    close(now.npsv_cash.1, 10.0, 1e-12);
    close(before.npsv_cash.0, 32.0, 1e-12);
    close(before.npsv_cash.1, 48.0, 1e-12);
    assert_eq!(before.npsv_all, before.npsv_cash);
}

#[test]
fn bars_are_with_optimism_bias_and_leave_out_what_moves_nothing() {
    let made = built(&full());
    let of = tornado(&made, HUB);
    assert_eq!(of.central, made.values.one(made.options[HUB].npsv_cash));
    let bar = |name: &str| of.bars.iter().find(|bar| bar.assumption == at(&made, name));
    assert!(bar("sites").is_none(), "what is certain has no bar");
    let contract = at(&made, "contract");
    let (p10, _) = made.model.assumptions[contract].distribution.as_ref().unwrap().p10_p90();
    let values = made.graph.evaluate(&[(made.assumptions[contract].given, p10)]);
    let hub = &made.options[HUB];
    let wanted = (values.one(hub.npsv_cash), values.one(hub.npsv_all));
    let bar = bar("contract").expect("it moves the result");
    assert_eq!((bar.npsv_cash.0, bar.npsv_all.0), wanted);
    // The hub of this case bears no line with a price that only others pay.
    let names: Vec<&str> =
        of.bars.iter().map(|b| made.model.assumptions[b.assumption].name.as_str()).collect();
    assert!(names.contains(&"peak_tps") && !names.contains(&"price_rise"), "{names:?}");
}

#[test]
fn what_moves_only_benefits_without_cash_comes_after_what_moves_cash() {
    let made = built(&full());
    let bars = tornado(&made, HUB).bars;
    let width = |(low, high): (f64, f64)| (high - low).abs();
    let cash = bars.iter().take_while(|bar| width(bar.npsv_cash) > 0.0).count();
    let (cash, rest) = bars.split_at(cash);
    assert!(!cash.is_empty() && rest.iter().all(|bar| width(bar.npsv_cash) == 0.0));
    assert!(cash.is_sorted_by(|a, b| width(a.npsv_cash) >= width(b.npsv_cash)));
    assert!(rest.is_sorted_by(|a, b| width(a.npsv_all) >= width(b.npsv_all)));
    assert!(rest.iter().any(|bar| bar.assumption == at(&made, "attended_share")));
    assert!(tornado(&made, made.baseline).bars.is_empty(), "the baseline saves nothing against itself");
}

#[test]
fn a_straight_line_switches_where_it_crosses_zero() {
    let made = built(&difference((100.0, ""), (60.0, "uniform = [50, 70]")));
    let of = sought(&made, "now");
    assert_eq!((of.option, of.assumption, of.central), (HUB, at(&made, "now"), 60.0));
    close(of.value.expect("100"), 100.0, 1e-14);
    close(sought(&made, "before").value.expect("60"), 60.0, 1e-14);
    let all = switching(&made, HUB);
    let names: Vec<&str> = all.iter().map(|s| made.model.assumptions[s.assumption].name.as_str()).collect();
    assert_eq!(names, ["before", "now"], "what the result does not rest on has no row");
    assert_eq!(switching(&made, made.baseline), []);
}

#[test]
fn a_curve_switches_where_its_closed_form_does() {
    let text = head(1)
        + &assumption("x", 2.0, "ratio", "")
        + &assumption("price", 1.0, "GBP", "")
        + &cost("before", "\"legacy\"", "x^3+1/x", "price", "")
        + &cost("now", "\"hub\"", "50", "price", "");
    let x = sought(&built(&text), "x").value.expect("between 3 and 4");
    close(x * x * x + 1.0 / x, 50.0, 1e-13);
    // The other root, near 0.02, is farther from 2 than this one.
    assert!(x > 3.0);
}

#[test]
fn a_step_over_zero_is_found_at_its_edge() {
    let text = head(1)
        + &assumption("peak", 1800.0, "ratio", "")
        + &assumption("price", 10.0, "GBP", "")
        + &cost("before", "\"legacy\"", "5.5", "price", "")
        + &cost("now", "\"hub\"", "ceil(peak/1000)", "price", "");
    let of = sought(&built(&text), "peak").value.expect("a sixth node");
    assert!(of > 5000.0, "up to 5,000 five nodes do, which save money");
    close(of, 5000.0, 1e-12);
    let touching = text.replace("5.5", "5");
    close(sought(&built(&touching), "peak").value.expect("five nodes save nothing"), 4000.0, 1e-12);
}

#[test]
fn nothing_switches_beyond_a_hundred_times_or_through_zero() {
    let far = built(&difference((100.0, ""), (0.9, "")));
    assert_eq!(sought(&far, "now").value, None, "at 111 times");
    let near = built(&difference((100.0, ""), (1.1, "")));
    close(sought(&near, "now").value.expect("at 91 times"), 100.0, 1e-14);
    let nothing = built(&difference((100.0, ""), (0.0, "")));
    assert_eq!(sought(&nothing, "now").value, None, "nought has no hundredth");
    let below = built(&difference((-100.0, ""), (-60.0, "")));
    close(sought(&below, "now").value.expect("on its own side of zero"), -100.0, 1e-14);
    let even = built(&difference((100.0, ""), (100.0, "")));
    assert_eq!(sought(&even, "now").value, Some(100.0), "there already");
    assert_eq!(sought(&even, "price_rise").value, Some(0.02), "there already");
}

#[test]
fn at_every_switching_value_of_a_full_case_the_result_has_another_sign_than_before_it() {
    let made = built(&full());
    for option in 1..made.options.len() {
        let npsv = made.options[option].npsv_cash;
        let found = switching(&made, option);
        assert!(found.iter().filter(|s| s.value.is_some()).count() > 3, "{found:?}");
        for of in found {
            let Some(value) = of.value else { continue };
            let given = made.assumptions[of.assumption].given;
            let at = |value: f64| made.graph.evaluate(&[(given, value)]).one(npsv);
            let towards = value + (of.central - value) * 1e-9;
            let (before, after) = (at(towards), at(value));
            assert!(
                before * made.values.one(npsv) > 0.0 && before * after <= 0.0,
                "{of:?}: {before} {after}"
            );
        }
    }
}

#[test]
fn scenarios_come_central_first_and_turn_the_switch() {
    let made = built(&full());
    let all = scenario_results(&made);
    let names: Vec<&str> = all.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["central", "busy", "dear"]);
    assert_eq!(all[1].label, "Busy");
    for (number, scenario) in all.iter().enumerate() {
        let values = made.graph.evaluate(&[(made.switches.scenario, number as f64)]);
        for (of, got) in made.options.iter().zip(&scenario.options) {
            assert_eq!(*got, (values.one(of.npsc), values.one(of.npsv_cash), values.one(of.npsv_all)));
        }
    }
    let npsc = |scenario: usize, option: usize| all[scenario].options[option].0;
    assert!(npsc(1, HUB) > 2.0 * npsc(0, HUB), "three times the peak");
    assert!(npsc(2, 0) > npsc(0, 0), "a dearer contract");
}

#[test]
fn a_wrong_distribution_has_no_bar_and_no_panic() {
    let mut made = built(&difference((100.0, "uniform = [90, 110]"), (60.0, "uniform = [0, 100]")));
    let now = at(&made, "now");
    made.model.assumptions[now].distribution = Some(Distribution::Pert(3.0, 2.0, 1.0));
    assert_eq!(tornado(&made, HUB).bars.len(), 1);
    let error = cost_model::monte_carlo(&made, 1, 10).unwrap_err();
    assert!(error.starts_with("now (now): no finite number in 10 of 10 draws"), "{error}");
}
