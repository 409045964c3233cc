//! Reads the `[[phase]]` tables: how long, and which shape of load, laid out as straight pieces. Called by `read_scenario`.

use crate::document::{Item, Log, Section};
use crate::library::Library;
use crate::read_shape::{Kind, PROFILE_KEYS, Profiles, RATE_KEYS, read_profile, read_shape};
use crate::scenario::{Arrivals, Load, Model, Phase, Piece, Rate};
use crate::shape::{PIECES_MAX, Shape};
use crate::units::{LAPSE_FORM, RATE_MAX_PER_S, duration_text, number_text, parse_lapse};
use std::time::Duration;

/// Who says when something arrives.
#[derive(Clone, Copy, PartialEq)]
enum Pace {
    Rates,
    Users,
    Answers,
    Trace,
}

/// Reads the `[[phase]]` tables of a scenario whose load this is; without one they count as phases of the open model.
pub(crate) fn read_phases(
    item: Option<Item<'_>>,
    load: Option<&Load>,
    library: &Library,
    log: &Log,
) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::new();
    let Some(item) = item else { return phases };
    let pace = match load {
        Some(l) if l.model == Model::Users => Pace::Users,
        Some(l) if l.model == Model::Closed => Pace::Answers,
        Some(l) if l.arrivals == Arrivals::Trace => Pace::Trace,
        _ => Pace::Rates,
    };
    let mut sound = true;
    let (mut profiles, mut pieces) = (Profiles::new(), 0);
    for element in item.elements() {
        let Some(section) = element.section() else { continue };
        let before = log.count();
        let name = section.need("name", "a text in quotes").and_then(|i| Some((i.text()?, i)));
        let times = read_times(&section, pace, log);
        let shaped = Shaped::read(&section, pace, library, &mut profiles, log);
        let measured = section.get("measured").and_then(|i| i.boolean()).unwrap_or(true);
        section.finish();
        if let Some((_, item)) = name.as_ref().filter(|(n, _)| phases.iter().any(|p| p.name == *n)) {
            item.refuse("two phases have this name", "a name of its own for each phase");
        }
        let laid = times.zip(shaped).and_then(|(times, shaped)| shaped.lay(times, &mut pieces, log));
        sound &= log.count() == before;
        if let (Some((name, _)), Some(times), Some((pieces, mut shape))) = (name, times, laid) {
            if times.own > times.run {
                let lapse = format!("{} in {}", duration_text(times.own), duration_text(times.run));
                shape = if shape.is_empty() { lapse } else { format!("{shape}, {lapse}") };
            }
            phases.push(Phase {
                name: name.to_owned(),
                duration: times.run,
                pieces,
                lapse: times.own.as_secs_f64() / times.run.as_secs_f64(),
                shape,
                measured,
            });
        }
    }
    if sound && !phases.iter().any(|p| p.measured) {
        log.push(item.fault("no phase is measured").allowed("at least one phase without measured = false"));
    }
    phases
}

/// How much of the scenario's own time passes, and in which time.
#[derive(Debug, Clone, Copy)]
struct Times {
    own: Duration,
    run: Duration,
}

fn read_times(section: &Section<'_>, pace: Pace, log: &Log) -> Option<Times> {
    let (duration, lapse) = (section.get("duration"), section.get("time-lapse"));
    if let Some(lapse) = lapse.as_ref().filter(|_| pace == Pace::Trace) {
        let problem = "recorded traffic has a speed of its own";
        log.push(lapse.fault(problem).allowed("duration here, and the speed with the trace"));
        return None;
    }
    let lapsed = |item: &Item<'_>| item.parsed(parse_lapse, "not a time-lapse", LAPSE_FORM);
    match (duration, lapse) {
        (Some(duration), None) => duration.span().map(|d| Times { own: d, run: d }),
        (None, Some(lapse)) => lapsed(&lapse).map(|(own, run)| Times { own, run }),
        (None, None) => {
            let form = "e.g. 60s, or time-lapse = \"168h in 20m\"";
            log.push(section.fault("duration", "is missing").allowed(form));
            None
        }
        (Some(duration), Some(lapse)) => {
            // Both for their own faults.
            let _ = (duration.span(), lapsed(&lapse));
            let problem = "a time-lapse says already how long the phase lasts";
            log.push(duration.fault(problem).allowed("duration or time-lapse"));
            None
        }
    }
}

/// A shape as read, with what it takes to lay it out.
struct Shaped<'a> {
    /// The key that names it, for faults; none where nobody asks for a rate.
    item: Option<Item<'a>>,
    kind: Kind,
    words: String,
}

