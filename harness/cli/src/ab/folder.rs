//! The folder of an A/B gate: its plan, a line for every block, the trials' run records, and the results. What is there is enough
//! to go on after a stop, and to judge again.

use super::side::Side;
use crate::exit::{Exit, Failure};
use crate::gate_output::unwritable;
use crate::place::stem;
use scenarios::{BudgetFile, Scenario};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The plan's file.
const PLAN: &str = "plan.json";
/// The blocks' file, a line of JSON each.
const BLOCKS: &str = "blocks.jsonl";

/// What was asked, fixed before the first block.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The scenario file.
    pub scenario: PathBuf,
    /// The budget file, where there is one.
    pub budget: Option<PathBuf>,
    /// What it was before.
    pub baseline: Side,
    /// What is judged.
    pub candidate: Side,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// Which try at this scenario it is in its folder, from 1.
    pub attempt: u32,
}

/// What the discarded first block fixed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// Whether the trials of a block run side by side.
    pub duet: bool,
    /// Most blocks.
    pub blocks_max: usize,
    /// Consecutive blocks that count as one.
    pub joined: usize,
}

/// One line of the blocks' file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// The first, discarded block and what follows from it.
    Fixed(Fixed),
    /// A block that counts.
    Block {
        /// Its number, from 1; the folder of its trials.
        number: u32,
        /// Whether the coin put the candidate first (or in the first place).
        candidate_first: bool,
        /// How long it took, seconds.
        seconds: f64,
    },
    /// A block that was thrown away, for reasons that do not know which build is which.
    Dropped {
        /// Its number.
        number: u32,
        /// Why.
        why: String,
    },
    /// A side that could not be measured.
    Broken {
        /// Whether it was the candidate.
        candidate: bool,
        /// What it did.
        why: String,
    },
}

impl Plan {
    /// The budget file, or what holds without one.
    ///
    /// # Errors
    /// Every fault of the file.
    pub fn budget_file(&self, scenario: &Scenario) -> Result<BudgetFile, Failure> {
        match &self.budget {
            None => Ok(BudgetFile::of(scenario)),
            Some(path) => {
                scenarios::load_budget_file(path, scenario).map_err(|f| Failure::new(Exit::Usage, f))
            }
        }
    }
}

/// A gate's folder.
#[derive(Debug)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// What was asked.
    pub plan: Plan,
    /// Lines from before a stop.
    pub lines: Vec<Line>,
}

impl Folder {
    /// Makes the folder of a new gate.
    ///
    /// # Errors
    /// One sentence when it cannot be written.
    pub fn make(path: PathBuf, plan: Plan) -> Result<Folder, Failure> {
        std::fs::create_dir_all(&path).map_err(|e| unwritable(&path, &e))?;
        let text = serde_json::to_string_pretty(&plan).map_err(|e| Failure::new(Exit::Bug, e))?;
        let file = path.join(PLAN);
        std::fs::write(&file, text).map_err(|e| unwritable(&file, &e))?;
        Ok(Folder { path, plan, lines: Vec::new() })
    }

    /// Opens the folder of a gate that was stopped.
    ///
    /// # Errors
    /// One sentence when it is none, or damaged.
    pub fn open(path: &Path) -> Result<Folder, Failure> {
        let wrong = |file: &Path, why: String| {
            let message = format!(
                "{}: {why}, allowed: the folder of a gate that `spinebench ab` began",
                file.display()
            );
            Failure::new(Exit::Usage, message)
        };
        let read = |name: &str| {
            let file = path.join(name);
            std::fs::read_to_string(&file).map_err(|e| wrong(&file, format!("cannot be read: {e}")))
        };
        let plan = serde_json::from_str(&read(PLAN)?).map_err(|e| wrong(&path.join(PLAN), e.to_string()))?;
        let text = if path.join(BLOCKS).exists() { read(BLOCKS)? } else { String::new() };
        let mut lines = Vec::new();
        for (number, line) in text.lines().enumerate() {
            match serde_json::from_str(line) {
                Ok(line) => lines.push(line),
                // The last line may have been cut off by a crash; its block is measured again.
                Err(_) if number + 1 == text.lines().count() => {}
                Err(e) => return Err(wrong(&path.join(BLOCKS), format!("line {}: {e}", number + 1))),
            }
        }
        Ok(Folder { path: path.to_owned(), plan, lines })
    }

    /// The folder of one trial.
    pub fn trial(&self, block: u32, candidate: bool) -> PathBuf {
        let side = if candidate { "candidate" } else { "baseline" };
        self.path.join("trials").join(format!("{block:03}-{side}"))
    }

    /// Adds a line for a block.
    ///
    /// # Errors
    /// One sentence when it cannot be written.
    pub fn add(&self, line: &Line) -> Result<(), Failure> {
        let file = self.path.join(BLOCKS);
        let text = serde_json::to_string(line).map_err(|e| Failure::new(Exit::Bug, e))?;
        let open = std::fs::OpenOptions::new().create(true).append(true).open(&file);
        open.and_then(|mut open| writeln!(open, "{text}")).map_err(|e| unwritable(&file, &e))
    }
}

/// How many gates of this scenario there are already.
pub fn attempts(out: &Path, scenario: &Path) -> u32 {
    let ending = format!("-{}", stem(scenario));
    let there = std::fs::read_dir(out).into_iter().flatten().flatten();
    there.filter(|entry| entry.file_name().to_string_lossy().ends_with(&ending)).count() as u32
}
