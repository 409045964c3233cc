//! Reads the `[[phase]]` tables: how long, and which shape of load, laid out as straight pieces. Called by `read_scenario`.

use crate::document::{Item, Log, Section, Source};
use crate::library::Library;
use crate::nhs_guard;
use crate::profile::{self, MOMENT_FORM, Profile, parse_moment};
use crate::scenario::{Arrivals, Load, Model, Phase, Piece, Rate};
use crate::shape::{PIECES_MAX, Shape};
use crate::units::{
    COUNT_FORM, LAPSE_FORM, RATE_MAX_PER_S, duration_text, number_text, parse_count, parse_lapse,
};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

/// Keys of a phase that shape a rate, beside `rate` itself.
const RATE_KEYS: [&str; 4] = ["steps", "shape", "period", "spike"];
/// Keys of a phase that go with a profile.
const PROFILE_KEYS: [&str; 3] = ["month", "from", "smooth"];

/// Who says when something arrives.
#[derive(Clone, Copy, PartialEq)]
enum Pace {
    Rates,
    Users,
    Trace,
}

/// Profiles by path; `None` for one whose faults are already told.
type Profiles = HashMap<String, Option<Rc<Profile>>>;

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
            (duration.span(), lapsed(&lapse));
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

enum Kind {
    Plain(Shape<'static>),
    Profile { profile: Rc<Profile>, month: f64, from_minutes: u64, smooth: bool },
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
            let (problem, allowed) = if pace == Pace::Users {
                let problem = "users set their own pace: a phase of the closed model has no rate";
                (problem, "model = \"open\" for rates")
            } else {
                ("recorded traffic says itself what arrives when: its phases have no rate", "duration alone")
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

/// Reads what stands beside a `rate`, in the order of [`RATE_KEYS`].
fn read_shape(
    item: &Item<'_>,
    [steps, shape, period, spike]: [Option<Item<'_>>; RATE_KEYS.len()],
    section: &Section<'_>,
    log: &Log,
) -> Option<(Shape<'static>, String)> {
    let rate = item.rate();
    let written = item.text().filter(|_| rate.is_some()).unwrap_or_default().to_owned();
    let ramp = |what: &str| {
        let rate = rate?;
        if rate.from_per_s == rate.to_per_s {
            item.refuse(&format!("{what} between two rates"), "e.g. 200/s..1800/s");
            return None;
        }
        Some(rate)
    };
    if let (Some(period), None) = (&period, &shape) {
        log.push(period.fault("belongs to a sine").allowed("shape = \"sine\""));
    }
    match (steps, shape, spike) {
        (None, None, None) => Some((Shape::Line(rate?), written)),
        (Some(steps), None, None) => {
            let (rate, steps) = (ramp("steps lie"), steps.whole(2..=PIECES_MAX));
            let (rate, steps) = rate.zip(steps)?;
            Some((Shape::Steps { rate, steps }, format!("{written} in {steps} steps")))
        }
        (None, Some(shape), None) => {
            let sine = shape.one_of(&[("sine", ())]);
            let rate = ramp("a sine swings");
            if period.is_none() {
                log.push(section.fault("period", "is missing").allowed("how long a swing takes, e.g. 60s"));
            }
            let period = period.and_then(|i| i.span())?;
            let (rate, ()) = rate.zip(sine)?;
            let shape = Shape::Sine {
                low_per_s: rate.from_per_s.min(rate.to_per_s),
                high_per_s: rate.from_per_s.max(rate.to_per_s),
                period,
            };
            Some((shape, format!("sine {written} every {}", duration_text(period))))
        }
        (None, None, Some(spike)) => {
            let flat = rate.filter(|r| r.from_per_s == r.to_per_s).map(|r| r.from_per_s);
            if rate.is_some() && flat.is_none() {
                item.refuse("a spike stands on one rate", "e.g. 600/s");
            }
            read_spike(&spike, flat, &written)
        }
        (steps, shape, spike) => {
            let second = [steps, shape, spike].into_iter().flatten().nth(1)?;
            log.push(second.fault("two shapes at once").allowed("one of steps, shape and spike"));
            None
        }
    }
}

/// Reads `spike = { to, at, for, ramp }`.
fn read_spike(item: &Item<'_>, flat: Option<f64>, written: &str) -> Option<(Shape<'static>, String)> {
    let section = item.section()?;
    let to = section.need("to", "a rate, e.g. 1800/s").and_then(|i| {
        let to = i.rate()?;
        let one = to.from_per_s == to.to_per_s;
        let above = flat.is_none_or(|flat| to.from_per_s > flat);
        if !one || !above {
            let problem = if one { "not above the rate that the spike stands on" } else { "not one rate" };
            i.refuse(
                problem,
                format!("one rate above {}", if written.is_empty() { "rate" } else { written }),
            );
            return None;
        }
        Some(to.from_per_s)
    });
    let form = "a duration, e.g. 20s";
    // At 0s a spike may begin, so this is no span.
    let at = section
        .need("at", form)
        .and_then(|i| i.parsed(crate::units::parse_duration, "not a duration", crate::units::DURATION_FORM));
    let length = section.need("for", form).and_then(|i| i.span());
    let ramp = section.get("ramp").map_or(Some(Duration::ZERO), |i| {
        let ramp = i.span()?;
        if length.is_some_and(|length| ramp.saturating_mul(2) > length) {
            i.refuse("the flanks are longer than the spike", "up to half of for");
            return None;
        }
        Some(ramp)
    });
    section.finish();
    let (flat_per_s, to_per_s, at, length, ramp) = (flat?, to?, at?, length?, ramp?);
    let mut words = format!("{written}, spike to {}/s at {}", number_text(to_per_s), duration_text(at));
    words.push_str(&format!(" for {}", duration_text(length)));
    if !ramp.is_zero() {
        words.push_str(&format!(", flanks of {}", duration_text(ramp)));
    }
    Some((Shape::Spike { flat_per_s, to_per_s, at, length, ramp }, words))
}

/// Reads a profile and what stands beside it, in the order of [`PROFILE_KEYS`].
fn read_profile(
    item: &Item<'_>,
    [month, from, smooth]: [Option<Item<'_>>; PROFILE_KEYS.len()],
    section: &Section<'_>,
    (library, profiles): (&Library, &mut Profiles),
    log: &Log,
) -> Option<(Kind, String)> {
    if month.is_none() {
        log.push(section.fault("month", "is missing").allowed(format!("messages a month, {COUNT_FORM}")));
    }
    let month = month.and_then(|i| {
        let number = i.number().filter(|n| n.is_finite() && *n > 0.0);
        number.or_else(|| i.parsed(parse_count, "not a number of messages", COUNT_FORM))
    });
    let smooth = smooth.map_or(Some(false), |i| i.boolean());
    let begins = from
        .as_ref()
        .map_or(Some((0, true)), |i| i.parsed(parse_moment, "not a moment of a week", MOMENT_FORM));
    let path = item.text()?;
    let known = profiles.entry(path.to_owned()).or_insert_with(|| {
        let Some(file) = library.find(path, log) else {
            item.refuse("file not found", "a path like profiles/week.csv");
            return None;
        };
        nhs_guard::scan(Source { file: &file.file, text: &file.text, log });
        profile::read_csv(&file, log).map(Rc::new)
    });
    let profile = known.clone()?;
    let (from_minutes, has_day) = begins?;
    if let Some(from) = from.as_ref().filter(|_| profile.has_days() && !has_day) {
        from.refuse("the days of this profile differ", "a day and a time, e.g. monday 08:00");
        return None;
    }
    let (month, smooth) = month.zip(smooth)?;
    let mut words = format!("{path}, {} a month", number_text(month));
    if let Some(from) = from.as_ref().and_then(|i| i.text()) {
        words.push_str(&format!(", from {from}"));
    }
    if smooth {
        words.push_str(", smooth");
    }
    Some((Kind::Profile { profile, month, from_minutes, smooth }, words))
}
