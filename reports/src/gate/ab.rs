//! From blocks to a gate's result: the statistics judge, this gives their answer its place in the versioned result, and judges the
//! absolute budgets over the candidate's trials. Pure; called by the command line, after each look and at the end.

use gate::budget::{self, Basis, Limit};
use gate::{
    ALPHA_BEYOND_FLOOR, Design, FLIPS, Gate, GateResult as Stats, MetricVerdict as Seen, Reason, Step,
    Verdict,
};
use run_record::{ALL, BudgetLine, Kind, Measured};

use super::exit::GatePolicy;
use super::result::{BudgetOutcome, GateBudget, GateMetric, GateVerdict, Location, MetricVerdict, Scale};
use super::trials::{GateRule, GateTrial};

/// What is fixed before the first block.
#[derive(Debug, Clone, PartialEq)]
pub struct GatePlan {
    /// Probability of calling an unchanged build regressed, over the whole gate.
    pub alpha: f64,
    /// Probability of passing a regression as large as its margin.
    pub beta: f64,
    /// After how many blocks it looks, as they are counted after joining.
    pub looks: Vec<usize>,
    /// Consecutive blocks that count as one.
    pub joined: usize,
    /// What an interaction that the candidate lost does to the verdict.
    pub missing: GatePolicy,
}

/// Blocks as they come, judged look by look. Holds nothing that the trials do not give, so that a gate which was stopped can
/// go on from its stored trials.
#[derive(Debug, Clone)]
pub struct GateBlocks {
    rules: Vec<GateRule>,
    gate: Gate,
    /// Consecutive blocks that count as one.
    joined: usize,
    missing: GatePolicy,
    waiting: Option<(GateTrial, GateTrial, usize)>,
    /// For each rule, whether the baseline and the candidate ever had a figure.
    had: Vec<(bool, bool)>,
    /// The medians of each trial's seconds, the baseline's and the candidate's.
    trends: (Vec<Vec<f64>>, Vec<Vec<f64>>),
}

impl GateBlocks {
    /// No block yet.
    ///
    /// # Errors
    /// Sentences, one a line: rules or looks that are no design.
    pub fn new(rules: Vec<GateRule>, plan: GatePlan) -> Result<GateBlocks, String> {
        let design = Design {
            metrics: rules.iter().map(GateRule::metric).collect(),
            looks: plan.looks,
            alpha: plan.alpha,
            alpha_beyond_floor: ALPHA_BEYOND_FLOOR,
            beta: plan.beta,
            flips: FLIPS,
        };
        Ok(GateBlocks {
            had: vec![(false, false); rules.len()],
            rules,
            gate: Gate::new(design).map_err(|f| f.to_string())?,
            joined: plan.joined.max(1),
            missing: plan.missing,
            waiting: None,
            trends: (Vec::new(), Vec::new()),
        })
    }

    /// Takes a block and looks if it is time; whether to measure on.
    ///
    /// # Errors
    /// Sentences: a figure that is no number, or a block after the verdict.
    pub fn push(&mut self, baseline: GateTrial, candidate: GateTrial) -> Result<bool, String> {
        for (rule, (of_b, of_c)) in self.had.iter_mut().enumerate() {
            *of_b |= !baseline.lacks(rule);
            *of_c |= !candidate.lacks(rule);
        }
        self.trends.0.push(baseline.trend().to_vec());
        self.trends.1.push(candidate.trend().to_vec());
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
        let cells = GateTrial::cells(&baseline, &candidate, self.missing == GatePolicy::Fail);
        let step = self.gate.push(&cells).map_err(|f| f.to_string())?;
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
        let rules = self.rules.iter().zip(stats.metrics).enumerate();
        rules
            .map(|(at, (rule, seen))| {
                let one_sided = self.one_sided(at, seen.verdict);
                let mut metric = metric(rule, seen);
                if let Some(verdict) = one_sided {
                    // The verdict says it all.
                    (metric.verdict, metric.note) = (verdict, None);
                }
                metric
            })
            .collect()
    }

    /// Whether only one of the two ever had this figure. Where a lost one fails the gate, that it is lost and not rare must be
    /// as sure as any regression.
    fn one_sided(&self, rule: usize, seen: Seen) -> Option<MetricVerdict> {
        match self.had[rule] {
            (false, true) => Some(MetricVerdict::New),
            (true, false) if seen == Seen::Regressed || self.missing != GatePolicy::Fail => {
                Some(MetricVerdict::Missing)
            }
            _ => None,
        }
    }

    /// What a reader should know of the trials, though it decides nothing.
    pub fn warnings(&self) -> Vec<String> {
        let warming = |(side, trends): (&str, &Vec<Vec<f64>>)| {
            gate::warm_up::still_warming(trends).then(|| {
                format!(
                    "The {side}'s response times rose or fell steadily in most of its trials: the warm-up is too short."
                )
            })
        };
        [("baseline", &self.trends.0), ("candidate", &self.trends.1)]
            .into_iter()
            .filter_map(warming)
            .collect()
    }

    /// The verdict on the blocks and the sentences for it.
    pub fn verdict(&self) -> (GateVerdict, Vec<String>) {
        let stats = self.stats();
        let each = stats.metrics.iter().zip(&self.rules).enumerate();
        let named: Vec<String> = each
            .filter(|(_, (seen, _))| seen.verdict == Seen::Regressed)
            // What is missing is told as such.
            .filter(|(at, (seen, _))| self.one_sided(*at, seen.verdict).is_none())
            .map(|(_, (seen, rule))| {
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
    // Every note begins with the metric's name, which stands beside it here.
    let own = format!("{}: ", seen.name);
    let note = seen.note.map(|note| note.strip_prefix(&own).map_or(note.clone(), str::to_owned));
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
        note,
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
        // As in a single run: what nobody measured keeps no budget.
        let unknown = !values.is_empty() && values.iter().all(Option::is_none);
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
            _ if unknown => (
                BudgetOutcome::Broken,
                Some("nothing was measured, and what is not known keeps no budget".to_owned()),
            ),
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
