//! The edges: what is missing, failed, zero, too small, too few or wrong.

use crate::support::random::Random;
use gate::plan;
use gate::replay::{Settings, judge_table, parse};
use gate::{Cell, Design, Gate, GateResult, Metric, MetricVerdict, Reading, Reason, Step, Verdict, Worse};

pub fn value(v: f64) -> Reading {
    Reading::Value(v)
}

pub fn pair(baseline: Reading, candidate: Reading) -> Cell {
    Cell::Pair { baseline, candidate, samples: 10_000 }
}

/// A time of about `level` milliseconds with 1 % of noise.
pub fn about(level: f64, random: &mut Random) -> Reading {
    value(level * (0.01 * random.normal()).exp())
}

pub fn judge(metrics: Vec<Metric>, mut cells: impl FnMut(usize) -> Vec<Cell>) -> GateResult {
    let design = Design { flips: 2_000, ..Design::new(metrics, 80).unwrap() };
    Gate::judge(design, (0..80).map(&mut cells)).unwrap()
}

pub fn p99() -> Metric {
    Metric { quantile: Some(0.99), ..Metric::ratio("p99", 0.10, 0.02) }
}

#[test]
fn less_throughput_is_worse_and_reported_as_what_it_is() {
    let mut random = Random::new(6);
    let throughput = Metric { worse: Worse::Lower, ..Metric::ratio("rate", 0.05, 0.01) };
    let result = judge(vec![throughput.clone()], |_| {
        vec![pair(about(1_000.0, &mut random), about(900.0, &mut random))]
    });
    let rate = &result.metrics[0];
    assert_eq!(rate.verdict, MetricVerdict::Regressed);
    let (low, change, high) = (rate.change_low.unwrap(), rate.change.unwrap(), rate.change_high.unwrap());
    assert!(low < change && change < high && (change + 0.10).abs() < 0.01, "{rate:?}");
    assert!(rate.detectable.unwrap() > 0.0);
    let stopped = pair(value(1_000.0), value(0.0)).difference(&throughput);
    assert_eq!(stopped, Ok(f64::INFINITY), "no throughput at all is the worst");
}

#[test]
fn a_better_candidate_is_reported_and_passes() {
    let mut random = Random::new(7);
    let result = judge(vec![p99()], |_| vec![pair(about(10.0, &mut random), about(8.0, &mut random))]);
    assert_eq!(result.verdict, Verdict::Unchanged);
    let metric = &result.metrics[0];
    assert_eq!((metric.verdict, metric.reason), (MetricVerdict::Improved, None));
    assert!(metric.p_adj_better.unwrap() < 0.01 && metric.p_adj.unwrap() > 0.9);
}

#[test]
fn metrics_still_open_when_another_regressed_say_so() {
    let mut random = Random::new(8);
    let result = judge(vec![p99(), Metric::ratio("loud", 0.10, 0.02)], |_| {
        let loud = value((0.15 * random.normal()).exp());
        vec![pair(about(10.0, &mut random), about(13.0, &mut random)), pair(value(1.0), loud)]
    });
    assert_eq!(result.verdict, Verdict::Regressed);
    assert_eq!(result.metrics[1].reason, Some(Reason::Stopped));
}

#[test]
fn a_gate_says_what_it_wants_and_takes_nothing_wrong() {
    let mut gate = Gate::new(Design::new(vec![p99()], 80).unwrap()).unwrap();
    let block = [pair(value(1.0), value(1.0))];
    assert_eq!(gate.push(&block), Ok(Step::Continue(14)));
    let says = |result: Result<Step, gate::Faults>| result.unwrap_err().to_string();
    assert_eq!(says(gate.push(&[])), "block 2: got 0 cells, allowed 1");
    assert_eq!(
        says(gate.push(&[pair(value(-1.0), value(1.0))])),
        "block 2: p99: reading: got -1, allowed a number of 0 or more"
    );
    assert_eq!(
        says(gate.push(&[Cell::Difference(f64::NAN)])),
        "block 2: p99: difference: got NaN, allowed a number"
    );
    for _ in 0..14 {
        gate.push(&block).unwrap();
    }
    assert_eq!(gate.step(), Step::Done(Verdict::Unchanged));
    assert_eq!(says(gate.push(&block)), "block 16: the gate has ended as unchanged, allowed none more");
}

