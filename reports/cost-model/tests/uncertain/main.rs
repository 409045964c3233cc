//! What is uncertain, tested against closed forms. In order of reading: quantiles of single distributions; the draws; the
//! evaluator that serves them; one assumption at a time; scenarios; the shipped cases.

mod cases;
mod distributions;
mod draws;
mod lanes;
mod made;
mod one_at_a_time;

use made::{assumption, cost, head};

/// Within this share of what is wanted.
#[track_caller]
fn close(got: f64, wanted: f64, relative: f64) {
    assert!((got - wanted).abs() <= relative * wanted.abs(), "got {got}, wanted {wanted}");
}

/// One year; the hub's NPSV is `before - now`, two assumptions in pounds with these distributions.
fn difference(before: (f64, &str), now: (f64, &str)) -> String {
    head(1)
        + &assumption("before", before.0, "GBP", before.1)
        + &assumption("now", now.0, "GBP", now.1)
        + &cost("before", "\"legacy\"", "1", "before", "")
        + &cost("now", "\"hub\"", "1", "now", "")
}
