//! The generator must have kept to the plan, and must have been allowed to. Called by `validity`.

use super::Evidence;
use crate::noise::NoiseSeen;

/// Share of the time that a harness may lose in pauses longer than its send lag may be. One part in twenty lost moves the
/// 95th percentile, and every one above it, by whole pauses.
const PAUSED_SHARE_MAX: f64 = 0.05;
/// Share of the time lost in pauses beyond which no limit of the scenario makes the run good: a quarter of what was timed
/// is then the harness's own waiting.
const PAUSED_SHARE_MAX_EVER: f64 = 0.25;
/// Share of the time for which the thread that waited longest for a processor may wait when requests were sent late: less
/// than that is what any shared machine does.
const WAITED_SHARE_MAX: f64 = 0.05;
/// Share of the time in which a limit of the control group may hold the harness back before a reader should know: beyond
/// it the 99th percentile can be the limit's.
const THROTTLED_SHARE_WARN: f64 = 0.01;

fn late(e: &Evidence<'_>) -> bool {
    e.open_model && e.send_lag_p99_9_ns > e.send_lag_limit_ns
}

/// Whether the harness did not get the time it needed.
fn starved(e: &Evidence<'_>, n: &NoiseSeen) -> bool {
    let paused = n.share(n.late.paused_ns);
    let stopped = n.late.longest_ns > e.send_lag_limit_ns;
    let waited = n.waited_ns.map_or(0.0, |(_, longest_ns)| n.share(longest_ns));
    paused > PAUSED_SHARE_MAX_EVER
        || stopped && (paused > PAUSED_SHARE_MAX || late(e))
        || late(e) && waited > WAITED_SHARE_MAX
}

/// What kept the harness from running, as far as it is known.
fn held_up(n: &NoiseSeen) -> String {
    let mut text = format!(
        "in {:.1} s it was stopped {} times for {:.2} s in all ({:.1} % of the time), {:.1} ms at the longest (at {:.1} s)",
        n.elapsed_ns as f64 / 1e9,
        n.late.pauses,
        n.late.paused_ns as f64 / 1e9,
        n.share(n.late.paused_ns) * 100.0,
        n.late.longest_ns as f64 / 1e6,
        n.late.longest_at_ns as f64 / 1e9
    );
    if let Some((all_ns, longest_ns)) = n.waited_ns {
        text += &format!(
            ", its threads waited {:.0} ms for a processor in all, one of them {:.0} ms",
            all_ns as f64 / 1e6,
            longest_ns as f64 / 1e6
        );
    }
    if let Some(t) = n.throttled.filter(|t| t.times > 0) {
        text += &format!(
            ", a limit of its control group held it back {} times for {:.2} s ({:.1} %)",
            t.times,
            t.ns as f64 / 1e9,
            n.share(t.ns) * 100.0
        );
    }
    text
}

/// Why the generator makes the run invalid.
pub(super) fn reasons(e: &Evidence<'_>) -> Vec<String> {
    let mut why = Vec::new();
    if let Some(n) = e.noise.filter(|n| starved(e, n)) {
        why.push(format!(
            "The harness was starved of processor time: {}; allowed are {:.0} % of the time, and no wait that makes requests \
             late. What it timed is its own waiting too.",
            held_up(n),
            PAUSED_SHARE_MAX * 100.0
        ));
    }
    if late(e) {
        why.push(format!(
            "The generator was late: send lag p99.9 was {:.3} ms, allowed {:.3} ms (too few connections, or a busy machine).",
            e.send_lag_p99_9_ns as f64 / 1e6,
            e.send_lag_limit_ns as f64 / 1e6
        ));
    }
    if e.cpu_share > e.cpu_share_limit {
        why.push(format!(
            "The generator was saturated: its sending thread used {:.0} % of a core, allowed {:.0} %.",
            e.cpu_share * 100.0,
            e.cpu_share_limit * 100.0
        ));
    }
    if e.debug_build {
        why.push("This is a debug build; only release builds measure.".to_owned());
    }
    why
}

