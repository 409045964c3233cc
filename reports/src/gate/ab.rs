//! From blocks to a gate's result: the statistics judge, this gives their answer its place in the versioned result, and judges the
//! absolute budgets over the candidate's trials. Pure; called by the command line, after each look and at the end.

use gate::budget::{self, Basis, Limit};
use gate::{Design, Gate, GateResult as Stats, MetricVerdict as Seen, Reason, Step, Verdict};
use run_record::{ALL, BudgetLine, Kind, Measured};

use super::result::{BudgetOutcome, GateBudget, GateMetric, GateVerdict, Location, MetricVerdict, Scale};
use super::trials::{GateRule, GateTrial};

/// Blocks as they come, judged look by look. Holds nothing that the trials do not give, so that a gate which was stopped can
/// go on from its stored trials.
#[derive(Debug, Clone)]
pub struct GateBlocks {
    rules: Vec<GateRule>,
    gate: Gate,
    /// Consecutive blocks that count as one.
    joined: usize,
    waiting: Option<(GateTrial, GateTrial, usize)>,
}

impl GateBlocks {
    /// No block yet; at most `blocks_max` of them, of which `joined` at a time count as one.
    ///
    /// # Errors
    /// Sentences, one a line: rules that are no design, too few blocks.
    pub fn new(
        rules: Vec<GateRule>,
        (alpha, beta): (f64, f64),
        blocks_max: usize,
        joined: usize,
    ) -> Result<GateBlocks, String> {
        let metrics = rules.iter().map(GateRule::metric).collect();
        let joined = joined.max(1);
        let design = Design::new(metrics, blocks_max / joined).map_err(|f| f.to_string())?;
        let gate = Gate::new(Design { alpha, beta, ..design }).map_err(|f| f.to_string())?;
        Ok(GateBlocks { rules, gate, joined, waiting: None })
    }

    /// Takes a block and looks if it is time; whether to measure on.
    ///
    /// # Errors
    /// Sentences: a figure that is no number, or a block after the verdict.
    pub fn push(&mut self, baseline: GateTrial, candidate: GateTrial) -> Result<bool, String> {
        let (baseline, candidate, blocks) = match self.waiting.take() {
            None => (baseline, candidate, 1),
            Some((mut b, mut c, blocks)) => {
                b.join(baseline);
                c.join(candidate);
                (b, c, blocks + 1)
            }
        };
        if blocks < self.joined {
            self.waiting = Some((baseline, candidate, blocks));
            return Ok(true);
        }
        let step = self.gate.push(&GateTrial::cells(&baseline, &candidate)).map_err(|f| f.to_string())?;
        Ok(matches!(step, Step::Continue(_)))
    }

    /// The answer as it stands.
    pub fn stats(&self) -> Stats {
        self.gate.result()
    }

    /// After how many blocks it looks, as blocks were counted before joining.
    pub fn looks(&self) -> Vec<u32> {
        self.stats().looks.iter().map(|look| u32::try_from(look * self.joined).unwrap_or(u32::MAX)).collect()
    }

    /// The metrics of the result.
    pub fn metrics(&self) -> Vec<GateMetric> {
        let stats = self.stats();
        self.rules.iter().zip(stats.metrics).map(|(rule, seen)| metric(rule, seen)).collect()
    }

    /// The verdict on the blocks and the sentences for it.
    pub fn verdict(&self) -> (GateVerdict, Vec<String>) {
        let stats = self.stats();
        let worse = stats.metrics.iter().zip(&self.rules).filter(|(seen, _)| seen.verdict == Seen::Regressed);
        let named: Vec<String> = worse
            .map(|(seen, rule)| {
                let change = seen.change.map_or("by more than can be told".to_owned(), |change| {
                    match rule.metric.as_str() {
                        "errors" => format!("by {:+.3} percentage points", change * 100.0),
                        _ => format!("by {:+.1} %", change * 100.0),
                    }
                });
                format!("{} regressed {change}, beyond its floor.", rule.name())
            })
            .collect();
        match stats.verdict {
            Verdict::Regressed => (GateVerdict::Regressed, named),
            Verdict::Unchanged => (GateVerdict::Pass, Vec::new()),
            Verdict::Inconclusive => {
                let open: Vec<String> = stats
                    .metrics
                    .iter()
                    .filter(|seen| seen.verdict == Seen::Inconclusive)
                    .map(|seen| {
                        let why = match seen.reason {
                            Some(Reason::Noise) => "too noisy here",
                            Some(Reason::FewSamples) => "too few requests a trial",
                            Some(Reason::Budget) | Some(Reason::Stopped) | None => "blocks or time ran out",
                        };
                        let found = seen.detectable.map_or(String::new(), |least| {
                            format!("; a change of {:.1} % would have been found", least * 100.0)
                        });
                        format!("{} could not be settled: {why}{found}.", seen.name)
                    })
                    .collect();
                (GateVerdict::Inconclusive, open)
            }
        }
    }
}

