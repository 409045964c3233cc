//! Durations, rates and percentages as people write them: `1m30s`, `250ms`, `1800/s`, `0/s..1800/s`, `0.1%`. Pure text to
//! number and back; the callers add file and line.

use crate::scenario::Rate;
use std::time::Duration;

/// What a duration looks like, for messages.
pub(crate) const DURATION_FORM: &str = "a number with ns, us, ms, s, m, h or d, e.g. 250ms, 10s, 1m30s";
/// What a rate looks like, for messages.
pub(crate) const RATE_FORM: &str = "a number with /s, e.g. 1800/s, or a ramp, e.g. 0/s..1800/s";
/// What a percentage looks like, for messages.
pub(crate) const PERCENT_FORM: &str = "0% to 100%, e.g. 0.1%";

/// Longest duration: a year. Its nanoseconds fit 64 bits 500 times over, so sums of phases cannot overflow.
const DURATION_MAX_S: f64 = 366.0 * 86_400.0;
/// Highest rate: beyond what any machine sends, low enough that a plan's arithmetic stays exact.
const RATE_MAX_PER_S: f64 = 1e7;

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

/// A plain decimal number without sign or exponent; underscores between digits are allowed.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let digits = plain.bytes().any(|b| b.is_ascii_digit());
    let clean = plain.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (digits && clean && !text.starts_with('_') && !text.ends_with('_')).then(|| plain.parse().ok())?
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
    fn percentages_stay_between_nothing_and_all() {
        assert_eq!(parse_percent("0.1%"), Some(0.001));
        assert_eq!(parse_percent("100%"), Some(1.0));
        for text in ["0.1", "101%", "-1%", "%"] {
            assert_eq!(parse_percent(text), None, "{text}");
        }
    }
}
