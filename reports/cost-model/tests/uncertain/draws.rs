//! The Monte Carlo case: against closed forms, and what a seed promises.

use cost_model::appraisal::{DrawnOption, MonteCarlo, Spread};
use cost_model::model::Distribution::Uniform;
use cost_model::{Appraisal, drawn, monte_carlo, monte_carlo_in};
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

use crate::made::{assumption, built, cost, full, head, option};
use crate::{close, difference};

const SEED: u64 = 20_260_901;

fn drawn_of(appraisal: &Appraisal, draws: usize) -> MonteCarlo {
    monte_carlo(appraisal, SEED, draws).unwrap_or_else(|e| panic!("{e}"))
}

fn only(of: MonteCarlo) -> DrawnOption {
    of.options.into_iter().next().expect("an option beside the baseline")
}

/// The quantiles of a spread are those wanted within 4 standard errors of plain random draws, and its mean within one.
#[track_caller]
fn converges(
    spread: &Spread,
    draws: usize,
    of: impl Fn(f64) -> f64,
    density: impl Fn(f64) -> f64,
    mean: f64,
) {
    for percent in [1, 5, 10, 25, 50, 75, 90, 95, 99] {
        let u = percent as f64 / 100.0;
        let error = (u * (1.0 - u) / draws as f64).sqrt() / density(of(u));
        let got = spread.quantiles[percent];
        assert!((got - of(u)).abs() < 4.0 * error, "{percent} %: got {got}, wanted {} ± {error}", of(u));
    }
    assert_eq!(
        (spread.p10, spread.p50, spread.p90),
        (spread.quantiles[10], spread.quantiles[50], spread.quantiles[90])
    );
    assert_eq!(spread.quantiles.len(), 101);
    let error = (of(0.84) - of(0.16)).abs() / 2.0 / (draws as f64).sqrt();
    assert!((spread.mean - mean).abs() < error, "mean: got {}, wanted {mean} ± {error}", spread.mean);
}

#[test]
fn the_difference_of_two_normals_converges_to_a_normal() {
    let made = built(&difference(
        (100.0, "normal = { mean = 100, sd = 10 }"),
        (60.0, "normal = { mean = 60, sd = 5 }"),
    ));
    let wanted = Normal::new(40.0, 125f64.sqrt()).unwrap();
    for draws in [1_000, 10_000, 100_000] {
        let of = only(drawn_of(&made, draws));
        let quantile = |u: f64| wanted.inverse_cdf(u);
        converges(&of.npsv_cash, draws, quantile, |x| wanted.pdf(x), 40.0);
        close(of.npsv_cash.above_zero, 1.0 - wanted.cdf(0.0), 1e-3);
    }
}

#[test]
fn the_product_of_two_uniforms_converges_to_its_closed_form() {
    let text = head(1)
        + &assumption("count", 0.5, "ratio", "uniform = [0, 1]")
        + &assumption("price", 0.5, "GBP", "uniform = [0, 1]")
        + &cost("before", "\"legacy\"", "count", "price", "")
        + &cost("now", "\"hub\"", "0", "price", "");
    // P(XY < z) = z (1 − ln z), with the density −ln z.
    let below = |z: f64| z * (1.0 - z.ln());
    let quantile = |u: f64| {
        let (mut low, mut high) = (1e-12, 1.0);
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if below(middle) < u { low = middle } else { high = middle }
        }
        low
    };
    for draws in [1_000, 10_000, 100_000] {
        let of = only(drawn_of(&built(&text), draws));
        converges(&of.npsv_cash, draws, quantile, |z| -z.ln(), 0.25);
    }
}

#[test]
fn every_stratum_is_drawn_once() {
    for draws in [1, 2, 7, 1_000, 20_000] {
        let values = drawn(SEED, "peak_tps", &Uniform(0.0, 1.0), draws);
        let mut strata: Vec<usize> = values.iter().map(|u| (u * draws as f64) as usize).collect();
        assert!(draws < 1_000 || !strata.is_sorted(), "the strata come in random order");
        strata.sort_unstable();
        assert_eq!(strata, (0..draws).collect::<Vec<_>>());
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let made = built(&full());
    let bytes = |seed: u64| format!("{:?}", monte_carlo(&made, seed, 500).unwrap());
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1).replace("seed: 1", ""), bytes(2).replace("seed: 2", ""));
}

#[test]
fn the_number_of_lanes_changes_no_bit() {
    let made = built(&full());
    let bytes = |lanes: usize| format!("{:?}", monte_carlo_in(&made, SEED, 777, lanes).unwrap());
    let wanted = bytes(777);
    for lanes in [0, 1, 10, 64, 500, 1_000] {
        assert_eq!(bytes(lanes), wanted, "{lanes} lanes");
    }
}

#[test]
fn a_further_assumption_changes_nothing_else() {
    let text = difference((100.0, "uniform = [90, 120]"), (60.0, "pert = [40, 60, 100]"));
    let more = assumption("aside", 1.0, "ratio", "uniform = [0, 9]") + &text;
    // TOML wants the head first.
    let (aside, rest) = more.split_at(more.find("[model]").unwrap());
    let with = only(drawn_of(&built(&format!("{rest}{aside}")), 2_000));
    let without = only(drawn_of(&built(&text), 2_000));
    assert_eq!(with.npsv_cash, without.npsv_cash);
    assert_eq!(with.rank_correlation[..2], without.rank_correlation[..2]);
    assert!(with.rank_correlation[2].1.abs() < 0.07, "{:?}", with.rank_correlation);
}

