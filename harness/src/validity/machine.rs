//! The machine must have been the same quiet machine all through the run. Called by `validity`.

use super::Evidence;
use crate::floor;
use crate::noise::tally::STEP_NS;
use crate::noise::{CpuSeen, NoiseSeen};

/// Share of processor time that the hypervisor may give to others before a reader should know: from there on the 99th
/// percentile can be the hypervisor's.
const STEAL_SHARE_WARN: f64 = 0.01;
/// The same beyond which nothing measured is the system's own: one part in ten stolen stretches every time by that much,
/// and the rare ones by whole slices.
const STEAL_SHARE_MAX: f64 = 0.1;
/// Cores that other processes may use before a reader should know: a quarter is more than any idle system's daemons do.
const OTHERS_CORES_WARN: f64 = 0.25;
/// Share of processor time that must be idle: without it every thread waits for another, and response times say more of
/// the scheduler than of the system.
const IDLE_SHARE_MIN: f64 = 0.02;
/// Parts per million by which clocks may run apart: a crystal is within 100, and a time service corrects by 500 at most.
const DRIFT_PPM_WARN: f64 = 500.0;
/// How much the null client may differ before and after: two measurements on a quiet machine lie within a fifth.
const FLOOR_RATIO_WARN: f64 = 1.5;

/// Why the machine makes the run invalid.
pub(super) fn reasons(e: &Evidence<'_>) -> Vec<String> {
    let mut why = Vec::new();
    let Some(n) = e.noise else { return why };
    if n.clock.steps > 0 {
        let more = if n.clock.steps > 1 {
            format!(", the largest of {} steps", n.clock.steps)
        } else {
            String::new()
        };
        why.push(format!(
            "The wall clock was stepped by {:+.3} s at {:.1} s{more}: tokens and time stamps of requests were wrong, \
             allowed {:.3} s.",
            n.clock.step_ns as f64 / 1e9,
            n.clock.step_at_ns as f64 / 1e9,
            STEP_NS as f64 / 1e9
        ));
    }
    if let Some(share) = steal(n).filter(|s| *s > STEAL_SHARE_MAX) {
        why.push(format!("{}, allowed {:.0} %.", stolen(share), STEAL_SHARE_MAX * 100.0));
    }
    why
}

/// What a reader should know of the machine.
pub(super) fn warnings(e: &Evidence<'_>) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(n) = e.noise {
        watched(n, &mut told);
    }
    match floor::ratio(e.floor_before, e.floor_after) {
        Some(ratio) if !(1.0 / FLOOR_RATIO_WARN..=FLOOR_RATIO_WARN).contains(&ratio) => told.push(format!(
            "The machine was not the same before and after: the null client took {:.1} us before the run and {:.1} us \
             after it ({ratio:.2} times as long).",
            e.floor_before.map_or(0, |f| f.service_p50_ns) as f64 / 1e3,
            e.floor_after.map_or(0, |f| f.service_p50_ns) as f64 / 1e3
        )),
        None if e.floor_before.is_some() => {
            told.push("The null client could not be measured again after the run.".to_owned());
        }
        _ => {}
    }
    told
}

fn watched(n: &NoiseSeen, told: &mut Vec<String>) {
    let apart = |ppm: Option<f64>| ppm.filter(|p| p.abs() > DRIFT_PPM_WARN);
    if let Some(ppm) = apart(n.clock.drift_ppm) {
        told.push(format!(
            "The wall clock drifted by {ppm:+.0} parts per million against the monotonic one."
        ));
    }
    if let Some(ppm) = apart(n.clock.slew_ppm) {
        told.push(format!(
            "The clock was being corrected: it ran {ppm:+.0} parts per million against the hardware's, and so did every \
             time measured."
        ));
    }
    if let Some(share) = steal(n).filter(|s| *s > STEAL_SHARE_WARN && *s <= STEAL_SHARE_MAX) {
        told.push(format!("{}.", stolen(share)));
    }
    if let Some(cpu) = n.cpu {
        let others_cores = cpu.others_s.unwrap_or(0.0) / cpu.seconds.max(f64::MIN_POSITIVE);
        if others_cores > OTHERS_CORES_WARN {
            told.push(format!(
                "A neighbour used {others_cores:.2} of a core while measuring (all processes but hub and harness)."
            ));
        }
        if cpu.idle_s < IDLE_SHARE_MIN * cpu.total_s {
            told.push(full(&cpu));
        }
    }
    if let Some(times) = n.heat.filter(|t| *t > 0) {
        told.push(format!("Heat slowed the processor down {times} times."));
    }
    if let Some((before, after)) = n.cap_khz {
        told.push(format!(
            "The processor's highest frequency was changed in mid-run, from {} to {} MHz.",
            before / 1_000,
            after / 1_000
        ));
    }
}

fn steal(n: &NoiseSeen) -> Option<f64> {
    n.facts(None).steal_share
}

fn stolen(share: f64) -> String {
    format!("The hypervisor gave {:.1} % of this machine's processor time to others", share * 100.0)
}

