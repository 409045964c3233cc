//! One trial of a side: `spinebench run` as a process of its own, so that nothing but the build differs between trials.
//! Judges nothing; tells apart what the side did wrong from what the machine or the generator did.

use super::side::Side;
use crate::exit::Exit;
use reports::gate::own_fault;
use run_record::Measured;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// How a trial ended.
#[derive(Debug)]
pub enum Outcome {
    /// It may be believed.
    Done(Box<Measured>),
    /// For reasons that have nothing to do with the side: the generator was late, the machine was held up.
    Invalid(String),
    /// The side could not start, ended in the middle, or counted wrong.
    Broken(String),
}

/// A trial under way.
#[derive(Debug)]
pub struct Trial {
    child: Child,
    folder: PathBuf,
}

impl Trial {
    /// Starts a trial; its record goes below `folder`.
    ///
    /// # Errors
    /// One sentence when this program cannot start itself.
    pub fn start(scenario: &Path, side: &Side, seed: u64, folder: &Path) -> Result<Trial, String> {
        let program = std::env::current_exe().map_err(|e| format!("this program cannot be found: {e}"))?;
        let child = Command::new(program)
            .arg("run")
            .arg(scenario)
            .args(["--quiet", "--json", "--seed", &seed.to_string(), "--out"])
            .arg(folder)
            .args(side.run_args())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("a trial could not be started: {e}"))?;
        Ok(Trial { child, folder: folder.to_owned() })
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// One sentence on what is wrong with the scenario or with this program: no further trial would do better.
    pub fn finish(self) -> Result<Outcome, String> {
        let output = self.child.wait_with_output().map_err(|e| format!("a trial was lost: {e}"))?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let code = output.status.code();
        let is = |exit: Exit| code == Some(exit as i32);
        if is(Exit::Unreachable) {
            return Ok(Outcome::Broken(said));
        }
        if !(is(Exit::Ok) || is(Exit::OverBudget) || is(Exit::Invalid)) {
            return Err(format!("a trial ended with {}: {said}", output.status));
        }
        let measured = run_record::read(&self.folder.join("latest")).map_err(|e| e.to_string())?;
        Ok(outcome(measured))
    }
}

/// What a finished run's validity means for its side.
pub fn outcome(measured: Measured) -> Outcome {
    if measured.record.validity.valid {
        return Outcome::Done(Box::new(measured));
    }
    // What is not the system's own doing is blind to which side it was.
    match own_fault(&measured.record.validity) {
        Some(reason) => Outcome::Broken(reason.to_owned()),
        None => Outcome::Invalid(measured.record.validity.reasons.join(" ")),
    }
}