#[test]
fn all_options_stand_under_the_same_draws() {
    let text = difference((100.0, "uniform = [90, 120]"), (60.0, "pert = [40, 60, 100]"));
    let twins = text.replace("option = [\"hub\"]", "option = [\"hub\", \"twin\"]") + &option("twin", "");
    let of = drawn_of(&built(&twins), 2_000);
    assert_eq!(of.options.len(), 2);
    assert_eq!(of.options[0].npsv_cash, of.options[1].npsv_cash);
}

#[test]
fn what_an_option_decides_is_not_drawn() {
    let text = head(1).replace("[option.hub]\n", "[option.hub]\nset = { price = 50 }\n")
        + &assumption("price", 100.0, "GBP", "uniform = [90, 120]")
        + &cost("line", "\"legacy\", \"hub\"", "1", "price", "");
    let of = only(drawn_of(&built(&text), 1_000));
    assert_eq!((of.whole_life_cost.quantiles[0], of.whole_life_cost.quantiles[100]), (50.0, 50.0));
    assert!(of.npsv_cash.p10 < of.npsv_cash.p90);
}

#[test]
fn draws_are_without_optimism_bias() {
    let text = head(1)
        + &assumption("price", 100.0, "GBP", "uniform = [90, 110]")
        + &cost("line", "\"hub\"", "1", "price", "ob = \"outsourcing\"")
        + &cost("old", "\"legacy\"", "0", "price", "");
    let mut made = built(&text);
    assert!(made.values.one(made.options[1].whole_life_cost) > 100.0, "the central case has it");
    let price = made.model.assumptions.iter().position(|a| a.name == "price").unwrap();
    made.model.assumptions[price].distribution = Some(Uniform(100.0, 100.0));
    let of = only(drawn_of(&made, 10));
    assert_eq!((of.whole_life_cost.p10, of.whole_life_cost.mean), (100.0, 100.0));
    assert_eq!(of.rank_correlation, [(price, 0.0)], "what does not vary is not correlated");
}

#[test]
fn rank_correlation_has_the_sign_and_the_weight_of_each_assumption() {
    let made = built(&difference((100.0, "uniform = [0, 400]"), (60.0, "uniform = [50, 70]")));
    let of = only(drawn_of(&made, 20_000));
    let correlation = |name: &str| {
        let found = of.rank_correlation.iter().find(|(at, _)| made.model.assumptions[*at].name == name);
        found.expect("an uncertain assumption").1
    };
    assert!(correlation("before") > 0.99, "{:?}", of.rank_correlation);
    assert!((-0.08..-0.02).contains(&correlation("now")), "{:?}", of.rank_correlation);
    assert_eq!(of.rank_correlation.len(), 2, "what is certain has none");
    let same = built(&difference((100.0, "uniform = [0, 400]"), (60.0, "")));
    assert_eq!(only(drawn_of(&same, 5_000)).rank_correlation[0].1, 1.0);
}

#[test]
fn cash_adds_up_over_the_years_to_the_net_present_value() {
    let of = only(drawn_of(&built(&full()), 500));
    assert_eq!(of.net_cash_running.len(), 10);
    let last = &of.net_cash_running[9];
    for (running, whole) in last.quantiles.iter().zip(&of.npsv_cash.quantiles) {
        close(*running, *whole, 1e-9);
    }
}

#[test]
fn hours_a_day_are_the_mean_over_the_years_and_365_days() {
    let certain: String =
        full().lines().filter(|line| !line.starts_with("dist =")).map(|l| format!("{l}\n")).collect();
    let made = built(&certain);
    let hub = &made.options[1];
    let years = made.values.years(hub.hours.expect("staff time")[0]);
    assert_eq!(years.len(), 10);
    let wanted = years.iter().sum::<f64>() / 10.0 / 365.0;
    let of = only(drawn_of(&made, 3));
    close(of.hours_per_day.expect("staff time").mean, wanted, 1e-12);
    let without = built(&difference((100.0, ""), (60.0, "")));
    assert_eq!(only(drawn_of(&without, 3)).hours_per_day, None);
}

#[test]
fn draws_without_a_finite_number_are_counted_and_their_cause_is_named() {
    let text = head(1)
        + &assumption("share", 0.5, "ratio", "triangular = [0, 0.5, 1]")
        + &assumption("price", 100.0, "GBP", "")
        + "[derived.times]\nlabel = \"Times\"\nunit = \"ratio\"\nformula = \"1/max(0, share-0.25)\"\n"
        + &cost("before", "\"legacy\"", "times", "price", "")
        + &cost("now", "\"hub\"", "1", "price", "");
    let error = |lanes| monte_carlo_in(&built(&text), SEED, 800, lanes).unwrap_err();
    let wanted = "times (Times): no finite number in 100 of 800 draws (a division by zero or an overflow), allowed: distributions \
                  under which every draw gives one";
    assert_eq!(error(64), wanted);
    assert_eq!(error(800), wanted);
}

#[test]
fn a_number_of_draws_out_of_range_is_refused() {
    let made = built(&difference((100.0, ""), (60.0, "")));
    assert_eq!(monte_carlo(&made, 1, 0), Err("draws: got 0, allowed: 1 to 1000000".to_owned()));
    assert!(monte_carlo(&made, 1, usize::MAX).is_err());
    assert_eq!(only(drawn_of(&made, 1)).npsv_cash.p10, 40.0);
}