fn full(cpu: &CpuSeen) -> String {
    let percent = |s: f64| s * 100.0 / cpu.total_s.max(f64::MIN_POSITIVE);
    let rest_s = cpu.total_s - cpu.idle_s - cpu.harness_s - cpu.steal_s - cpu.interrupts_s;
    let who = match (cpu.hub_s, cpu.others_s) {
        (Some(hub_s), Some(others_s)) => {
            format!("hub {:.0} %, others {:.0} %", percent(hub_s), percent(others_s))
        }
        (None, Some(others_s)) => format!("others {:.0} %", percent(others_s)),
        (_, None) => format!("hub and others {:.0} %", percent(rest_s.max(0.0))),
    };
    format!(
        "The machine was full while measuring, {:.1} % idle: harness {:.0} %, {who}, interrupts {:.0} %, stolen {:.0} %.",
        percent(cpu.idle_s),
        percent(cpu.harness_s),
        percent(cpu.interrupts_s),
        percent(cpu.steal_s)
    )
}

#[cfg(test)]
mod tests {
    use super::super::good;
    use super::*;
    use crate::noise::tally::ClockSeen;
    use run_record::Floor;

    /// Ten seconds of two cores, half idle.
    fn quiet() -> CpuSeen {
        CpuSeen {
            seconds: 10.0,
            total_s: 20.0,
            idle_s: 10.0,
            steal_s: 0.1,
            interrupts_s: 0.4,
            harness_s: 3.5,
            hub_s: Some(5.5),
            others_s: Some(0.5),
        }
    }

    fn seen(cpu: CpuSeen) -> NoiseSeen {
        NoiseSeen { elapsed_ns: 10_000_000_000, cpu: Some(cpu), ..NoiseSeen::default() }
    }

    fn judged(n: &NoiseSeen) -> (Vec<String>, Vec<String>) {
        let e = Evidence { noise: Some(n), ..good() };
        (reasons(&e), warnings(&e))
    }

    #[test]
    fn a_stepped_clock_makes_the_run_invalid_and_the_sentence_tells_size_and_time() {
        let clock = ClockSeen {
            steps: 2,
            step_ns: -2_000_000_000,
            step_at_ns: 12_340_000_000,
            ..ClockSeen::default()
        };
        let (why, _) = judged(&NoiseSeen { clock, ..NoiseSeen::default() });
        assert!(
            why.len() == 1 && why[0].contains("stepped by -2.000 s at 12.3 s, the largest of 2"),
            "{why:?}"
        );
    }

    #[test]
    fn stolen_time_is_to_be_known_from_one_percent_on_and_invalid_above_ten() {
        let with = |steal_s| judged(&seen(CpuSeen { steal_s, ..quiet() }));
        assert_eq!(with(0.19), (Vec::new(), Vec::new()));
        let (why, told) = with(1.0);
        assert!(why.is_empty() && told.len() == 1 && told[0].contains("gave 5.0 %"), "{why:?} {told:?}");
        let (why, told) = with(2.5);
        assert!(told.is_empty() && why.len() == 1 && why[0].contains("12.5 %"), "{why:?} {told:?}");
    }

    #[test]
    fn a_neighbour_a_full_machine_and_heat_are_to_be_known_with_who_it_was() {
        let (why, told) = judged(&seen(CpuSeen { others_s: Some(7.0), ..quiet() }));
        assert!(why.is_empty() && told.len() == 1 && told[0].contains("neighbour used 0.70"), "{told:?}");
        let full = CpuSeen { idle_s: 0.2, hub_s: Some(15.3), ..quiet() };
        let (why, told) = judged(&seen(full));
        assert!(why.is_empty() && told.len() == 1 && told[0].contains("hub 76 %, others 2 %"), "{told:?}");
        let (_, told) = judged(&seen(CpuSeen { hub_s: None, others_s: None, ..full }));
        assert!(told[0].contains("hub and others 79 %"), "{told:?}");
        let hot = NoiseSeen { heat: Some(3), cap_khz: Some((3_000_000, 1_200_000)), ..seen(quiet()) };
        let (_, told) = judged(&hot);
        assert!(told[0].contains("3 times") && told[1].contains("3000 to 1200 MHz"), "{told:?}");
    }

    #[test]
    fn a_drifting_clock_is_to_be_known() {
        for (drift_ppm, slew_ppm, word) in
            [(Some(-900.0), Some(3.0), "drifted by -900"), (Some(3.0), Some(700.0), "being corrected")]
        {
            let clock = ClockSeen { drift_ppm, slew_ppm, ..ClockSeen::default() };
            let (why, told) = judged(&NoiseSeen { clock, ..NoiseSeen::default() });
            assert!(why.is_empty() && told.len() == 1 && told[0].contains(word), "{told:?}");
        }
    }

    #[test]
    fn a_floor_that_moved_or_could_not_be_measured_again_is_to_be_known() {
        let floor = |ns| Some(Floor { count: 9, service_p50_ns: ns, service_p99_ns: ns });
        let told = |before, after| warnings(&Evidence { floor_before: before, floor_after: after, ..good() });
        assert!(told(floor(20_000), floor(29_000)).is_empty() && told(None, floor(1)).is_empty());
        assert!(told(floor(20_000), floor(40_000))[0].contains("2.00 times"));
        assert!(told(floor(40_000), floor(20_000))[0].contains("0.50 times"));
        assert!(told(floor(40_000), None)[0].contains("could not be measured again"));
    }
}
