//! What must not change a verdict: which build is called baseline (but for its name), units, the order of metrics, a metric
//! given twice, stopping and resuming, threads.

use crate::golden::golden_text;
use crate::support::machine::MEDIUM;
use crate::support::trials::{Effect, Pairing, Trials, cells, design, metrics};
use crate::support::{run, size};
use gate::replay::{Settings, Table, judge_table, parse};
use gate::{Cell, Design, Gate, GateResult, MetricVerdict, Reading, Step, Verdict};

const DRAWN: Pairing = Pairing::Drawn { first: 0.0 };

/// Forty tables of 80 blocks of pairs, some of equal builds and some not.
fn tables() -> Vec<Vec<Vec<Cell>>> {
    let effects = [Effect::None, Effect::All(1.05), Effect::P99(1.10), Effect::All(1.10)];
    run(size(40), |seed| {
        let mut trials = Trials::new(8_000 + seed, MEDIUM, effects[seed as usize % effects.len()], DRAWN);
        (0..80).map(|_| cells(&mut trials)).collect()
    })
}

fn map(table: &[Vec<Cell>], f: impl Fn(Reading, Reading) -> (Reading, Reading)) -> Vec<Vec<Cell>> {
    let cell = |cell: &Cell| match *cell {
        Cell::Pair { baseline, candidate, samples } => {
            let (baseline, candidate) = f(baseline, candidate);
            Cell::Pair { baseline, candidate, samples }
        }
        Cell::Difference(_) => panic!("pairs only"),
    };
    table.iter().map(|block| block.iter().map(cell).collect()).collect()
}

fn judge(table: &[Vec<Cell>]) -> GateResult {
    Gate::judge(design(), table).expect("judged")
}

fn verdict(result: &GateResult) -> (Verdict, usize) {
    (result.verdict, result.blocks)
}

#[test]
fn swapped_builds_mirror_regressed_and_improved() {
    let mut mirrored = 0;
    for table in tables() {
        // So that neither ends as unchanged before the other is regressed.
        let plain = Design { beta: 1e-16, ..design() };
        let swapped = map(&table, |b, c| (c, b));
        let (mut one, mut other) = (Gate::new(plain.clone()).unwrap(), Gate::new(plain).unwrap());
        for (block, mirror) in table.iter().zip(&swapped) {
            let (a, b) = (one.push(block).unwrap(), other.push(mirror).unwrap());
            let regressed: Vec<bool> =
                one.result().metrics.iter().map(|m| m.verdict == MetricVerdict::Regressed).collect();
            let improved: Vec<bool> =
                other.result().metrics.iter().map(|m| m.verdict == MetricVerdict::Improved).collect();
            if let Step::Done(Verdict::Regressed) = a {
                assert_eq!(regressed, improved);
                mirrored += 1;
            }
            if matches!(a, Step::Done(_)) || matches!(b, Step::Done(_)) {
                break;
            }
        }
    }
    assert!(mirrored >= 25 || cfg!(debug_assertions), "only {mirrored} of 40 were regressed at all");
}

#[test]
fn units_order_and_repetition_change_no_verdict() {
    for table in tables() {
        let expected = verdict(&judge(&table));
        let times = |r: Reading| match r {
            Reading::Value(v) => Reading::Value(v * 1e6),
            other => other,
        };
        let scaled = map(&table, |b, c| (times(b), times(c)));
        assert_eq!(verdict(&judge(&scaled)), expected, "other units");

        let mut reversed = design();
        reversed.metrics.reverse();
        let blocks: Vec<Vec<Cell>> = table.iter().map(|b| b.iter().rev().copied().collect()).collect();
        assert_eq!(verdict(&Gate::judge(reversed, &blocks).unwrap()), expected, "another order");

        let mut twice = design();
        twice.metrics.push(gate::Metric { name: "again".to_owned(), ..metrics()[2].clone() });
        let blocks: Vec<Vec<Cell>> =
            table.iter().map(|b| b.iter().chain(&b[2..3]).copied().collect()).collect();
        assert_eq!(verdict(&Gate::judge(twice, &blocks).unwrap()), expected, "a metric twice");
    }
}

#[test]
fn the_same_blocks_give_the_same_bytes_on_one_thread_and_on_eight() {
    let tables: Vec<Table> = parse("golden", &golden_text()).unwrap().into_iter().step_by(5).collect();
    let json = |table: &Table| {
        let judged = judge_table(table, &Settings::default()).unwrap();
        serde_json::to_string(&judged.result).expect("numbers are finite or null")
    };
    let alone: Vec<String> = tables.iter().map(json).collect();
    let together: Vec<Vec<String>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| tables.iter().map(json).collect::<Vec<String>>())).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(together.iter().all(|t| *t == alone));
    for text in &alone {
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        let read: GateResult = serde_json::from_str(text).expect("reads back");
        assert_eq!(&serde_json::to_string(&read).unwrap(), text);
    }
}

#[test]
fn a_gate_stopped_after_45_blocks_and_resumed_ends_as_if_never_stopped() {
    // The blocks of the golden table that stays open to the end, so that there is something to resume.
    let table =
        parse("golden", &golden_text()).unwrap().into_iter().find(|t| t.name == "noisy/AA/0").unwrap();
    let blocks: Vec<Vec<Cell>> =
        table.rows.iter().map(|row| row.iter().map(|d| Cell::Difference(*d)).collect()).collect();
    let settings = Settings::default();
    let design = Design { looks: settings.looks, flips: settings.flips, ..design() };
    let mut stopped = Gate::new(design.clone()).unwrap();
    for block in &blocks[..45] {
        stopped.push(block).unwrap();
    }
    assert!(stopped.result().open, "after 45 blocks it is not decided");
    // What is kept of a stopped gate is its design and its blocks.
    let (design, kept): (Design, Vec<Vec<Cell>>) =
        serde_json::from_str(&serde_json::to_string(&(&design, &blocks[..45])).unwrap()).unwrap();
    let resumed = Gate::judge(design.clone(), kept.iter().chain(&blocks[45..])).unwrap();
    let never_stopped = Gate::judge(design, &blocks).unwrap();
    assert_eq!(resumed.blocks, 80);
    assert_eq!(serde_json::to_string(&resumed).unwrap(), serde_json::to_string(&never_stopped).unwrap());
}
