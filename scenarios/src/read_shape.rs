//! Reads what shapes the load of one phase: a rate with steps, a sine or a spike, or a profile with its month. Called by
//! `read_phases`, which lays it out.

use crate::document::{Item, Log, Section, Source};
use crate::library::Library;
use crate::nhs_guard;
use crate::profile::{self, MOMENT_FORM, Profile, parse_moment};
use crate::shape::{PIECES_MAX, Shape};
use crate::units::{COUNT_FORM, DURATION_FORM, duration_text, number_text, parse_count, parse_duration};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

/// Keys of a phase that shape a rate, beside `rate` itself.
pub(crate) const RATE_KEYS: [&str; 4] = ["steps", "shape", "period", "spike"];
/// Keys of a phase that go with a profile.
pub(crate) const PROFILE_KEYS: [&str; 3] = ["month", "from", "smooth"];

/// Profiles by path; `None` for one whose faults are already told.
pub(crate) type Profiles = HashMap<String, Option<Rc<Profile>>>;

/// A shape as read; a profile is shared by the phases that use it.
pub(crate) enum Kind {
    Plain(Shape<'static>),
    Profile { profile: Rc<Profile>, month: f64, from_minutes: u64, smooth: bool },
}

/// Reads what stands beside a `rate`, in the order of [`RATE_KEYS`].
pub(crate) fn read_shape(
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
    let at = section.need("at", form).and_then(|i| i.parsed(parse_duration, "not a duration", DURATION_FORM));
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
pub(crate) fn read_profile(
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
