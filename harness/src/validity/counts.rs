//! The counts must add up: planned, sent, dropped, answered, failed. Called by `validity`.

use super::Evidence;

/// Why the counts make the run invalid.
pub(super) fn reasons(e: &Evidence<'_>) -> Vec<String> {
    let mut why = Vec::new();
    let c = e.counts_all;
    if e.interrupted {
        why.push(
            "The run was interrupted before its measured phases were over; the record is partial.".to_owned(),
        );
    }
    if e.counts.planned == 0 {
        why.push("Nothing was planned in a measured phase, so there is nothing to judge.".to_owned());
    }
    if c.planned != c.sent + c.dropped {
        why.push(format!(
            "Arrivals were lost: planned {} is not sent {} + dropped {}.",
            c.planned, c.sent, c.dropped
        ));
    }
    if c.sent != c.answered + c.failed {
        why.push(format!(
            "Requests were lost: sent {} is not answered {} + failed {}.",
            c.sent, c.answered, c.failed
        ));
    }
    let dropped_share = e.counts.dropped as f64 / e.counts.planned.max(1) as f64;
    if dropped_share > e.dropped_share_limit {
        why.push(format!(
            "{} of {} planned arrivals were dropped ({:.3} %), allowed {:.3} %: the load was not the planned one.",
            e.counts.dropped,
            e.counts.planned,
            dropped_share * 100.0,
            e.dropped_share_limit * 100.0
        ));
    }
    why
}

#[cfg(test)]
mod tests {
    use super::super::good;
    use super::*;
    use run_record::Counts;

    #[test]
    fn each_fault_of_the_counts_gives_its_own_sentence() {
        let dropped = Counts { planned: 101, dropped: 1, ..good().counts };
        let broken = [
            (Evidence { interrupted: true, ..good() }, "interrupted"),
            (Evidence { counts: Counts::default(), ..good() }, "Nothing was planned"),
            (Evidence { counts_all: Counts { sent: 98, ..good().counts }, ..good() }, "Arrivals were lost"),
            (Evidence { counts_all: Counts { failed: 0, ..good().counts }, ..good() }, "Requests were lost"),
            (Evidence { counts: dropped, ..good() }, "were dropped"),
        ];
        for (evidence, word) in broken {
            let why = reasons(&evidence);
            assert!(why.iter().any(|s| s.contains(word)), "{word}: {why:?}");
        }
    }
}
