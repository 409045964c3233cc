//! The small programs that comparisons start as processes of their own: floors, the server with a known truth, generators
//! that are libraries. Called by the command line, hidden there.
//!
//! To add one: a variant here and its call.

use clap::Subcommand;

/// A small program.
#[derive(Debug, Subcommand)]
pub enum Program {
    /// Nothing: does nothing and ends
    #[command(hide = true)]
    Nothing,
}

impl Program {
    /// Runs it to its end.
    ///
    /// # Errors
    /// A sentence: what it needs cannot be had.
    pub fn run(self) -> Result<(), String> {
        match self {
            Program::Nothing => Ok(()),
        }
    }
}
