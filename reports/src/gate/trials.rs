//! What a gate takes from a trial's run record: one figure for each rule, and enough beside it to join consecutive blocks where a
//! percentile has too few samples. Pure; the statistics are the crate `gate`.

use gate::{Cell, Metric, Reading, quantile};
use hdrhistogram::Histogram;
use run_record::{ALL, Kind, Measured, find_histogram};

use super::result::Location;

/// What is compared with the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct GateRule {
    /// Interaction name, or `all`.
    pub interaction: String,
    /// `response-p99` and its like, `cpu-per-transaction`, `errors`, `rate`.
    pub metric: String,
    /// A worsening as large as this must not pass: a fraction, for `errors` a difference of shares.
    pub margin: f64,
    /// A worsening up to this must not fail.
    pub floor: f64,
    /// A change of a time must also be at least this long, nanoseconds; 0 for no such rule.
    pub min_effect_ns: f64,
    /// Where the rule stands.
    pub location: Option<Location>,
}

/// Histograms keep three significant digits.
const BUCKET: f64 = 0.001;
/// Fewest seconds of which a trend is looked for: three fall in a row by chance in one trial of six.
const TREND_SECONDS_MIN: usize = 4;

impl GateRule {
    /// Its name in results: interaction and metric.
    pub fn name(&self) -> String {
        format!("{} {}", self.interaction, self.metric)
    }

    /// The unit of its figures.
    pub fn unit(&self) -> &'static str {
        match self.metric.as_str() {
            "errors" => "share",
            "rate" => "1/s",
            _ => "ns",
        }
    }

    /// The percentile that it is, as its kind and a fraction.
    pub fn quantile(&self) -> Option<(Kind, f64)> {
        let (kind, percentile) = self.metric.split_once("-p")?;
        let kind = match kind {
            "response" => Kind::Response,
            "service" => Kind::Service,
            _ => return None,
        };
        Some((kind, percentile.parse::<f64>().ok()? / 100.0))
    }

    /// The metric that the statistics compare.
    pub fn metric(&self) -> Metric {
        let times = self.quantile();
        let base = match self.metric.as_str() {
            "errors" => Metric::points(self.name(), self.margin, self.floor),
            _ => Metric::ratio(self.name(), self.margin, self.floor),
        };
        Metric {
            worse: if self.metric == "rate" { gate::Worse::Lower } else { gate::Worse::Higher },
            quantile: times.map(|(_, quantile)| quantile),
            min_effect: self.min_effect_ns,
            bucket: if times.is_some() { BUCKET } else { 0.0 },
            ..base
        }
    }
}

/// One figure of one trial, joinable with that of the next.
#[derive(Debug, Clone, PartialEq)]
enum Figure {
    /// Times of one interaction: all that were recorded, and how many requests failed.
    Times { histogram: Box<Histogram<u64>>, failed: u64, quantile: f64 },
    /// Requests that failed, of those sent.
    Share { failed: u64, of: u64 },
    /// A sum over a count: processor time over answers, answers over seconds.
    Mean { sum: f64, of: f64 },
    /// The trial has no such figure.
    Missing,
}

/// What one trial gives, a figure for each rule in order, and whether it was still warming up.
#[derive(Debug, Clone, PartialEq)]
pub struct GateTrial {
    figures: Vec<Figure>,
    /// Median response time of each measured second, nanoseconds.
    medians_ns: Vec<f64>,
}

impl GateTrial {
    /// Takes what the rules ask for from a run record.
    pub fn of(run: &Measured, rules: &[GateRule]) -> GateTrial {
        let seconds = run.series.iter().filter(|row| row.measured && row.answered > 0);
        GateTrial {
            figures: rules.iter().map(|rule| figure(run, rule)).collect(),
            medians_ns: seconds.map(|row| row.response_p50_ns as f64).collect(),
        }
    }

    /// The medians of its seconds, where there are enough of them for a trend to be more than chance.
    pub(super) fn trend(&self) -> &[f64] {
        if self.medians_ns.len() < TREND_SECONDS_MIN { &[] } else { &self.medians_ns }
    }

    /// Whether it has nothing at all for a rule: the interaction did not run.
    pub(super) fn lacks(&self, rule: usize) -> bool {
        self.figures.get(rule).is_none_or(|figure| figure.reading() == Reading::Missing)
    }

    /// Joins the trial of the next block to this one: their requests count as those of one trial.
    pub fn join(&mut self, next: GateTrial) {
        for (own, next) in self.figures.iter_mut().zip(next.figures) {
            match (own, next) {
                (
                    Figure::Times { histogram, failed, .. },
                    Figure::Times { histogram: more, failed: f, .. },
                ) => {
                    // Both have the recorder's one shape, so that adding cannot fail.
                    let _ = histogram.add(&*more);
                    *failed += f;
                }
                (Figure::Share { failed, of }, Figure::Share { failed: f, of: o }) => {
                    *failed += f;
                    *of += o;
                }
                (Figure::Mean { sum, of }, Figure::Mean { sum: s, of: o }) => {
                    *sum += s;
                    *of += o;
                }
                (own, _) => *own = Figure::Missing,
            }
        }
    }

