//! Axes: where a value lies between 0 and 1, and which values are labelled. Pure arithmetic for the charts of this folder.

use crate::units;

/// One axis with its labelled ticks.
pub(crate) struct Axis {
    pub(crate) title: String,
    /// Value, label; an empty label is a faint line only.
    pub(crate) ticks: Vec<(f64, String)>,
    from: f64,
    to: f64,
    log: bool,
}

const NS_PER_MS: f64 = 1e6;
/// Over more decades than these, ticks at 2 and 5 would run into those at 1 in the lower charts.
const DECADES_CLOSE: f64 = 2.5;
/// Ticks an upright axis aims at: few enough not to crowd, enough to read between.
const TICKS: f64 = 6.0;
/// Largest value on an axis around 0: far above all money there is, far below where differences overflow.
const DRAWN_MAX: f64 = 1e30;
/// Smaller spans of values than this are drawn as if all were 0: a billionth of a penny is nothing.
const DRAWN_MIN: f64 = 1e-9;
/// The same as [`TICKS`] for the seconds along the bottom, which is wider.
const TICKS_WIDE: f64 = 10.0;

impl Axis {
    /// An even axis from `from` to at least `to`, ending on a round value, labelled by `label`.
    pub(crate) fn even(title: &str, from: f64, to: f64, label: fn(f64) -> String) -> Axis {
        Axis::stepped(title, from, to, TICKS, label)
    }

    fn stepped(title: &str, from: f64, to: f64, ticks: f64, label: fn(f64) -> String) -> Axis {
        let to = if to > from { to } else { from + 1.0 };
        let step = round_step((to - from) / ticks);
        let end = from + ((to - from) / step).ceil() * step;
        let ticks = (0..).map(|i| from + f64::from(i) * step).take_while(|value| *value <= end + step / 2.0);
        let ticks = ticks.map(|value| (value, label(value))).collect();
        Axis { title: title.to_owned(), ticks, from, to: end, log: false }
    }

    /// An even axis that holds 0 and all values, between round ones; what cannot be drawn (no number, beyond
    /// [`DRAWN_MAX`]) is left out of the count and lies at the end of the axis.
    pub(crate) fn around_zero(
        title: &str,
        values: impl IntoIterator<Item = f64>,
        label: impl Fn(f64) -> String,
    ) -> Axis {
        Axis::covering(title, values.into_iter().chain([0.0]), label)
    }

    /// The same without 0, for what is compared with something else.
    pub(crate) fn covering(
        title: &str,
        values: impl IntoIterator<Item = f64>,
        label: impl Fn(f64) -> String,
    ) -> Axis {
        let drawn = values.into_iter().filter(|v| v.is_finite() && v.abs() <= DRAWN_MAX);
        let ends = drawn.fold(None, |ends: Option<(f64, f64)>, v| {
            Some(ends.map_or((v, v), |(low, high)| (low.min(v), high.max(v))))
        });
        let (low, high) = ends.unwrap_or((0.0, 0.0));
        // One value, however large, needs a span that its own size does not swallow.
        let least = DRAWN_MIN.max(low.abs() * 1e-6);
        let high = if high - low < least { low + low.abs().max(1.0) } else { high };
        let step = round_step((high - low) / TICKS);
        let (first, last) = ((low / step).floor() as i64, (high / step).ceil() as i64);
        let ticks = (first..=last).map(|i| i as f64 * step).map(|value| (value, label(value))).collect();
        let (from, to) = (first as f64 * step, last as f64 * step);
        Axis { title: title.to_owned(), ticks, from, to, log: false }
    }

    /// An even axis of seconds that ends exactly where the run does.
    pub(crate) fn run_seconds(from: f64, to: f64) -> Axis {
        let label = |s| units::number(s, 0);
        let mut axis = Axis::stepped("seconds since the start of the run", from, to, TICKS_WIDE, label);
        axis.to = to.max(from + 1.0);
        let to = axis.to;
        axis.ticks.retain(|(value, _)| *value <= to);
        axis
    }

    /// An axis with given ticks.
    pub(crate) fn fixed(title: &str, from: f64, to: f64, ticks: Vec<(f64, String)>) -> Axis {
        Axis { title: title.to_owned(), ticks, from, to, log: false }
    }

    /// A logarithmic axis of nanoseconds labelled in milliseconds, or `None` when there is nothing above zero.
    pub(crate) fn log_ms(values_ns: impl Iterator<Item = u64>) -> Option<Axis> {
        let (mut least, mut most) = (f64::INFINITY, 0f64);
        for ns in values_ns.filter(|ns| *ns > 0) {
            least = least.min(ns as f64);
            most = most.max(ns as f64);
        }
        if most <= 0.0 {
            return None;
        }
        // The axis ends at the nearest 1, 2 or 5; over many decades only the 1 is labelled.
        let decade = |power: i32| [1.0, 2.0, 5.0].map(|lead| lead * 10f64.powi(power));
        let ends: Vec<f64> = (0..14).flat_map(decade).collect();
        let from = ends.iter().copied().rfind(|end| *end <= least).unwrap_or(1.0);
        let to = ends.iter().copied().find(|end| *end >= most && *end > from).unwrap_or(most * 10.0);
        let close = (most / least).log10() > DECADES_CLOSE;
        let labelled = |end: &&f64| !close || (end.log10() - end.log10().round()).abs() < 1e-9;
        let ticks = ends.iter().filter(|end| **end >= from && **end <= to).filter(labelled);
        let ticks = ticks.map(|end| (*end, ms_label(*end)));
        let ticks = ticks.collect();
        Some(Axis { title: "milliseconds (logarithmic)".to_owned(), ticks, from, to, log: true })
    }

    /// Where a value lies: 0 at the start, 1 at the end; values outside go to the nearer end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let part = match self.log {
            true => (value.max(1.0) / self.from).ln() / (self.to / self.from).ln(),
            false => (value - self.from) / (self.to - self.from),
        };
        part.clamp(0.0, 1.0)
    }
}

fn ms_label(ns: f64) -> String {
    let ms = ns / NS_PER_MS;
    let decimals = if ms >= 1.0 { 0 } else { (-ms.log10()).ceil() as usize };
    units::number(ms, decimals)
}

/// The next of 1, 2, 5 times a power of ten.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let lead = [1.0, 2.0, 5.0].into_iter().find(|lead| lead * power >= step * 0.999).unwrap_or(10.0);
    lead * power
}
