//! What the hours model promises: the published arithmetic, the three rules, and negative hours for a slower system.

use std::path::Path;

use cost_model::*;
use hdrhistogram::Histogram;

fn case() -> StaffHours {
    let model = load_model(Some(Path::new("/nowhere")), Path::new("../reports/cases/spine-2015.toml"));
    model.expect("the shipped case loads").staff_hours().expect("it has what hours need")
}

fn histogram(times_ms: &[(f64, u64)]) -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1_000, 3_600_000_000_000, 3).unwrap();
    for (ms, count) in times_ms {
        histogram.record_n((ms * 1e6) as u64, *count).unwrap();
    }
    histogram
}

fn row<'a>(share: f64, attended: f64, baseline_ms: f64, measured: &'a Histogram<u64>) -> HoursRow<'a> {
    HoursRow {
        interaction: "pds-retrieve",
        share,
        attended,
        baseline_ms,
        baseline_source: "made up",
        measured,
    }
}

#[track_caller]
fn close(got: f64, wanted: f64, relative: f64) {
    assert!((got - wanted).abs() <= relative * wanted.abs(), "got {got}, wanted {wanted}");
}

/// Half a unit in the third digit: what a histogram may round.
const HISTOGRAM_STEP: f64 = 1e-3;

#[test]
fn four_hundred_million_a_month_are_13_150_685_a_day() {
    assert_eq!(case().messages_per_day.round(), 13_150_685.0);
}

#[test]
fn every_message_0_2053_s_faster_is_750_hours() {
    let measured = histogram(&[(100.0, 1_000)]);
    let hours = hours_per_day(&case(), &[row(1.0, 1.0, 305.3, &measured)]);
    close(hours.linear, 750.0, HISTOGRAM_STEP);
}

#[test]
fn the_whole_2015_mix_adds_up_to_752_hours_because_it_was_tuned_to() {
    // Share, legacy and Spine 2 milliseconds of each attended row of the 2015 traffic table.
    let attended = [
        (0.355031, 245.0, 27.0),
        (0.085007, 382.0, 42.0),
        (0.010001, 1091.0, 120.0),
        (0.022002, 1636.0, 180.0),
        (0.000500, 1818.0, 200.0),
        (0.005000, 818.0, 90.0),
        (0.001500, 1273.0, 140.0),
        (0.004000, 409.0, 45.0),
        (0.001000, 545.0, 60.0),
        (0.000900, 818.0, 90.0),
        (0.006000, 318.0, 35.0),
        (0.020002, 818.0, 90.0),
        (0.020002, 818.0, 90.0),
        (0.025002, 818.0, 90.0),
    ];
    let measured: Vec<_> = attended.iter().map(|(_, _, ms)| histogram(&[(*ms, 10)])).collect();
    let rows: Vec<_> =
        attended.iter().zip(&measured).map(|((share, ms, _), m)| row(*share, 1.0, *ms, m)).collect();
    let hours = hours_per_day(&case(), &rows);
    assert_eq!(hours.linear.round(), 752.0);
    close(hours.share_covered, 0.556, 2e-3);
}

#[test]
fn a_slower_system_gives_negative_hours_by_every_rule() {
    let measured = histogram(&[(4_000.0, 10)]);
    let hours = hours_per_day(&case(), &[row(0.5, 1.0, 2_000.0, &measured)]);
    assert!(hours.linear < 0.0 && hours.above_1s < 0.0 && hours.tapered < 0.0, "{hours:?}");
}

#[test]
fn swapping_baseline_and_measured_negates_every_rule() {
    let (fast, slow) = (histogram(&[(500.0, 10)]), histogram(&[(3_000.0, 10)]));
    let gain = hours_per_day(&case(), &[row(0.5, 1.0, 3_000.0, &fast)]);
    let loss = hours_per_day(&case(), &[row(0.5, 1.0, 500.0, &slow)]);
    close(gain.linear, -loss.linear, 2.0 * HISTOGRAM_STEP);
    close(gain.above_1s, -loss.above_1s, 2.0 * HISTOGRAM_STEP);
    close(gain.tapered, -loss.tapered, 2.0 * HISTOGRAM_STEP);
}

#[test]
fn the_tail_counts_though_the_mean_is_the_same() {
    // Both have a mean of 1 s; only the second ever lets anybody wait longer.
    let even = histogram(&[(1_000.0, 100)]);
    let uneven = histogram(&[(10.0, 90), (9_910.0, 10)]);
    let of = |h: &Histogram<u64>| hours_per_day(&case(), &[row(0.5, 1.0, 1_000.0, h)]);
    let (even, uneven) = (of(&even), of(&uneven));
    assert!((even.linear - uneven.linear).abs() < 5.0, "linear sees the mean alone");
    assert!(uneven.above_1s < -500.0 && even.above_1s.abs() < 5.0, "above 1 s sees the tail: {uneven:?}");
    assert!(uneven.tapered < even.tapered, "tapered sees the tail");
}

#[test]
fn unattended_and_unmeasured_rows_contribute_nothing() {
    let (some, none) = (histogram(&[(10.0, 10)]), histogram(&[]));
    let hours = hours_per_day(&case(), &[row(0.5, 0.0, 900.0, &some), row(0.5, 1.0, 900.0, &none)]);
    assert_eq!((hours.linear, hours.share_covered, hours.lines.len()), (0.0, 0.0, 0));
}

#[test]
fn every_rule_grows_with_the_wait_and_never_exceeds_it() {
    for rule in Rule::EACH {
        let mut before = 0.0;
        for tenths in 0..200 {
            let wait_s = f64::from(tenths) / 10.0;
            let counted = rule.counted_s(wait_s);
            assert!(counted >= before && counted <= wait_s, "{rule:?} at {wait_s} s: {counted}");
            before = counted;
        }
    }
    assert_eq!(Rule::Tapered.counted_s(0.1), 0.0);
    assert_eq!(Rule::Tapered.counted_s(10.0), 10.0);
    assert_eq!(Rule::Above1S.counted_s(3.5), 2.5);
}
