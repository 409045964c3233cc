//! What is uncertain, tested against closed forms. In order of reading: quantiles of single distributions; the draws; the
//! evaluator that serves them; one assumption at a time; scenarios.

mod distributions;
mod draws;
mod lanes;
mod made;
mod one_at_a_time;

/// Within this share of what is wanted.
#[track_caller]
fn close(got: f64, wanted: f64, relative: f64) {
    assert!((got - wanted).abs() <= relative * wanted.abs(), "got {got}, wanted {wanted}");
}
