//! What every comparison is given: where to work, how often, and on which cores. Made once by the command.

use std::path::PathBuf;

/// The machine and the effort.
#[derive(Debug, Clone)]
pub struct Bench {
    /// Where results go.
    pub out: PathBuf,
    /// A folder to install other people's programs in, kept between runs.
    pub tools: PathBuf,
    /// Scratch space on the disk that is measured; emptied by whoever used it.
    pub scratch: PathBuf,
    /// The product's own program.
    pub spinebench: PathBuf,
    /// Rounds: each round measures everybody once, in turn. Medians need at least 5.
    pub rounds: usize,
    /// Length of one measurement, seconds.
    pub seconds: f64,
    /// The core that servers are kept on.
    pub server_core: usize,
    /// The core that clients are kept on.
    pub client_core: usize,
    /// Only whether everything works: one short round.
    pub smoke: bool,
}

impl Bench {
    /// Tells the user what goes on, on standard error.
    pub fn say(&self, what: &str) {
        eprintln!("  {what}");
    }
}
