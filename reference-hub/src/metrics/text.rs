//! The Prometheus text format, version 0.0.4: families with HELP and TYPE, samples, cumulative buckets.
//!
//! Called by [`super::page`]. Builds text only. Written here because it is a page of code: the usual crates for it own the
//! counters too, as families behind a lock that every answer would take.

use super::Observed;
use std::fmt::{Display, Write};

/// Content type of a page.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a family's samples mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; its name ends with `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Buckets, sum and count.
    Histogram,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// A page being written.
#[derive(Debug, Default)]
pub struct Page(String);

/// One family of a page; its samples follow one another.
#[derive(Debug)]
pub struct Family<'a> {
    out: &'a mut String,
    name: &'static str,
}

/// Labels of a sample: names are ours, values may be anything.
pub type Labels<'a> = &'a [(&'a str, &'a str)];

impl Page {
    /// Begins a family.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        debug_assert_eq!(kind == Kind::Counter, name.ends_with("_total"), "{name}");
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {}", kind.word());
        Family { out: &mut self.0, name }
    }

    /// A family of one sample without labels.
    pub fn one(&mut self, name: &'static str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help).sample(&[], value);
    }

    /// The page.
    pub fn finish(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// One sample.
    pub fn sample(&mut self, labels: Labels<'_>, value: impl Display) {
        self.line("", labels, None, value);
    }

    /// A histogram's samples; values and bounds are divided by `unit` (1e9 makes seconds of nanoseconds).
    pub fn histogram(&mut self, labels: Labels<'_>, observed: &Observed, unit: f64) {
        let mut so_far = 0;
        for (bound, count) in observed.bounds.iter().zip(&observed.counts) {
            so_far += count;
            self.line("_bucket", labels, Some(&(*bound as f64 / unit).to_string()), so_far);
        }
        let count = observed.count();
        self.line("_bucket", labels, Some("+Inf"), count);
        self.line("_sum", labels, None, observed.sum as f64 / unit);
        self.line("_count", labels, None, count);
    }

    fn line(&mut self, ending: &str, labels: Labels<'_>, le: Option<&str>, value: impl Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{}{ending}", self.name);
        let le = le.map(|le| ("le", le));
        for (i, (name, value)) in labels.iter().copied().chain(le).enumerate() {
            let _ = write!(self.out, "{}{name}=\"", if i == 0 { '{' } else { ',' });
            for c in value.chars() {
                match c {
                    '\\' => self.out.push_str("\\\\"),
                    '"' => self.out.push_str("\\\""),
                    '\n' => self.out.push_str("\\n"),
                    other => self.out.push(other),
                }
            }
            self.out.push('"');
        }
        let close = if labels.is_empty() && le.is_none() { "" } else { "}" };
        let _ = writeln!(self.out, "{close} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{BATCH_BOUNDS, Histogram};

    #[test]
    fn labels_are_escaped_and_every_family_has_help_and_type() {
        let mut page = Page::default();
        page.family("a_total", Kind::Counter, "One\nline \\").sample(&[("x", "q\"\\\n")], 3);
        page.one("b", Kind::Gauge, "Two", 0.5);
        assert_eq!(
            page.finish(),
            "# HELP a_total One\\nline \\\\\n# TYPE a_total counter\na_total{x=\"q\\\"\\\\\\n\"} 3\n\
             # HELP b Two\n# TYPE b gauge\nb 0.5\n"
        );
    }

    #[test]
    fn buckets_are_cumulative_and_end_with_infinity() {
        let sizes = Histogram::new(&BATCH_BOUNDS[..2]);
        for value in [1, 2, 2, 9] {
            sizes.record(value);
        }
        let mut page = Page::default();
        page.family("s", Kind::Histogram, "Sizes").histogram(&[("op", "o")], &sizes.observed(), 1.0);
        let text = page.finish();
        let samples: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            samples,
            [
                "s_bucket{op=\"o\",le=\"1\"} 1",
                "s_bucket{op=\"o\",le=\"2\"} 3",
                "s_bucket{op=\"o\",le=\"+Inf\"} 4",
                "s_sum{op=\"o\"} 14",
                "s_count{op=\"o\"} 4",
            ]
        );
    }
}