fn metric(rule: &GateRule, seen: gate::MetricResult) -> GateMetric {
    let verdict = match (seen.verdict, seen.reason) {
        (Seen::Regressed, _) => MetricVerdict::Regressed,
        (Seen::Improved, _) => MetricVerdict::Improved,
        (Seen::Unchanged, _) => MetricVerdict::Unchanged,
        (Seen::Inconclusive, Some(Reason::Noise)) => MetricVerdict::InconclusiveNoise,
        (Seen::Inconclusive, Some(Reason::FewSamples)) => MetricVerdict::InconclusiveFewSamples,
        (Seen::Inconclusive, Some(Reason::Budget | Reason::Stopped) | None) => {
            MetricVerdict::InconclusiveBudget
        }
    };
    GateMetric {
        interaction: rule.interaction.clone(),
        metric: rule.metric.clone(),
        unit: rule.unit().to_owned(),
        scale: if rule.metric == "errors" { Scale::Difference } else { Scale::Relative },
        verdict,
        baseline: seen.baseline,
        candidate: seen.candidate,
        estimate: seen.change,
        ci_low: seen.change_low,
        ci_high: seen.change_high,
        p_adjusted: seen.p_adj,
        mde: seen.detectable,
        floor: rule.floor,
        margin: rule.margin,
        rule: rule.location.clone(),
        note: seen.note,
    }
}

/// What an absolute budget needs of one trial: its figure and how many requests it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct BudgetTrial(Vec<(Option<f64>, u64, Option<gate::share::Count>)>);

impl BudgetTrial {
    /// Takes the figures of all budgets from a run record.
    pub fn of(run: &Measured, budgets: &[(BudgetLine, Option<Location>)]) -> BudgetTrial {
        let lines: Vec<BudgetLine> = budgets.iter().map(|(line, _)| line.clone()).collect();
        let judged = crate::judge::judge(run, &lines);
        let of = |(line, judged): (&BudgetLine, run_record::BudgetVerdict)| {
            let row = run
                .interactions
                .iter()
                .find(|row| row.kind == Kind::Response && row.interaction == line.interaction);
            let counts = run.record.counts;
            let count = (line.metric == "errors").then(|| match line.interaction.as_str() {
                ALL => gate::share::Count { failed: counts.failed, of: counts.sent },
                _ => gate::share::Count {
                    failed: row.map_or(0, |row| row.failed),
                    of: row.map_or(0, |row| row.count),
                },
            });
            (judged.measured, row.map_or(0, |row| row.count), count)
        };
        BudgetTrial(lines.iter().zip(judged).map(of).collect())
    }
}

/// Judges the absolute budgets over trials that had the machine to themselves.
pub fn judge_budgets(budgets: &[(BudgetLine, Option<Location>)], trials: &[BudgetTrial]) -> Vec<GateBudget> {
    let each = budgets.iter().enumerate();
    each.map(|(at, (line, location))| {
        let of: Vec<&(Option<f64>, u64, Option<gate::share::Count>)> =
            trials.iter().map(|trial| &trial.0[at]).collect();
        let values: Vec<Option<f64>> = of.iter().map(|(value, ..)| *value).collect();
        let floor = crate::judge::is_floor(&line.metric);
        let judged = match of.iter().map(|(.., count)| *count).collect::<Option<Vec<_>>>() {
            Some(counts) if !counts.is_empty() => gate::share::judge(&counts, line.limit),
            _ => {
                let worst = if floor { 0.0 } else { f64::INFINITY };
                let known: Vec<f64> = values.iter().map(|value| value.unwrap_or(worst)).collect();
                let quantile = line.metric.split_once("-p").and_then(|(_, p)| p.parse::<f64>().ok());
                let basis = quantile.map(|percent| Basis {
                    quantile: percent / 100.0,
                    samples: of.iter().map(|(_, samples, _)| *samples).min().unwrap_or(0),
                });
                let limit = if floor { Limit::AtLeast(line.limit) } else { Limit::AtMost(line.limit) };
                budget::judge(&known, basis, limit)
            }
        };
        let (verdict, note) = match judged {
            Ok(judged) => {
                // Without a bound, because there are too few trials for one, the value alone decides, and the note says so. With
                // one, a limit that lies within it is a warning: a red gate must not rest on a coin's fall.
                let decided = judged.certain || trials.len() < budget::TRIALS_MIN;
                let verdict = match (judged.outcome, decided) {
                    (budget::Outcome::Pass, true) => BudgetOutcome::Met,
                    (budget::Outcome::Fail, true) => BudgetOutcome::Broken,
                    (budget::Outcome::Pass | budget::Outcome::Fail, false)
                    | (budget::Outcome::FewSamples, _) => BudgetOutcome::Borderline,
                };
                (verdict, judged.note)
            }
            Err(faults) => (BudgetOutcome::Borderline, Some(faults.to_string())),
        };
        GateBudget {
            interaction: line.interaction.clone(),
            metric: line.metric.clone(),
            unit: unit(&line.metric).to_owned(),
            limit: line.limit,
            limit_text: line.limit_text.clone(),
            trials: values,
            verdict,
            rule: location.clone(),
            note,
        }
    })
    .collect()
}

fn unit(metric: &str) -> &'static str {
    match metric {
        "errors" | "availability" => "share",
        "rate" => "1/s",
        "hub-memory" => "bytes",
        "lost-writes" => "1",
        _ => "ns",
    }
}
