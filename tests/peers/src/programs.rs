//! The small programs that comparisons start as processes of their own: floors, the server with a known truth, generators
//! that are libraries. Called by the command line, hidden there.
//!
//! To add one: a variant here and its call.

use clap::Subcommand;

/// A small program.
#[derive(Debug, Subcommand)]
pub enum Program {
    /// The floor under HTTP servers: a fixed answer of so many bytes
    #[command(hide = true)]
    Echo {
        /// Bytes of each answer, head and body
        answer_bytes: usize,
    },
}

impl Program {
    /// Runs it to its end.
    ///
    /// # Errors
    /// A sentence: what it needs cannot be had.
    pub fn run(self) -> Result<(), String> {
        match self {
            Program::Echo { answer_bytes } => crate::hubs::echo::serve(answer_bytes),
        }
    }
}
