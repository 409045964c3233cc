//! The blocks of an A/B gate: a discarded one that fixes the plan, then one after the other until the answer is known, the time is
//! over, or somebody stops it. Every block is stored before the next begins.

use super::folder::{Fixed, Folder, Line};
use super::trial::{Outcome, Trial};
use super::{Side, seconds};
use crate::exit::{Exit, Failure};
use crate::gate_output::policy;
use harness::clock::Clock;
use reports::gate::{BudgetTrial, GateBlocks, GatePlan, GateRule, GateTrial, Location, Pairing};
use run_record::{BudgetLine, Host, Measured, ScenarioRef, Tool};
use scenarios::GateSettings;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};

/// Attempts at the first block: a busy moment must not end a gate that has not begun.
const FIRST_TRIES: u32 = 3;
/// Share of the machine that may be busy with one trial for two to run side by side.
const BUSY_SHARE_MAX: f64 = 0.5;
/// Cores from which two trials run side by side in any case.
const CORES_DUET: u32 = 4;
/// Blocks that may be thrown away, as a share of those begun: beyond, the machine cannot be measured on.
const DROPPED_SHARE_MAX: f64 = 0.2;
/// Thrown away before that share is looked at.
const DROPPED_MIN: u32 = 3;

/// Why measuring ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The statistics have their answer.
    Known,
    /// The candidate could not be measured: that is its own fault, and its verdict.
    CandidateBroken(String),
    /// The baseline could not be measured, or too many blocks were thrown away.
    Infrastructure(String),
    /// The two do not do the same thing.
    NotComparable(String),
    /// Somebody stopped it.
    Stopped,
}

/// The blocks so far.
pub struct Blocks<'a> {
    folder: &'a Folder,
    rules: Vec<GateRule>,
    budgets: Vec<(BudgetLine, Option<Location>)>,
    settings: &'a GateSettings,
    pairing: Option<Pairing>,
    quiet: bool,
    fixed: Option<Fixed>,
    gate: Option<GateBlocks>,
    done: bool,
    broken: Option<Ended>,
    /// Coins, in order: whether the candidate was first.
    pub coins: Vec<bool>,
    /// Figures of the absolute budgets, a candidate's trial each.
    pub budget_trials: Vec<BudgetTrial>,
    /// Blocks thrown away.
    pub dropped: u32,
    /// Time of all counted blocks, seconds.
    pub seconds: f64,
    /// The scenario, machine and program as the first counted trial recorded them.
    pub seen: Option<(ScenarioRef, Host, Tool)>,
    next: u32,
}