impl<'a> Shaped<'a> {
    /// Reads the keys that say how much arrives.
    fn read(
        section: &Section<'a>,
        pace: Pace,
        library: &Library,
        profiles: &mut Profiles,
        log: &Log,
    ) -> Option<Self> {
        let (rate, profile) = (section.get("rate"), section.get("profile"));
        let of_rate = RATE_KEYS.map(|key| section.get(key));
        let of_profile = PROFILE_KEYS.map(|key| section.get(key));
        let refuse = |items: &[Option<Item<'_>>], problem: &str, allowed: &str| {
            for item in items.iter().flatten() {
                log.push(item.fault(problem).allowed(allowed));
            }
        };
        if pace != Pace::Rates {
            let (problem, allowed) = match pace {
                Pace::Users => (
                    "users set their own pace: a phase of the closed model has no rate",
                    "model = \"open\" for rates",
                ),
                Pace::Answers => (
                    "the answers set the pace: a phase of the closed model has no rate",
                    "model = \"open\" for rates",
                ),
                Pace::Rates | Pace::Trace => {
                    let problem = "recorded traffic says itself what arrives when: its phases have no rate";
                    (problem, "duration alone")
                }
            };
            refuse(&[rate, profile], problem, allowed);
            refuse(&of_rate, problem, allowed);
            refuse(&of_profile, problem, allowed);
            let nothing = Shape::Line(Rate { from_per_s: 0.0, to_per_s: 0.0 });
            return Some(Shaped { item: None, kind: Kind::Plain(nothing), words: String::new() });
        }
        match (rate, profile) {
            (Some(rate), None) => {
                refuse(&of_profile, "belongs to a profile", "profile = \"profiles/week.csv\"");
                let (shape, words) = read_shape(&rate, of_rate, section, log)?;
                Some(Shaped { item: Some(rate), kind: Kind::Plain(shape), words })
            }
            (None, Some(item)) => {
                refuse(&of_rate, "belongs to a rate", "rate = \"600/s\" instead of a profile");
                let (kind, words) = read_profile(&item, of_profile, section, (library, profiles), log)?;
                Some(Shaped { item: Some(item), kind, words })
            }
            (Some(_), Some(profile)) => {
                log.push(profile.fault("two shapes of load").allowed("rate or profile"));
                None
            }
            (None, None) => {
                let form = "e.g. 1800/s or 0/s..1800/s, or profile = \"profiles/week.csv\"";
                log.push(section.fault("rate", "is missing").allowed(form));
                None
            }
        }
    }

    /// Its pieces, which count towards those of the scenario, and its words.
    fn lay(self, times: Times, pieces_so_far: &mut u64, log: &Log) -> Option<(Vec<Piece>, String)> {
        let shape = match &self.kind {
            Kind::Plain(shape) => shape.clone(),
            Kind::Profile { profile, month, from_minutes, smooth } => {
                Shape::Profile { profile, month: *month, from_minutes: *from_minutes, smooth: *smooth }
            }
        };
        let Some(item) = self.item else { return Some((shape.pieces(times.own, times.run), self.words)) };
        if let Shape::Spike { at, length, .. } = shape
            && at + length > times.own
        {
            let ends = format!("{} + {}", duration_text(at), duration_text(length));
            let within = format!("at and for within the phase's {}", duration_text(times.own));
            log.push(item.fault("the spike ends after the phase").got(ends).allowed(within));
            return None;
        }
        *pieces_so_far = pieces_so_far.saturating_add(shape.pieces_max(times.own));
        if *pieces_so_far > PIECES_MAX {
            let problem = "the phases so far have too many straight pieces";
            let allowed = format!(
                "{PIECES_MAX} in all phases: each step, each hour of a profile and each 64th of a sine's period is one"
            );
            log.push(item.fault(problem).got(*pieces_so_far).allowed(allowed));
            return None;
        }
        let pieces = shape.pieces(times.own, times.run);
        if pieces.iter().all(|p| p.rate.mean_per_s() == 0.0) {
            item.refuse("a phase in which nothing arrives", "a rate above zero");
        }
        let highest = pieces.iter().map(|p| p.rate.from_per_s.max(p.rate.to_per_s)).fold(0.0, f64::max);
        if highest > RATE_MAX_PER_S {
            let got = format!("{}/s", number_text(highest));
            log.push(item.fault("too high a rate").got(got).allowed(format!("up to {RATE_MAX_PER_S}/s")));
        }
        Some((pieces, self.words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;
    use crate::scenario::TraceRef;

    #[test]
    fn recorded_traffic_has_phases_with_a_length_and_no_more() {
        let read = |lines: &str| {
            let text = format!("[[phase]]\nname = \"p\"\n{lines}");
            let log = Log::default();
            let source = Source { file: "s.toml", text: &text, log: &log };
            let table = source.parse().unwrap();
            let (path, counts) = ("t.csv".into(), Vec::new());
            let mut load = crate::read_load::read_load(None, &log).unwrap();
            load.arrivals = Arrivals::Trace;
            load.trace = Some(TraceRef { path, speed: 1.0, rows: 0, last_ns: 0, counts, names: Vec::new() });
            let library = Library::new(std::path::Path::new(""));
            let root = Section::root(source, &table);
            let phases = read_phases(root.get("phase"), Some(&load), &library, &log);
            (phases, log.take().iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let (phases, faults) = read("duration = \"5s\"");
        assert_eq!((phases[0].requests(), phases[0].pieces.len(), faults.len()), (0.0, 1, 0));
        assert_eq!(phases[0].pieces[0].duration, Duration::from_secs(5));
        let problem = "recorded traffic says itself what arrives when: its phases have no rate";
        let expected = format!("s.toml:4: phase.rate: {problem}, allowed: duration alone");
        assert_eq!(read("duration = \"5s\"\nrate = \"1/s\"").1, [expected]);
        let (_, faults) = read("time-lapse = \"1h in 5s\"");
        assert!(
            faults[0].starts_with("s.toml:3: phase.time-lapse: recorded traffic has a speed of its own, ")
        );
    }
}
