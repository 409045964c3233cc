//! The edge table of gates, a test a row. The rows that the statistics decide are here; what becomes of the others, and what every
//! format shows of each, in `reports/tests/edge_table.rs`; those of a gate under way in the command line's own tests.
//!
//! | row | where |
//! |---|---|
//! | too few samples for a percentile | here; merging of blocks in `fixed_limits` |
//! | a percentile among failed requests | here |
//! | all differences zero, or within one bucket | here |
//! | errors in too few blocks | here |
//! | an interaction only in the baseline, or only in the candidate | `reports/tests/edge_table.rs` |
//! | another scenario, another machine | `reports/tests/edge_table.rs` |
//! | only stored runs for a baseline | `reports/tests/edge_table.rs` |
//! | invalid trials, a candidate that cannot be measured | `reports/tests/edge_table.rs`, `tests/e2e/gate.rs` |
//! | the warm-up is not over | `reports/tests/edge_table.rs` |
//! | a metric lost between looks | here |
//! | identical programs, a second attempt | `tests/e2e/gate.rs` |

use crate::edges::{about, judge, p99, pair, value};
use crate::support::random::Random;
use gate::{Cell, Metric, MetricVerdict, Reading, Reason, Verdict};

#[test]
fn too_few_samples_for_a_percentile() {
    let run = |samples: u64, slower: f64| {
        let mut random = Random::new(5);
        judge(vec![p99(), Metric::ratio("cpu", 0.03, 0.005)], |_| {
            let p99 = Cell::Pair {
                baseline: about(10.0, &mut random),
                candidate: about(10.0, &mut random),
                samples,
            };
            vec![p99, pair(about(1.0, &mut random), about(slower, &mut random))]
        })
    };
    for samples in [400, 500, 999] {
        let few = run(samples, 1.0);
        assert_eq!((few.verdict, few.reason), (Verdict::Inconclusive, Some(Reason::FewSamples)));
        assert!(few.blocks < 80, "more blocks of so few samples would not help");
        assert_eq!(few.metrics[0].samples_needed, Some(1_000));
        assert_eq!(few.metrics[1].verdict, MetricVerdict::Unchanged);
    }
    assert_eq!(run(1_000, 1.0).verdict, Verdict::Unchanged);
    assert_eq!(run(400, 1.1).verdict, Verdict::Regressed);
}

#[test]
fn a_quantile_among_failed_requests_of_one_side() {
    let mut random = Random::new(1);
    let result = judge(vec![p99()], |k| {
        let candidate = if k % 3 == 0 { about(10.0, &mut random) } else { Reading::Failed };
        vec![pair(about(10.0, &mut random), candidate)]
    });
    let metric = &result.metrics[0];
    assert_eq!((result.verdict, metric.verdict), (Verdict::Regressed, MetricVerdict::Regressed));
    assert_eq!((metric.change, metric.change_high), (None, None));
    assert!(metric.note.as_ref().unwrap().contains("the candidate failed"), "{metric:?}");
}

#[test]
fn a_quantile_among_failed_requests_of_both_sides() {
    let result = judge(vec![p99()], |_| vec![pair(Reading::Failed, Reading::Failed)]);
    assert_eq!(result.verdict, Verdict::Unchanged);
    assert_eq!(result.metrics[0].change, Some(0.0));
}

#[test]
fn all_differences_are_zero() {
    let result = judge(vec![p99(), Metric::points("errors", 0.001, 0.0002)], |_| {
        vec![pair(value(10.0), value(10.0)), pair(value(0.0), value(0.0))]
    });
    assert_eq!((result.verdict, result.blocks), (Verdict::Unchanged, 15));
    let errors = &result.metrics[1];
    assert_eq!((errors.change, errors.detectable), (Some(0.0), Some(0.0002)));
}

#[test]
fn all_differences_lie_within_one_bucket() {
    let run = |metric: Metric| {
        let mut random = Random::new(4);
        judge(vec![metric], |_| vec![pair(about(10.0, &mut random), about(10.8, &mut random))])
    };
    assert_eq!(run(p99()).verdict, Verdict::Regressed);
    let small = run(Metric { min_effect: 2.0, ..p99() });
    assert_eq!(small.verdict, Verdict::Unchanged, "0.8 ms are less than 2 ms");
    assert_eq!(run(Metric { min_effect: 0.5, ..p99() }).verdict, Verdict::Regressed);
    assert_eq!(
        run(Metric { bucket: 0.05, ..p99() }).verdict,
        Verdict::Unchanged,
        "8 % are within two buckets"
    );
    assert!(small.metrics[0].note.as_ref().unwrap().contains("smaller than the least effect"));
}

#[test]
fn errors_in_fewer_than_fifteen_blocks() {
    let errors = |blocks: usize| {
        let mut random = Random::new(3);
        judge(vec![Metric::points("errors", 0.001, 0.0002)], |k| {
            // As many blocks as allowed differ, all of them badly.
            let candidate = if k < blocks { 0.01 + 0.001 * random.uniform() } else { 0.0 };
            vec![pair(value(0.0), value(candidate))]
        })
    };
    assert_ne!(errors(14).verdict, Verdict::Regressed);
    assert_eq!(errors(22).verdict, Verdict::Regressed);
}

#[test]
fn a_metric_is_lost_between_looks() {
    let mut random = Random::new(2);
    let result = judge(vec![p99(), Metric::ratio("cpu", 0.03, 0.005)], |k| {
        let lost = if k < 5 { about(10.0, &mut random) } else { Reading::Missing };
        vec![pair(about(10.0, &mut random), lost), pair(value(1.0), about(1.01, &mut random))]
    });
    assert_eq!(result.verdict, Verdict::Regressed);
    assert_eq!(result.metrics[0].verdict, MetricVerdict::Regressed);
    let lost_by_baseline = Cell::Pair { baseline: Reading::Missing, candidate: value(1.0), samples: 0 };
    assert_eq!(lost_by_baseline.difference(&p99()), Ok(f64::NEG_INFINITY));
}