/// What a reader should know of the generator.
pub(super) fn warnings(e: &Evidence<'_>) -> Vec<String> {
    let Some(n) = e.noise.filter(|n| !starved(e, n)) else { return Vec::new() };
    let throttled = n.throttled.map_or(0.0, |t| n.share(t.ns));
    if n.late.longest_ns > e.send_lag_limit_ns || throttled > THROTTLED_SHARE_WARN {
        return vec![format!("The harness was held up: {}.", held_up(n))];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::super::good;
    use super::*;
    use crate::noise::Throttled;

    const MS: u64 = 1_000_000;

    /// Ten seconds with a pause of `ms` every `every_ms`.
    fn paused(ms: u64, every_ms: u64) -> NoiseSeen {
        let mut n = NoiseSeen { elapsed_ns: 10_000 * MS, ..NoiseSeen::default() };
        for at in (0..10_000).step_by(every_ms as usize) {
            n.late.woke(at * MS, (at + ms) * MS);
        }
        n
    }

    fn starvation(n: &NoiseSeen, e: Evidence<'_>) -> Option<String> {
        reasons(&Evidence { noise: Some(n), ..e }).into_iter().find(|s| s.contains("starved"))
    }

    #[test]
    fn each_fault_of_the_generator_gives_its_own_sentence() {
        let broken = [
            (Evidence { send_lag_p99_9_ns: 10_000_001, ..good() }, "generator was late"),
            (Evidence { cpu_share: 0.95, ..good() }, "saturated"),
            (Evidence { debug_build: true, ..good() }, "debug build"),
        ];
        for (evidence, word) in broken {
            let why = reasons(&evidence);
            assert!(why.len() == 1 && why[0].contains(word), "{word}: {why:?}");
        }
    }

    #[test]
    fn a_harness_that_is_stopped_nine_tenths_of_the_time_was_starved_and_the_sentence_says_how() {
        let mut n = paused(90, 100);
        n.waited_ns = Some((1_234 * MS, 1_000 * MS));
        n.throttled = Some(Throttled { times: 100, ns: 9_000 * MS });
        let said = starvation(&n, good()).expect("starved");
        for part in [
            "stopped 100 times",
            "9.00 s in all (90.0 %",
            "90.0 ms at the longest",
            "1234 ms",
            "held it back",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let lax = Evidence { send_lag_limit_ns: u64::MAX, open_model: false, ..good() };
        assert!(starvation(&n, lax).is_some(), "no limit of a scenario makes that good");
    }

    #[test]
    fn one_pause_is_to_be_known_and_is_starvation_only_when_requests_were_late_for_it() {
        let n = paused(30, 10_000);
        assert_eq!(starvation(&n, good()), None);
        let told = warnings(&Evidence { noise: Some(&n), ..good() });
        assert!(told.len() == 1 && told[0].contains("held up"), "{told:?}");
        let late = Evidence { send_lag_p99_9_ns: 25 * MS, ..good() };
        assert!(starvation(&n, late.clone()).is_some());
        assert_eq!(warnings(&Evidence { noise: Some(&n), ..late }), Vec::<String>::new());
    }

    #[test]
    fn a_thread_that_waited_long_for_a_processor_was_starved_when_it_was_late_and_not_when_it_was_not() {
        let mut n = paused(1, 100);
        n.waited_ns = Some((2_000 * MS, 1_500 * MS));
        assert_eq!(starvation(&n, good()), None);
        assert!(starvation(&n, Evidence { send_lag_p99_9_ns: 25 * MS, ..good() }).is_some());
    }

    #[test]
    fn requests_that_were_late_on_a_quiet_machine_are_nobodys_starvation() {
        assert_eq!(starvation(&paused(1, 100), Evidence { send_lag_p99_9_ns: 25 * MS, ..good() }), None);
    }
}