impl<'a> Blocks<'a> {
    /// Takes up the blocks that the folder holds already.
    ///
    /// # Errors
    /// A stored run record is missing or damaged.
    pub fn new(
        folder: &'a Folder,
        rules: Vec<GateRule>,
        budgets: Vec<(BudgetLine, Option<Location>)>,
        settings: &'a GateSettings,
        pairing: Option<Pairing>,
        quiet: bool,
    ) -> Result<Blocks<'a>, Failure> {
        let mut blocks = Blocks {
            folder,
            rules,
            budgets,
            settings,
            pairing,
            quiet,
            fixed: None,
            gate: None,
            done: false,
            broken: None,
            coins: Vec::new(),
            budget_trials: Vec::new(),
            dropped: 0,
            seconds: 0.0,
            seen: None,
            next: 1,
        };
        for line in &folder.lines {
            match line {
                Line::Fixed(fixed) => blocks.fix(fixed.clone())?,
                Line::Dropped { number, .. } => {
                    blocks.dropped += 1;
                    blocks.next = number + 1;
                }
                Line::Block { number, candidate_first, seconds } => {
                    let stored = |candidate| {
                        let latest = folder.trial(*number, candidate).join("latest");
                        run_record::read(&latest).map_err(|e| Failure::new(Exit::Usage, e))
                    };
                    blocks.take(&stored(false)?, &stored(true)?, *candidate_first, *seconds)?;
                    blocks.next = number + 1;
                }
                // What broke is tried again: it may have been mended since.
                Line::Broken { .. } => {}
            }
        }
        Ok(blocks)
    }

    /// How the trials are paired, once it is fixed.
    pub fn duet(&self) -> bool {
        self.fixed.as_ref().is_some_and(|fixed| fixed.duet)
    }

    /// The statistics, once there is a counted block.
    pub fn gate(&self) -> Option<&GateBlocks> {
        self.gate.as_ref()
    }

    /// The absolute budgets and where they stand.
    pub fn budgets(&self) -> &[(BudgetLine, Option<Location>)] {
        &self.budgets
    }

    /// Measures block after block until there is an answer.
    ///
    /// # Errors
    /// A trial could not be run at all, or the folder cannot be written.
    pub fn measure(&mut self, stop: &AtomicBool) -> Result<Ended, Failure> {
        let clock = Clock::start();
        if self.fixed.is_none() {
            self.first(&clock, stop)?;
        }
        loop {
            if let Some(ended) = self.broken.clone() {
                return Ok(ended);
            }
            if self.done {
                return Ok(Ended::Known);
            }
            if stop.load(Ordering::Relaxed) {
                return Ok(Ended::Stopped);
            }
            self.one(&clock, stop)?;
        }
    }

    /// The first block is thrown away: it warms the machine, and shows how long a block takes and how busy the machine is.
    fn first(&mut self, clock: &Clock, stop: &AtomicBool) -> Result<(), Failure> {
        self.say("first block, not counted: how long it takes, and how busy it makes the machine");
        let mut tried = 0;
        let (baseline, candidate, block_s) = loop {
            let begun_ns = clock.now_ns();
            let pair = self.pair(0, false, false)?;
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            tried += 1;
            let ended = match pair {
                (Outcome::Done(b), Outcome::Done(c)) => {
                    break (b, c, (clock.now_ns() - begun_ns) as f64 / 1e9);
                }
                (Outcome::Broken(why), _) => Ended::Infrastructure(format!("the baseline: {why}")),
                (_, Outcome::Broken(why)) => Ended::CandidateBroken(why),
                (Outcome::Invalid(why), _) | (_, Outcome::Invalid(why)) if tried < FIRST_TRIES => {
                    self.say(&format!("once more: {why}"));
                    continue;
                }
                (Outcome::Invalid(why), _) | (_, Outcome::Invalid(why)) => {
                    Ended::Infrastructure(format!("the first trial could not be believed: {why}"))
                }
            };
            self.broken = Some(ended);
            return Ok(());
        };
        if let Some(why) = differ(&baseline, &candidate) {
            self.broken = Some(Ended::NotComparable(why));
            return Ok(());
        }
        let duet = match self.pairing {
            Some(pairing) => pairing == Pairing::Duet,
            None => {
                let busy = busy_share(&baseline) + busy_share(&candidate);
                baseline.record.host.cores >= CORES_DUET || busy < BUSY_SHARE_MAX
            }
        };
        let plan = &self.folder.plan;
        let running = matches!((&plan.baseline, &plan.candidate), (Side::Url(_), Side::Url(_)));
        let duet = duet && !running;
        // Side by side, a block takes as long as one trial.
        let block_s = if duet { block_s / 2.0 } else { block_s };
        let allowed = self.settings.blocks_max as usize;
        let blocks_max = gate::plan::blocks_max(seconds(self.settings.time_max), block_s, allowed)
            .map_err(|faults| Failure::new(Exit::Usage, faults))?;
        let of = |run: &Measured| GateTrial::of(run, &self.rules).joined(blocks_max);
        let joined = of(&baseline).max(of(&candidate));
        let fixed = Fixed { duet, blocks_max, joined };
        self.folder.add(&Line::Fixed(fixed.clone()))?;
        self.say(&format!(
            "{block_s:.1} s a block, at most {blocks_max} blocks, {}",
            if duet { "both side by side" } else { "one after the other" }
        ));
        self.fix(fixed)
    }

    fn fix(&mut self, fixed: Fixed) -> Result<(), Failure> {
        let plan = GatePlan {
            alpha: self.settings.alpha,
            beta: self.settings.beta,
            looks: gate::plan::looks(fixed.blocks_max / fixed.joined.max(1)),
            joined: fixed.joined,
            missing: policy(self.settings.missing),
        };
        let gate = GateBlocks::new(self.rules.clone(), plan).map_err(|e| Failure::new(Exit::Usage, e))?;
        self.gate = Some(gate);
        self.fixed = Some(fixed);
        Ok(())
    }

    /// One block: measured, stored, taken; or thrown away for reasons that are blind to the side.
    fn one(&mut self, clock: &Clock, stop: &AtomicBool) -> Result<(), Failure> {
        let number = self.next;
        self.next += 1;
        let candidate_first = coin()?;
        let begun_ns = clock.now_ns();
        let pair = self.pair(number, candidate_first, self.duet())?;
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let seconds = (clock.now_ns() - begun_ns) as f64 / 1e9;
        match pair {
            (Outcome::Done(baseline), Outcome::Done(candidate)) => {
                if let Some(why) = differ(&baseline, &candidate) {
                    self.broken = Some(Ended::NotComparable(why));
                    return Ok(());
                }
                self.folder.add(&Line::Block { number, candidate_first, seconds })?;
                self.take(&baseline, &candidate, candidate_first, seconds)?;
                self.progress(number);
            }
            (Outcome::Broken(why), _) => {
                self.folder.add(&Line::Broken { candidate: false, why: why.clone() })?;
                self.broken = Some(Ended::Infrastructure(format!("the baseline: {why}")));
            }
            (_, Outcome::Broken(why)) => {
                self.folder.add(&Line::Broken { candidate: true, why: why.clone() })?;
                self.broken = Some(Ended::CandidateBroken(why));
            }
            (Outcome::Invalid(why), _) | (_, Outcome::Invalid(why)) => {
                self.dropped += 1;
                self.say(&format!("block {number} thrown away: {why}"));
                self.folder.add(&Line::Dropped { number, why: why.clone() })?;
                let begun = self.coins.len() as f64 + f64::from(self.dropped);
                if self.dropped >= DROPPED_MIN && f64::from(self.dropped) > DROPPED_SHARE_MAX * begun {
                    let message =
                        format!("{} of {begun} blocks could not be believed; the last: {why}", self.dropped);
                    self.broken = Some(Ended::Infrastructure(message));
                }
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        baseline: &Measured,
        candidate: &Measured,
        candidate_first: bool,
        seconds: f64,
    ) -> Result<(), Failure> {
        let Some(gate) = &mut self.gate else { return Ok(()) };
        if self.done {
            return Ok(());
        }
        let (b, c) = (GateTrial::of(baseline, &self.rules), GateTrial::of(candidate, &self.rules));
        let more = gate.push(b, c).map_err(|e| Failure::new(Exit::Bug, e))?;
        self.done = !more;
        self.coins.push(candidate_first);
        self.seconds += seconds;
        self.budget_trials.push(BudgetTrial::of(candidate, &self.budgets));
        let record = &candidate.record;
        self.seen.get_or_insert_with(|| (record.scenario.clone(), record.host.clone(), record.tool.clone()));
        Ok(())
    }

    /// Runs both trials of a block: side by side, or in the order of the coin. Both have the same plan.
    fn pair(&self, number: u32, candidate_first: bool, duet: bool) -> Result<(Outcome, Outcome), Failure> {
        let plan = &self.folder.plan;
        let start = |candidate: bool| {
            let side = if candidate { &plan.candidate } else { &plan.baseline };
            Trial::start(
                &plan.scenario,
                side,
                SEED_FIRST + u64::from(number),
                &self.folder.trial(number, candidate),
            )
            .map_err(|e| Failure::new(Exit::Bug, e))
        };
        let finish = |trial: Trial| trial.finish().map_err(|e| Failure::new(Exit::BadScenario, e));
        let (first, second) = (start(candidate_first)?, !candidate_first);
        let (first, second) = match duet {
            true => {
                let second = start(second)?;
                (finish(first)?, finish(second)?)
            }
            false => (finish(first)?, finish(start(second)?)?),
        };
        Ok(if candidate_first { (second, first) } else { (first, second) })
    }

    fn say(&self, sentence: &str) {
        if !self.quiet {
            eprintln!("{sentence}");
        }
    }

    fn progress(&self, number: u32) {
        let Some(gate) = &self.gate else { return };
        let stats = gate.stats();
        let next = gate.looks().into_iter().find(|look| *look as usize > self.coins.len());
        let next = next.map_or(String::new(), |look| format!(", next look after {look}"));
        let changes: Vec<String> = stats
            .metrics
            .iter()
            .take(SHOWN)
            .filter_map(|m| Some(format!("{} {:+.1} %", m.name, m.change? * 100.0)))
            .collect();
        self.say(&format!("block {number}: {}{next}", changes.join(", ")));
    }
}

/// Metrics shown in a line of progress: more do not fit.
const SHOWN: usize = 3;
/// Seed of the first block; every block has arrivals and people of its own, the same for both sides.
const SEED_FIRST: u64 = 42;

/// A fair coin from the kernel's entropy: the bound on false alarms rests on it, so it is no function of a seed.
fn coin() -> Result<bool, Failure> {
    let mut byte = [0u8; 1];
    let drawn = std::fs::File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut byte));
    drawn.map_err(|e| Failure::new(Exit::Unreachable, format!("/dev/urandom: no coin can be drawn: {e}")))?;
    Ok(byte[0] & 1 == 1)
}

