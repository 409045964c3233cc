//! Durations, rates, percentages and large numbers as people write them: `1m30s`, `250ms`, `168h in 20m`, `1800/s`,
//! `0/s..1800/s`, `0.1%`, `400M`. Pure text to number and back; the callers add file and line.

use crate::scenario::Rate;
use std::time::Duration;

/// What a duration looks like, for messages.
pub(crate) const DURATION_FORM: &str = "a number with ns, us, ms, s, m, h or d, e.g. 250ms, 10s, 1m30s";
/// What a rate looks like, for messages.
pub(crate) const RATE_FORM: &str = "a number with /s, e.g. 1800/s, or a ramp, e.g. 0/s..1800/s";
/// What a percentage looks like, for messages.
pub(crate) const PERCENT_FORM: &str = "0% to 100%, e.g. 0.1%";

/// What a time-lapse looks like, for messages.
pub(crate) const LAPSE_FORM: &str = "the longer time in the shorter, e.g. 168h in 20m";
/// What a large number looks like, for messages.
pub(crate) const COUNT_FORM: &str =
    "a number above zero, e.g. 400_000_000, or a text with k, M or bn, e.g. \"400M\"";

/// What an amount of memory looks like, for messages.
pub(crate) const BYTES_FORM: &str = "a number with B, KiB, MiB or GiB, e.g. 512MiB";

/// Longest duration: a year. Its nanoseconds fit 64 bits 500 times over, so sums of phases cannot overflow.
const DURATION_MAX_S: f64 = 366.0 * 86_400.0;
/// Highest rate: beyond what any machine sends, low enough that a plan's arithmetic stays exact.
pub(crate) const RATE_MAX_PER_S: f64 = 1e7;

/// Units by name with their nanoseconds; longer names first, so that `ms` is not read as `m`.
const UNITS: [(&str, f64); 7] =
    [("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3_600e9), ("d", 86_400e9)];

/// Reads `10s`, `250ms`, `1m30s`, `0s`.
///
/// # Errors
/// `None` when the text has another form, or is longer than a year.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total_ns = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_')?;
        let number = decimal(&rest[..end])?;
        rest = &rest[end..];
        let (unit, ns) = UNITS.iter().find(|(unit, _)| {
            rest.strip_prefix(unit).is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_alphabetic()))
        })?;
        total_ns += number * ns;
        rest = &rest[unit.len()..];
    }
    (total_ns <= DURATION_MAX_S * 1e9).then(|| Duration::from_nanos(total_ns.round() as u64))
}

/// Reads `1800/s` or `0/s..1800/s`.
///
/// # Errors
/// `None` when the text has another form, or a rate is above ten million a second.
pub fn parse_rate(text: &str) -> Option<Rate> {
    let one = |text: &str| decimal(text.trim().strip_suffix("/s")?.trim()).filter(|r| *r <= RATE_MAX_PER_S);
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    Some(Rate { from_per_s: one(from)?, to_per_s: one(to)? })
}

/// Reads `0.1%` as 0.001.
///
/// # Errors
/// `None` when the text has another form, or is outside 0 % to 100 %.
pub fn parse_percent(text: &str) -> Option<f64> {
    decimal(text.trim().strip_suffix('%')?.trim()).map(|p| p / 100.0).filter(|p| *p <= 1.0)
}

/// Reads `168h in 20m`: the scenario's own time, and the time in which it passes.
///
/// # Errors
/// `None` when the text has another form, when the second is nothing, or when it is longer than the first.
pub(crate) fn parse_lapse(text: &str) -> Option<(Duration, Duration)> {
    let (own, run) = text.split_once(" in ")?;
    parse_duration(own).zip(parse_duration(run)).filter(|(own, run)| own >= run && !run.is_zero())
}

/// Reads `400M`, `1.33bn`, `250k` or a plain number.
///
/// # Errors
/// `None` when the text has another form, or says zero.
pub(crate) fn parse_count(text: &str) -> Option<f64> {
    let text = text.trim();
    let scales = [("bn", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0)];
    let found = scales.iter().find_map(|(unit, scale)| {
        let number = text.strip_suffix(unit)?;
        Some(decimal(number.trim())? * scale)
    });
    found.filter(|n| *n > 0.0)
}