    /// How many consecutive blocks must be joined for every percentile to have enough samples, given that `blocks` are
    /// planned; 1 when they have, or when joining would leave too few blocks.
    pub fn joined(&self, blocks: usize) -> usize {
        let of = |figure: &Figure| match figure {
            Figure::Times { histogram, failed, quantile } => {
                match quantile::enough(histogram.len().max(*failed), *quantile, blocks) {
                    quantile::Samples::Merge(blocks) => blocks,
                    quantile::Samples::Enough | quantile::Samples::TooFew(_) => 1,
                }
            }
            Figure::Share { .. } | Figure::Mean { .. } | Figure::Missing => 1,
        };
        self.figures.iter().map(of).max().unwrap_or(1)
    }

    /// The cells of a block, in the order of the rules. What one side lacks is the worst there is, or, where a lost interaction
    /// is not to fail the gate, no difference.
    pub fn cells(baseline: &GateTrial, candidate: &GateTrial, lost_is_worst: bool) -> Vec<Cell> {
        let pairs = baseline.figures.iter().zip(&candidate.figures);
        pairs
            .map(|(b, c)| {
                let (mut baseline, mut candidate) = (b.reading(), c.reading());
                // A side that lacks the figure has no samples to be too few.
                let samples = match (baseline == Reading::Missing, candidate == Reading::Missing) {
                    (false, true) => b.samples(),
                    (true, false) => c.samples(),
                    (false, false) | (true, true) => b.samples().min(c.samples()),
                };
                if !lost_is_worst && (baseline == Reading::Missing || candidate == Reading::Missing) {
                    (baseline, candidate) = (Reading::Missing, Reading::Missing);
                }
                Cell::Pair { baseline, candidate, samples }
            })
            .collect()
    }

    /// The figure of one rule as a number: infinite where the percentile lies among failed requests.
    pub fn value(&self, rule: usize) -> Option<f64> {
        match self.figures.get(rule)?.reading() {
            Reading::Value(value) => Some(value),
            Reading::Failed => Some(f64::INFINITY),
            Reading::Missing => None,
        }
    }
}

impl Figure {
    fn samples(&self) -> u64 {
        match self {
            Figure::Times { histogram, failed, .. } => histogram.len().max(*failed),
            Figure::Share { .. } | Figure::Mean { .. } | Figure::Missing => 0,
        }
    }

    /// The figure; failed requests are longer than any time, so a percentile that lies among them is no number.
    fn reading(&self) -> Reading {
        match self {
            Figure::Missing => Reading::Missing,
            Figure::Share { of: 0, .. } => Reading::Missing,
            Figure::Share { failed, of } => Reading::Value(*failed as f64 / *of as f64),
            Figure::Mean { sum, of } if *of > 0.0 => Reading::Value(sum / of),
            Figure::Mean { .. } => Reading::Missing,
            Figure::Times { histogram, failed, quantile } => {
                let all = histogram.len().max(*failed);
                if all == 0 {
                    return Reading::Missing;
                }
                let rank = quantile::rank(all as usize, *quantile) as u64;
                let answered = all - failed;
                match rank <= answered {
                    // Failed requests are among the recorded times, so the rank is taken from the times that count.
                    true => {
                        let share = rank as f64 / histogram.len().max(1) as f64;
                        Reading::Value(histogram.value_at_quantile(share.min(1.0)) as f64)
                    }
                    false => Reading::Failed,
                }
            }
        }
    }
}

fn figure(run: &Measured, rule: &GateRule) -> Figure {
    let row = |kind: Kind| {
        run.interactions.iter().find(|row| row.kind == kind && row.interaction == rule.interaction)
    };
    if let Some((kind, quantile)) = rule.quantile() {
        let found = find_histogram(&run.histograms, &rule.interaction, kind).filter(|h| !h.is_empty());
        return match (found, row(kind)) {
            (Some(histogram), Some(row)) => {
                Figure::Times { histogram: Box::new(histogram.clone()), failed: row.failed, quantile }
            }
            _ => Figure::Missing,
        };
    }
    let counts = run.record.counts;
    match rule.metric.as_str() {
        "errors" if rule.interaction == ALL => Figure::Share { failed: counts.failed, of: counts.sent },
        "errors" => row(Kind::Response)
            .map_or(Figure::Missing, |row| Figure::Share { failed: row.failed, of: row.count }),
        "rate" => match row(Kind::Response) {
            Some(row) => {
                Figure::Mean { sum: row.count.saturating_sub(row.failed) as f64, of: run.record.measured_s }
            }
            None => Figure::Missing,
        },
        "cpu-per-transaction" => match crate::judge::cpu_ns(run) {
            Some(sum) => Figure::Mean { sum, of: run.record.counts_all.answered as f64 },
            None => Figure::Missing,
        },
        _ => Figure::Missing,
    }
}
