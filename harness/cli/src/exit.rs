//! Exit codes: one enum, documented here and in the README, stable for scripts and CI.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well; a run was valid and within its budgets.
    Ok = 0,
    /// A valid run went over a budget.
    OverBudget = 1,
    /// The command line was wrong.
    Usage = 2,
    /// The scenario (or another input file) was wrong.
    BadScenario = 3,
    /// The run is not valid: its numbers must not be believed.
    Invalid = 4,
    /// The target, or what the command stands on (port, disk, data folder), could not be had.
    Unreachable = 5,
    /// A fault of our own.
    Bug = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// A command's failure: its code and one message for people.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What to print.
    pub message: String,
}

impl Failure {
    /// A failure with a message.
    pub fn new(exit: Exit, message: impl std::fmt::Display) -> Self {
        Failure { exit, message: message.to_string() }
    }

    /// The exit code of a gate that failed so: wrong input is 2, what could not be had is 4 (3 means inconclusive there).
    pub fn gate_code(&self) -> u8 {
        match self.exit {
            Exit::Unreachable | Exit::Invalid => 4,
            Exit::Bug => Exit::Bug as u8,
            Exit::Ok | Exit::OverBudget | Exit::Usage | Exit::BadScenario => 2,
        }
    }
}
