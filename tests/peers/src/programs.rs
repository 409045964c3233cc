//! The small programs that comparisons start as processes of their own: floors, the server with a known truth, generators
//! that are libraries. Called by the command line, hidden there.
//!
//! To add one: a variant here and its call.

use crate::generators::goose_program;
use crate::{floors, server};
use clap::Subcommand;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A small program.
#[derive(Debug, Subcommand)]
pub enum Program {
    /// The floor of servers
    #[command(hide = true)]
    FloorEcho {
        /// Length of the answers' bodies
        #[arg(long)]
        bytes: usize,
    },
    /// The floor of generators
    #[command(hide = true)]
    FloorClient {
        /// Where to ask
        #[arg(long)]
        target: SocketAddr,
        /// Over how many connections
        #[arg(long)]
        connections: u32,
        /// For how long
        #[arg(long)]
        seconds: f64,
    },
    /// The server with a known truth
    #[command(hide = true)]
    KnownServer {
        /// Where its log goes when it stops
        #[arg(long)]
        log: PathBuf,
        /// Every so many seconds it freezes
        #[arg(long, requires = "length")]
        period: Option<u32>,
        /// For so many seconds
        #[arg(long, requires = "period")]
        length: Option<u32>,
    },
    /// The load generator goose, which is a library
    #[command(hide = true)]
    Goose {
        /// Where to ask
        #[arg(long)]
        target: SocketAddr,
        /// How many users
        #[arg(long)]
        users: usize,
        /// For how long
        #[arg(long)]
        seconds: u64,
        /// At most so many requests a second
        #[arg(long)]
        rate: Option<usize>,
        /// With its own mitigation of coordinated omission
        #[arg(long)]
        corrected: bool,
    },
}

impl Program {
    /// Runs it to its end.
    ///
    /// # Errors
    /// A sentence: what it needs cannot be had.
    pub fn run(self) -> Result<(), String> {
        match self {
            Program::FloorEcho { bytes } => floors::echo::serve(bytes),
            Program::FloorClient { target, connections, seconds } => {
                floors::client::ask(target, connections, seconds)
            }
            Program::KnownServer { log, period, length } => server::run_known(&log, period.zip(length)),
            Program::Goose { target, users, seconds, rate, corrected } => {
                goose_program::attack(target, users, seconds, rate, corrected)
            }
        }
    }
}