/// Reads `512MiB` as bytes.
///
/// # Errors
/// `None` when the text has another form, or says zero.
pub(crate) fn parse_bytes(text: &str) -> Option<f64> {
    let units = [("KiB", 1024.0), ("MiB", 1024.0 * 1024.0), ("GiB", 1024.0 * 1024.0 * 1024.0), ("B", 1.0)];
    let found = units.iter().find_map(|(unit, bytes)| {
        let number = text.trim().strip_suffix(unit)?;
        Some(decimal(number.trim())? * bytes)
    });
    found.filter(|n| *n > 0.0)
}

/// A plain decimal number without sign or exponent; underscores between digits are allowed.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let digits = plain.bytes().any(|b| b.is_ascii_digit());
    let clean = plain.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (digits && clean && !text.starts_with('_') && !text.ends_with('_')).then(|| plain.parse().ok())?
}

/// A number in at most four digits after the point, as short as it can be: `0.5`, `1800`.
pub(crate) fn number_text(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Nanoseconds of a duration that the format allows, which is a year at most.
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A duration as a person would write it: `250ms`, `1m30s`.
pub fn duration_text(duration: Duration) -> String {
    let mut left = duration.as_nanos();
    if left == 0 {
        return "0s".into();
    }
    let mut text = String::new();
    for (unit, ns) in UNITS.iter().rev() {
        let ns = *ns as u128;
        if left >= ns {
            text.push_str(&format!("{}{unit}", left / ns));
            left %= ns;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_written() {
        for (text, ns) in [
            ("10s", 10_000_000_000),
            ("250ms", 250_000_000),
            ("1m30s", 90_000_000_000),
            ("1.5s", 1_500_000_000),
            ("20us", 20_000),
            ("7ns", 7),
            ("0s", 0),
            ("168h", 604_800_000_000_000),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_nanos(ns)), "{text}");
            assert_eq!(parse_duration(&duration_text(Duration::from_nanos(ns))), parse_duration(text));
        }
    }

    #[test]
    fn durations_without_a_unit_or_with_a_strange_one_are_refused() {
        for text in ["", "10", "s", "10 s", "10sec", "-1s", "1e3s", "1.2.3s", "400d", "1mm", "ten s", "1s30"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn rates_need_their_per_second() {
        assert_eq!(parse_rate("1800/s"), Some(Rate { from_per_s: 1800.0, to_per_s: 1800.0 }));
        assert_eq!(parse_rate("0/s..1800/s"), Some(Rate { from_per_s: 0.0, to_per_s: 1800.0 }));
        assert_eq!(parse_rate("1_800/s").map(|r| r.from_per_s), Some(1800.0));
        for text in ["1800", "1800/m", "0..1800/s", "/s", "-1/s", "99999999/s", "1/s..2/s..3/s"] {
            assert_eq!(parse_rate(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_lapse_is_a_longer_time_in_a_shorter() {
        let hours = |h: u64| Duration::from_secs(h * 3_600);
        assert_eq!(parse_lapse("168h in 20m"), Some((hours(168), Duration::from_secs(1_200))));
        assert_eq!(parse_lapse("1h in 1h"), Some((hours(1), hours(1))));
        for text in ["168h", "20m in 168h", "168h in 0s", "168h in", "in 20m", "168h 20m", "1h in 1m in 1s"] {
            assert_eq!(parse_lapse(text), None, "{text}");
        }
    }

    #[test]
    fn large_numbers_may_be_short() {
        for (text, number) in
            [("400M", 4e8), ("1.33bn", 1.33e9), ("250k", 2.5e5), ("400 M", 4e8), ("400_000_000", 4e8)]
        {
            let found = parse_count(text).unwrap_or_default();
            assert!((found - number).abs() < 1e-3, "{text}: {found}");
        }
        for text in ["", "0", "M", "400m", "-1M", "400MM", "4e8", "many"] {
            assert_eq!(parse_count(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_written_without_idle_zeros() {
        for (number, text) in [(0.5, "0.5"), (1800.0, "1800"), (1.0 / 3.0, "0.3333"), (0.0, "0")] {
            assert_eq!(number_text(number), text);
        }
    }

    #[test]
    fn percentages_stay_between_nothing_and_all() {
        assert_eq!(parse_percent("0.1%"), Some(0.001));
        assert_eq!(parse_percent("100%"), Some(1.0));
        for text in ["0.1", "101%", "-1%", "%"] {
            assert_eq!(parse_percent(text), None, "{text}");
        }
    }
}
