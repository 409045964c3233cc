//! What the engine was handed must have been the plan that the scenario asked for. Called by `validity`.

use super::Evidence;
use crate::schedule::WINDOW_NS;

/// Why the schedule makes the run invalid.
pub(super) fn reasons(e: &Evidence<'_>) -> Vec<String> {
    let mut why = Vec::new();
    let Some(s) = e.schedule else { return why };
    if s.unordered > 0 {
        why.push(format!(
            "The schedule was garbage: {} of {} arrivals were due before the one ahead of them, the first at {:.3} s.",
            s.unordered,
            s.arrivals,
            s.unordered_first_ns as f64 / 1e9
        ));
    }
    if s.outside > 0 {
        why.push(format!(
            "The schedule was garbage: {} of {} arrivals were due outside their phase, the first at {:.3} s.",
            s.outside,
            s.arrivals,
            s.outside_first_ns as f64 / 1e9
        ));
    }
    for c in &s.counts {
        let name = e.phases.get(c.phase).map_or("?", String::as_str);
        why.push(format!(
            "The schedule was garbage: phase \"{name}\" planned {} arrivals, its rate asks for {:.0}.",
            c.got, c.expected
        ));
    }
    if let Some(dispersion) = s.dispersion.filter(|_| !s.spaced_as_asked()) {
        let (from, to) = s.dispersion_allowed;
        why.push(format!(
            "The schedule was garbage: arrivals were not spaced as asked, index of dispersion {dispersion:.3} over {} \
             windows of at least {} ms, allowed {from:.3} to {to:.3} (wrongly refused once in a million runs).",
            s.windows,
            WINDOW_NS / 1_000_000
        ));
    }
    why
}

#[cfg(test)]
mod tests {
    use super::super::good;
    use super::*;
    use crate::schedule::{ScheduleSeen, WrongCount};

    #[test]
    fn each_kind_of_garbage_in_the_schedule_gives_its_own_sentence() {
        let sound = ScheduleSeen {
            arrivals: 1_000,
            windows: 50,
            dispersion: Some(1.1),
            dispersion_allowed: (0.4, 1.9),
            ..ScheduleSeen::default()
        };
        let counts = vec![WrongCount { phase: 1, got: 500, expected: 1_000.0 }];
        let broken = [
            (
                ScheduleSeen { unordered: 3, unordered_first_ns: 1_500_000_000, ..sound.clone() },
                "first at 1.500 s",
            ),
            (ScheduleSeen { outside: 2, ..sound.clone() }, "outside their phase"),
            (
                ScheduleSeen { counts, ..sound.clone() },
                "phase \"peak\" planned 500 arrivals, its rate asks for 1000",
            ),
            (ScheduleSeen { dispersion: Some(30.0), ..sound.clone() }, "dispersion 30.000 over 50 windows"),
        ];
        let phases = ["warm-up".to_owned(), "peak".to_owned()];
        for (seen, word) in &broken {
            let why = reasons(&Evidence { schedule: Some(seen), phases: &phases, ..good() });
            assert!(why.len() == 1 && why[0].contains(word), "{word}: {why:?}");
        }
        assert!(reasons(&Evidence { schedule: Some(&sound), ..good() }).is_empty());
    }
}
