//! Staff hours a day. Pure arithmetic over histograms: called by `reports` with what a run measured, never looks
//! anything up.

use hdrhistogram::Histogram;

use crate::{Rule, StaffHours};

/// One interaction to count.
#[derive(Debug, Clone, Copy)]
pub struct HoursRow<'a> {
    /// Interaction name.
    pub interaction: &'a str,
    /// Its share of all messages, as the mix states it.
    pub share: f64,
    /// Fraction of it that the mix marks as attended: 1 or 0 for a plain yes or no.
    pub attended: f64,
    /// Response time of the baseline, milliseconds.
    pub baseline_ms: f64,
    /// Source and grade of the baseline.
    pub baseline_source: &'a str,
    /// Measured response times, nanoseconds.
    pub measured: &'a Histogram<u64>,
}

/// Hours a day by each rule; negative when the measured system is slower than the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// [`Rule::Linear`].
    pub linear: f64,
    /// [`Rule::Above1S`].
    pub above_1s: f64,
    /// [`Rule::Tapered`].
    pub tapered: f64,
    /// Messages a day over all interactions.
    pub messages_per_day: f64,
    /// Share of them that the lines cover.
    pub share_covered: f64,
    /// One line per attended interaction with samples, in the order given.
    pub lines: Vec<HoursLine>,
}

/// The hours of one interaction.
#[derive(Debug, Clone, PartialEq)]
pub struct HoursLine {
    /// Interaction name.
    pub interaction: String,
    /// Messages a day.
    pub messages_per_day: f64,
    /// Baseline, milliseconds.
    pub baseline_ms: f64,
    /// Mean of the measured response times, milliseconds.
    pub measured_mean_ms: f64,
    /// Hours by [`Rule::Linear`].
    pub linear: f64,
    /// Hours by [`Rule::Above1S`].
    pub above_1s: f64,
    /// Hours by [`Rule::Tapered`].
    pub tapered: f64,
    /// Source and grade of the baseline.
    pub source: String,
}

const SECONDS_PER_HOUR: f64 = 3600.0;
const MS_PER_S: f64 = 1e3;
const NS_PER_S: f64 = 1e9;

/// Hours a day over all rows: Σ volume × attended × blocking × E[g(T_baseline) − g(T_measured)] / 3600.
///
/// The expectation over the measured times is taken over the whole histogram, so the tail counts as the rule says. The
/// baseline is one figure per interaction, so its tail cannot count; for the two rules that weigh long waits more, that
/// understates what is saved. Rows that nobody waits for, and rows without samples, contribute nothing.
pub fn hours_per_day(of: &StaffHours, rows: &[HoursRow<'_>]) -> Hours {
    let messages_per_day = of.messages_per_day;
    let waiting = of.attended_share * of.blocking_share;
    let attended = rows.iter().filter(|row| row.attended > 0.0 && !row.measured.is_empty());
    let mut share_covered = 0.0;
    let mut lines = Vec::new();
    for row in attended {
        share_covered += row.share * row.attended;
        let volume = messages_per_day * row.share;
        let hours = |rule: Rule| {
            let saved_s = rule.counted_s(row.baseline_ms / MS_PER_S) - expected_s(row.measured, rule);
            volume * row.attended * waiting * saved_s / SECONDS_PER_HOUR
        };
        lines.push(HoursLine {
            interaction: row.interaction.to_owned(),
            messages_per_day: volume,
            baseline_ms: row.baseline_ms,
            measured_mean_ms: expected_s(row.measured, Rule::Linear) * MS_PER_S,
            linear: hours(Rule::Linear),
            above_1s: hours(Rule::Above1S),
            tapered: hours(Rule::Tapered),
            source: row.baseline_source.to_owned(),
        });
    }
    let total = |of: fn(&HoursLine) -> f64| lines.iter().map(of).sum();
    Hours {
        linear: total(|line| line.linear),
        above_1s: total(|line| line.above_1s),
        tapered: total(|line| line.tapered),
        messages_per_day,
        share_covered,
        lines,
    }
}

/// `E[g(T)]` in seconds over a histogram of nanoseconds; the middle of each bucket stands for its samples. 0 without samples.
pub fn expected_s(histogram: &Histogram<u64>, rule: Rule) -> f64 {
    let counted = |value_ns: u64, count: u64| {
        let middle_ns = histogram.median_equivalent(value_ns);
        rule.counted_s(middle_ns as f64 / NS_PER_S) * count as f64
    };
    let sum: f64 =
        histogram.iter_recorded().map(|step| counted(step.value_iterated_to(), step.count_at_value())).sum();
    sum / histogram.len().max(1) as f64
}
