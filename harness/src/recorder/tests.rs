//! Tests of the recorder: three times told apart, nothing lost, threads that add up.

use super::*;
use crate::seconds::Series;

const MS: u64 = 1_000_000;

fn recorder() -> Recorder {
    Recorder::new(vec!["a".into(), "b".into()], vec![false, true])
}

fn sample(phase: usize, planned_ms: u64, sent_ms: u64, done_ms: u64) -> Sample {
    Sample {
        interaction: 0,
        phase,
        planned_ns: planned_ms * MS,
        sent_ns: sent_ms * MS,
        done_ns: done_ms * MS,
    }
}

fn failed(kind: &'static str, timed: bool) -> Outcome<'static> {
    Outcome::Failed { kind, detail: "x", complete: timed, timed }
}

#[test]
fn response_service_and_send_lag_are_told_apart() {
    let mut r = recorder();
    r.planned(1, 0);
    r.finished(&sample(1, 0, 300, 500), &Outcome::Answered);
    let histograms = r.histograms();
    for (kind, ms) in [(Kind::Response, 500), (Kind::Service, 200), (Kind::SendLag, 300)] {
        for name in ["a", ALL] {
            let h = run_record::find_histogram(&histograms, name, kind).expect("recorded");
            assert_eq!(h.len(), 1);
            assert!(h.max().abs_diff(ms * MS) <= ms * MS / 1000, "{name} {kind}: {}", h.max());
        }
    }
}

#[test]
fn warm_up_is_counted_but_never_timed() {
    let mut r = recorder();
    r.planned(0, 0);
    r.finished(&sample(0, 0, 1, 2), &Outcome::Answered);
    assert_eq!((r.counts.planned, r.counts_all.answered), (0, 1));
    assert!(r.histograms().iter().all(|h| h.histogram.is_empty()));
}

#[test]
fn every_way_to_end_keeps_the_two_equations() {
    let mut r = recorder();
    let ends = [
        Outcome::Answered,
        failed("status", true),
        failed("connection", false),
        Outcome::Dropped { reason: "nothing waits" },
    ];
    for (i, end) in ends.iter().enumerate() {
        r.planned(1, i as u64 * 400 * MS);
        r.finished(&sample(1, i as u64 * 400, i as u64 * 400, i as u64 * 400 + 5), end);
    }
    let c = r.counts;
    assert_eq!((c.planned, c.sent, c.dropped, c.answered, c.failed), (4, 3, 1, 1, 2));
    assert_eq!((r.complete[0], r.unknown[0]), (2, 1));
    let histograms = r.histograms();
    let h = run_record::find_histogram(&histograms, ALL, Kind::Response).expect("recorded");
    assert_eq!(h.len(), 2, "a broken connection is no answer and has no time");
    let mut series = Series::new(vec![("warm-up".into(), false), ("peak".into(), true)], 1);
    series.add(r.seconds.seal_all());
    let (series, heat) = series.finish();
    assert_eq!(series.iter().map(|s| s.planned).sum::<u64>(), 4);
    assert!(series.iter().all(|s| s.planned == s.sent + s.dropped && s.sent == s.answered + s.failed));
    assert_eq!(heat.counts.iter().flatten().sum::<u32>(), 2);
}

#[test]
fn a_broken_target_cannot_fill_memory_with_different_errors() {
    let mut r = recorder();
    for i in 0..1_000u64 {
        r.planned(1, 0);
        let detail = format!("reason {i}");
        let outcome = Outcome::Failed { kind: "status", detail: &detail, complete: true, timed: true };
        r.finished(&sample(1, 0, 0, 1), &outcome);
    }
    let rows = r.error_rows();
    assert_eq!(rows.len(), ERRORS_MAX + 1);
    assert_eq!(rows.iter().map(|e| e.count).sum::<u64>(), 1_000);
}

#[test]
fn two_threads_recordings_add_up_to_what_one_would_have_recorded() {
    let (mut one, mut halves) = (recorder(), [recorder(), recorder()]);
    for i in 0..100u64 {
        let s = sample(1, i * 10, i * 10 + i % 3, i * 10 + i % 7 + 3);
        let end = if i % 9 == 0 { failed("status", true) } else { Outcome::Answered };
        for r in [&mut one, &mut halves[(i % 2) as usize]] {
            r.planned(1, s.planned_ns);
            r.finished(&s, &end);
        }
    }
    let [mut first, second] = halves;
    first.absorb(second);
    assert_eq!((first.counts, first.complete.clone()), (one.counts, one.complete.clone()));
    assert_eq!(first.histograms(), one.histograms());
    assert_eq!(first.error_rows(), one.error_rows());
    assert_eq!(first.last_done_ns, one.last_done_ns);
}