#[test]
fn a_gate_without_blocks_has_a_result() {
    let gate = Gate::new(Design::new(vec![p99()], 80).unwrap()).unwrap();
    let result = gate.result();
    assert!(result.open && result.blocks == 0);
    assert_eq!(result.metrics[0].note.as_deref(), Some("p99: no block was measured"));
}

#[test]
fn all_faults_of_a_design_are_said_at_once() {
    let bad = Metric { quantile: Some(1.0), min_effect: -1.0, ..Metric::ratio("max", 0.01, 0.02) };
    let design = Design { alpha: 0.7, flips: 0, ..Design::new(vec![p99()], 80).unwrap() };
    let faults =
        Design { metrics: vec![bad.clone(), bad], looks: vec![10, 80, 200], ..design }.check().unwrap_err();
    for said in [
        "max: margin: got 0.01, allowed more than the floor, which is 0.02",
        "max: min_effect: got -1, allowed 0 or more",
        "max: quantile: got 1, allowed between 0 and 1; a maximum is judged absolutely only",
        "metrics: got \"max\" twice, allowed once",
        "looks: got [10, 80, 200], allowed one or more, ascending, from 15 to 120",
        "alpha: got 0.7, allowed more than 0 and less than 0.5",
        "flips: got 0, allowed 1 to 1000000",
    ] {
        assert!(faults.to_string().contains(said), "{said:?} is not in\n{faults}");
    }
}

#[test]
fn a_plan_fits_the_time_or_says_what_would() {
    assert_eq!(plan::looks(80), [15, 22, 32, 46, 66, 80]);
    assert_eq!(plan::looks(15), [15]);
    assert_eq!(plan::looks(14), [0usize; 0]);
    assert_eq!(*plan::looks(120).last().unwrap(), 120);
    assert_eq!(plan::blocks_max(900.0, 11.0, 80), Ok(80));
    assert_eq!(plan::blocks_max(300.0, 11.0, 80), Ok(27));
    assert_eq!(plan::blocks_max(1e9, 1.0, 500), Ok(120));
    let few = plan::blocks_max(100.0, 11.0, 80).unwrap_err().to_string();
    assert_eq!(few, "budget allows only 9 blocks of 11.0 s, 15 needed = 165 s");
    assert!(plan::blocks_max(100.0, f64::NAN, 80).is_err());
    // 1,000 samples and three standard deviations of their number, at 300 a second.
    assert!((plan::trial_s(0.99, 300.0).unwrap() - 1_094.87 / 300.0).abs() < 0.01);
    assert_eq!(plan::trial_s(0.5, 300.0), Ok(2.0));
    assert_eq!(plan::trial_s(0.999, 1.0), Ok(20.0));
    assert_eq!(plan::trial_s(1.0, 0.0).unwrap_err().0.len(), 2);
}

#[test]
fn a_table_to_replay_says_its_faults_with_their_lines() {
    let faults = parse("t.csv", "1,2\nname\n1,2\n1\nNaN,1\n1,x\nempty\n").unwrap_err();
    assert_eq!(
        faults.0,
        [
            "t.csv:1: a row stands before any name, got \"1,2\"",
            "t.csv:4: name: got 1 differences, allowed 2",
            "t.csv:5: name: got NaN, allowed numbers",
            "t.csv:6: row: got \"1,x\", allowed numbers separated by commas",
            "t.csv: empty: got no row, allowed one a block",
        ]
    );
    assert!(parse("t.csv", "\n").unwrap_err().to_string().contains("got no table"));
    let one = parse("t.csv", "single\n0.01\n-0.02\n").unwrap();
    let judged = judge_table(&one[0], &Settings::default()).unwrap();
    assert_eq!(judged.to_string(), "single inconclusive 2");
}