/// Why two runs do not do the same thing, naming both values.
fn differ(baseline: &Measured, candidate: &Measured) -> Option<String> {
    let found = reports::differences(&baseline.record, &candidate.record);
    // What is asked is the same by construction, and so is the machine; what remains is what the two make of it.
    let (what, b, c) = found.into_iter().find(|(what, ..)| ["scenario", "store"].contains(what))?;
    Some(format!("The two differ in {what}: got {b:?} and {c:?}, allowed the same in both."))
}

/// Share of the machine that hub and harness kept busy over the run.
fn busy_share(run: &Measured) -> f64 {
    let hub = run.record.hub.as_ref().map_or(0.0, |hub| hub.cpu_seconds);
    let run_s: f64 = run.record.phases.iter().map(|p| p.duration_s).sum();
    (hub + run.record.harness.cpu_seconds) / (run_s * f64::from(run.record.host.cores)).max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::super::trial::outcome;
    use super::*;

    #[test]
    fn coins_fall_both_ways_and_without_a_pattern() {
        let coins: Vec<bool> = (0..400).map(|_| coin().unwrap_or_else(|e| panic!("{}", e.message))).collect();
        assert!(gate::coins::p_drawn(&coins) > 1e-6);
    }

    #[test]
    fn a_hub_that_ends_badly_is_the_sides_fault_and_a_late_generator_is_nobodys() {
        let mut run = run_record::read(&crate::published_record()).expect("published");
        assert!(matches!(outcome(run.clone()), Outcome::Done(_)));
        run.record.validity.valid = false;
        run.record.validity.reasons = vec!["The generator was late: send lag p99.9 was 1 s.".to_owned()];
        assert!(matches!(outcome(run.clone()), Outcome::Invalid(_)));
        run.record.validity.reasons.push("The hub's process ended during the run.".to_owned());
        assert!(matches!(outcome(run), Outcome::Broken(_)));
    }
}
