//! `spinebench hub audit`: the audit log of a stopped hub, checked or exported. Changes nothing.

use crate::exit::{Exit, Failure};
use reference_hub::audit::trace::{self, TraceError, Traced};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// What to do with the log.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Walk the whole hash chain: finds changed, dropped, added and reordered events and names them.
    Verify {
        /// The data folder.
        data: PathBuf,
    },
    /// Export the events as CSV (offset_ns, interaction, organisation, status), sorted by time, for a replay.
    Trace {
        /// The data folder.
        data: PathBuf,
        /// The CSV file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// Runs the action.
pub fn run(action: Action) -> Result<Exit, Failure> {
    match action {
        Action::Verify { data } => verify(&data),
        Action::Trace { data, out } => write_trace(&data, &out),
    }
}

fn verify(data: &Path) -> Result<Exit, Failure> {
    let seen = reference_hub::verify(data).map_err(|e| Failure::new(Exit::Unreachable, e))?;
    println!(
        "{} transactions in {} commits, {} audit events, {} findings",
        seen.head.seq, seen.links, seen.events, seen.findings_total
    );
    for finding in &seen.findings {
        println!("{finding}");
    }
    Ok(if seen.is_whole() { Exit::Ok } else { Exit::Unreachable })
}

fn write_trace(data: &Path, out: &Path) -> Result<Exit, Failure> {
    let stopped =
        reference_hub::verify::open_stopped(data).map_err(|e| Failure::new(Exit::Unreachable, e))?;
    let cannot =
        |e: std::io::Error| Failure::new(Exit::Unreachable, format!("{}: cannot write: {e}", out.display()));
    // Under another name until it is whole, so that half a trace is never replayed. What is there and no file (a pipe,
    // /dev/stdout) is written to and never replaced.
    let in_place = std::fs::metadata(out).is_ok_and(|found| !found.is_file());
    let partial = if in_place { out.to_owned() } else { beside(out) };
    let mut file = BufWriter::new(File::create(&partial).map_err(cannot)?);
    let traced = trace::write(stopped.store.as_ref(), &mut file).map_err(|error| match error {
        TraceError::Store(e) => Failure::new(Exit::Unreachable, e),
        TraceError::Write(e) => cannot(e),
    });
    let traced = traced.and_then(|traced| {
        file.into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .and_then(|f| if in_place { Ok(()) } else { f.sync_all() })
            .map_err(cannot)?;
        if !in_place {
            std::fs::rename(&partial, out).map_err(cannot)?;
        }
        Ok(traced)
    });
    if traced.is_err() && !in_place {
        let _ = std::fs::remove_file(&partial);
    }
    let Traced { events, tended, unreadable, late, span_ms } = traced?;
    println!("{events} events over {:.1} s in {}", span_ms as f64 / 1e3, out.display());
    println!(
        "left out: {tended} of housekeeping, {unreadable} unreadable; {late} written later than they were"
    );
    Ok(Exit::Ok)
}

/// The name under which `out` is written until it is whole.
fn beside(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    out.with_file_name(name)
}
